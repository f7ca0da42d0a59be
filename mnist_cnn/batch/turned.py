"""Whether tables make more sense the other way round: dark ink, or EMNIST's order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.choices import Choices
from mnist_cnn.batch.inputs.item import CHUNK
from mnist_cnn.batch.inputs.pixels import framed, turned
from mnist_cnn.models.classifier import Classifier

MIN_SAMPLE = 5

MIN_REJECTED = 0.2
"""The share of images that are no digits from which on it is asked whether they lie wrong."""

MUCH_LESS = 1 / 3

WAYS = {
    (False, False): "as they stand",
    (True, False): "with light and dark exchanged",
    (False, True): "turned over, rows and columns exchanged",
    (True, True): "with light and dark exchanged and turned over",
}
"""What is said of images that are inverted, transposed."""


@dataclass(frozen=True)
class Suggestion:
    """Other choices, of which far fewer images are no digits, and a sentence that says so."""

    choices: Choices
    sentence: str


def suggestion(
    samples: Mapping[str, NDArray[np.uint8]], choices: Choices, classifier: Classifier
) -> Suggestion | None:
    """How the tables would read better by far, if they would.

    Args:
        samples: images of each table, uint8 (n, height, width), as they were read.
        choices: how they were looked at.
    """
    if sum(map(len, samples.values())) < MIN_SAMPLE:
        return None
    now, light = (choices.inverted, choices.transposed), _on_light(samples)
    before = _rejected(samples, now, classifier)
    if now[0] == light and before < MIN_REJECTED:
        return None
    shares = {
        (light, over): _rejected(samples, (light, over), classifier)
        for over in (now[1], not now[1])
    }
    best = min(shares, key=lambda way: shares[way])
    if now[0] == light and shares[best] > MUCH_LESS * before:
        return None
    sentence = (
        f"The images in tables have a {'light' if light else 'dark'} ground. {before:.0%} of them "
        f"are no digits {WAYS[now]}; {WAYS[best]}, {shares[best]:.0%}."
    )
    return Suggestion(replace(choices, inverted=best[0], transposed=best[1]), sentence)


def _on_light(samples: Mapping[str, NDArray[np.uint8]]) -> bool:
    """Whether most images are light along their rim."""
    rims = [
        np.concatenate([x[:, 0], x[:, -1], x[:, :, 0], x[:, :, -1]], axis=1)
        for x in samples.values()
    ]
    return bool(np.median(np.concatenate([np.median(rim, axis=1) for rim in rims])) > 127)


def _rejected(
    samples: Mapping[str, NDArray[np.uint8]], way: tuple[bool, bool], classifier: Classifier
) -> float:
    """The share of the images that are no digits when they are looked at in this way."""
    frames = np.concatenate([framed(turned(images, *way)) for images in samples.values()])
    read = classifier.predict_many(frames, CHUNK)
    return float(np.mean([found.status in ("not_a_digit", "blank") for found in read]))
