"""Images from tables of numbers, whatever their scale, as items."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.choices import SAMPLE, Tables
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.errors import BadInput
from mnist_cnn.ink.image_batches import framed_images, normalize_many
from mnist_cnn.ink.normalize import FRAME
from mnist_cnn.records import FloatArray

Numbers = NDArray[Any]

SCALES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0), (-0.4243, 2.8216))
"""From paper to ink: as shares, as bytes, and as PyTorch's tutorials shift them."""

OF_EIGHT = (0.0, 16.0)
"""How the digits of 8 × 8 pixels are kept that scikit-learn brings along."""

FEW = 0.001
"""The share of numbers that may be beyond the scale: they cost their own rows."""


class PixelItems:
    """The images of one table as items; the first that come tell the scale of all.

    Raises:
        BadInput: their numbers are on no scale that is known.
    """

    def __init__(self, name: str, tables: Tables) -> None:
        self._name, self._tables = name, tables
        self._scale: tuple[float, float] | None = None

    def look_at(self, images: Numbers) -> None:
        """Finds the scale by some of the images, (n, height, width), where it is not known."""
        if self._scale is None and images.size:
            self._scale = _scale_of(images)

    def items(
        self, names: Sequence[str], images: Numbers, labels: Numbers | None
    ) -> Iterator[Item]:
        """Images (n, height, width) with their labels (n,), if any, as items in their order."""
        self.look_at(images)
        low, high = self._scale or SCALES[1]
        inside = _inside(images, low, high)
        shares = images if inside.all() else np.where(inside[:, None, None], images, low)
        if images.dtype != np.uint8 or (low, high) != SCALES[1]:
            shares = np.rint((shares.astype(np.float32) - low) * (255 / (high - low)))
        frames = framed(self._turned(shares.clip(0, 255).astype(np.uint8)))
        known = [(None, "")] * len(names) if labels is None else digit_labels(labels)
        for name, frame, (label, problem), fits in zip(
            names, frames, known, inside.tolist(), strict=True
        ):
            why = problem if fits else f"Its pixels are not all numbers from {low:g} to {high:g}."
            yield Item(name, None if why else frame, label, why)

    def _turned(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        known = self._tables.samples.get(self._name, images[:0])
        if len(known) < SAMPLE and known.shape[1:] == images.shape[1:]:
            some = images[: SAMPLE - len(known)]
            self._tables.samples[self._name] = np.concatenate([known, some])
        return turned(images, self._tables.choices.inverted, self._tables.choices.transposed)


def turned(images: NDArray[np.uint8], inverted: bool, transposed: bool) -> NDArray[np.uint8]:
    """Images (n, height, width) as somebody says that they are meant."""
    images = 255 - images if inverted else images
    return images.transpose(0, 2, 1) if transposed else images


def framed(images: NDArray[np.uint8]) -> FloatArray:
    """Images (n, height, width) of bytes as networks read them: float32 (n, 28, 28) in [0, 1]."""
    if images.shape[1:] == (FRAME, FRAME):
        return framed_images(np.ascontiguousarray(images)).astype(np.float32) / 255
    return normalize_many(images.astype(np.float32) / 255)


def _scale_of(images: Numbers) -> tuple[float, float]:
    """The scale on which these numbers can only be.

    Raises:
        BadInput: there is none.
    """
    if images.dtype == np.uint8 and images.max() > 16:
        return SCALES[1]
    some = np.asarray(images, np.float64)
    some = some[np.isfinite(some)]
    low, high = np.quantile(some, (FEW, 1 - FEW)) if some.size else (0.0, 0.0)
    if low == high == 0:
        return SCALES[1]
    if images.shape[1:] == (8, 8) and low >= 0 and 1 < high <= 16:
        return OF_EIGHT
    if low >= 0 and high <= 255 and some.max() > 1 and (some == np.rint(some)).all():
        return SCALES[1]  # whole numbers: of shares there are but 0 and 1
    for scale in SCALES:
        if low >= scale[0] - 0.01 and high <= scale[1] + 0.01 and (scale[0] == 0 or low < 0):
            return scale
    raise BadInput(
        f"Its pixels are numbers from {low:g} to {high:g}; expected 0 to 255, 0 to 1 or -1 to 1."
    )


def _inside(images: Numbers, low: float, high: float) -> NDArray[np.bool_]:
    """Which images (n,) hold nothing but numbers on the scale."""
    if images.dtype == np.uint8 and high == 255:
        return np.ones(len(images), np.bool_)
    slack = 0.01 * (high - low) if high < 100 else 0.0
    fits = (images >= low - slack) & (images <= high + slack)
    return np.asarray(fits.all(axis=(1, 2)))


def digit_labels(values: Numbers) -> list[tuple[int | None, str]]:
    """Of each label, of (n,), the digit, or what is wrong with it."""
    if values.dtype == np.uint8 and values.max(initial=0) <= 9:
        return [(label, "") for label in values.tolist()]
    return [digit_label(value) for value in values]


def digit_label(value: Any) -> tuple[int | None, str]:
    """A label where it is a digit, else what is wrong with it."""
    if np.isfinite(value) and 0 <= value <= 9 and value == int(value):
        return int(value), ""
    return None, f"The label {value:g} is no digit." if np.isfinite(value) else "It has no label."
