"""The writers of the data sets, one by one; and the projection that is fitted on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data import pen_digits, swiss_numbers, unipen
from mnist_cnn.hands.descriptor import PROJECTION_FILE, describe, raw_descriptors
from mnist_cnn.hands.projection import fitted_projection
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import Dataset, Drawing, FloatArray
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier

LEAST = 20
"""Digits that a writer must have written to be asked."""

LIKE_DIGITS = set("oOlIiIsSzZbqg|")
"""Letters that people write like digits."""


@dataclass(frozen=True)
class Person:
    """What one writer wrote: images uint8 (n, 28, 28) with labels (n,), the network's logits of
    them (n, 10) and their descriptors (n, 24); `others` are images that show no digit."""

    name: str
    source: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    logits: FloatArray
    vectors: FloatArray
    others: NDArray[np.uint8]


def people(network: Classifier, part: str, letters: bool = True) -> list[Person]:
    """The writers of a part, of every source, who wrote enough."""
    not_digits: dict[str, list[Drawing]] = {}
    if letters:
        for drawing in getattr(unipen.load_unipen("not_digits"), part):
            if drawing.label not in LIKE_DIGITS:
                not_digits.setdefault(drawing.writer or "", []).append(drawing)
    pens = getattr(pen_digits.load_pen_digits(), part)
    sets: list[tuple[str, Dataset, list[str]]] = [
        ("UNIPEN", found := unipen.framed_unipen_digits(part), found.notes["writers"]),
        ("pen digits", pen_digits.framed_drawings("", pens), [d.writer or "" for d in pens]),
        ("Swiss scans", found := swiss_numbers.framed_swiss_numbers(part), found.notes["writers"]),
    ]
    return [
        _person(network, source, name, dataset.part(name, rows), not_digits.get(name, []))
        for source, dataset, writers in sets
        for name in sorted(set(writers))
        if len(rows := np.flatnonzero(np.array(writers) == name)) >= LEAST
    ]


def _person(
    network: Classifier, source: str, name: str, digits: Dataset, others: list[Drawing]
) -> Person:
    images = digits.images.astype(np.float32) / 255
    logits = network.compute_logits(images)
    framed = pen_digits.framed_drawings("", [Drawing(d.strokes, "0") for d in others]).images
    vectors = describe(images, logits)
    return Person(name, source, digits.images, digits.labels, logits, vectors, framed)


def fit() -> None:
    """Makes the projection again, from all who are in no test part, by the logits of a run of
    `quick`: it has learned from none of them, so it is as unsure of their writing as of a
    visitor's."""
    network = load_classifier(
        next(r for r in store.list_runs("digits") if r.manifest["preset"] == "quick")
    )
    found = [*people(network, "train", False), *people(network, "validation", False)]
    writers = [
        (raw_descriptors(p.images.astype(np.float32) / 255, p.logits), p.labels) for p in found
    ]
    projection = fitted_projection(writers)
    np.savez_compressed(PROJECTION_FILE, projection=projection.astype(np.float16))
    print(f"The projection was fitted on {len(writers)} writers.\n")
