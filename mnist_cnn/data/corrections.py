"""What people have put right: kept one by one, learned from, and measured on.

    artifacts/corrections.jsonl     a line per correction: the label, the image, its strokes

The file only grows. The last line about an image counts, and one without a label takes the
correction back. One image in five, told by its content, is never learned from but measured on.
"""

import base64
import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.journal import Journal
from mnist_cnn.errors import BadInput
from mnist_cnn.hands import kept_hands
from mnist_cnn.records import Dataset, Stroke
from mnist_cnn.settings import artifacts_folder

HELD_OUT = 5
"""One image in so many is only measured on."""

MAX_POINTS = 2000
"""Drawings with more are kept as images alone."""


@dataclass(frozen=True)
class Correction:
    """What a person says that an image shows: uint8 (28, 28), with its strokes where there are any.

    `read` is what run `run_id` took it for.
    """

    label: int
    image: NDArray[np.uint8]
    strokes: tuple[Stroke, ...] = ()
    read: int | None = None
    run_id: str = ""

    @property
    def id(self) -> str:
        """The same for the same image."""
        return hashlib.sha256(self.image.tobytes()).hexdigest()[:16]

    @property
    def held_out(self) -> bool:
        return int(self.id, 16) % HELD_OUT == 0


def add(corrections: Sequence[Correction]) -> None:
    """Keeps corrections; once this returns they outlive a power cut. Twice the same counts once.

    Raises:
        BadInput: a label is no digit, or an image has another shape; none is kept then.
        StorageFailed: the disk is full, or may not be written to, or there are too many.
    """
    for correction in corrections:
        if not 0 <= correction.label <= 9:
            raise BadInput(f"A correction is a digit from 0 to 9; got {correction.label}.")
        if correction.image.shape != (28, 28) or correction.image.dtype != np.uint8:
            raise BadInput(
                f"A correction's image has 28 × 28 pixels; got {correction.image.shape}."
            )
    _journal.append([_as_row(correction) for correction in corrections])


def take_back(correction: Correction) -> None:
    """Forgets what was said of an image.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    _journal.take_back(correction.id)


def load() -> tuple[Correction, ...]:
    """Every correction that counts, in the order in which their images came first. Lines that
    cannot be read are passed over."""
    return _journal.load()


def with_hands() -> tuple[Correction, ...]:
    """The corrections, and what the hands that are kept on this machine were taught; of an image
    that is in both, what was put right counts."""
    return _joined(artifacts_folder(), *version_with_hands())


@lru_cache(maxsize=2)
def _joined(folder: Path, own: int, hands: int) -> tuple[Correction, ...]:
    """The corrections and the hands of these versions."""
    known = (*_of_hands(), *load())
    return tuple({correction.id: correction for correction in known}.values())


def _of_hands() -> Iterator[Correction]:
    for name in kept_hands.names():
        with contextlib.suppress(BadInput):
            for drawing in kept_hands.load(name)[0]:
                yield Correction(drawing.label, drawing.image, drawing.strokes)


def dataset(corrections: Iterable[Correction], name: str = "corrections") -> Dataset:
    """Corrections as labelled images."""
    some = list(corrections)
    images = [correction.image for correction in some]
    return Dataset(
        name,
        np.stack(images) if images else np.zeros((0, 28, 28), np.uint8),
        np.array([correction.label for correction in some], np.int64),
        "what people put right and taught here",
        "",
        "",
    )


def version() -> int:
    """Changes whenever a correction is kept or taken back."""
    return hash(_journal.state())


def version_with_hands() -> tuple[int, int]:
    """Changes whenever a correction or a kept hand does."""
    return version(), kept_hands.version()


def _as_row(correction: Correction) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": correction.id,
        "label": correction.label,
        "read": correction.read,
        "run": correction.run_id,
        "image": base64.b64encode(correction.image.tobytes()).decode(),
    }
    if 0 < sum(map(len, correction.strokes)) <= MAX_POINTS:
        row["strokes"] = [stroke.round(1).tolist() for stroke in correction.strokes]
    return row


def _of_row(row: dict[str, Any]) -> Correction:
    image = np.frombuffer(base64.b64decode(row["image"]), np.uint8).reshape(28, 28)
    label = int(row["label"])
    if not 0 <= label <= 9:
        raise ValueError(f"{label} is no digit")
    strokes = tuple(np.array(stroke, np.float64) for stroke in row.get("strokes", []))
    return Correction(label, image, strokes, row.get("read"), str(row.get("run", "")))


_journal = Journal("corrections.jsonl", _of_row)
