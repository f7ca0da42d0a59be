"""Digits made harder to read, step by step, and how many a network still reads."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.ink.extract_batches import extract_ink_many
from mnist_cnn.ink.image_batches import normalize_many
from mnist_cnn.models.classifier import THREADS, Classifier
from mnist_cnn.records import FloatArray

Change = Callable[[FloatArray, float, np.random.Generator], FloatArray]
"""From images (n, height, width) and an amount to the same images changed."""

PART = 250
"""Images that are changed at a time."""

READ = 50
"""Images that are read at a time: what a network makes of more does not fit a core's cache."""


@dataclass(frozen=True)
class Corruption:
    """One way to make a digit harder: what its amounts mean, and those that are tried.

    `photographed` says that paper shows afterwards, from which the ink must be told again.
    """

    unit: str
    amounts: tuple[float, ...]
    change: Change
    photographed: bool = False


def _shift(images: FloatArray, pixels: float, random: np.random.Generator) -> FloatArray:
    angles = random.uniform(0, 2 * np.pi, len(images))
    steps = pixels * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return np.stack(
        [ndimage.shift(image, step, order=1) for image, step in zip(images, steps, strict=True)]
    )


def _rotation(images: FloatArray, degrees: float, _: np.random.Generator) -> FloatArray:
    return ndimage.rotate(images, degrees, axes=(2, 1), reshape=False, order=1)


def _scale(images: FloatArray, times: float, _: np.random.Generator) -> FloatArray:
    one_axis = ndimage.zoom(np.eye(images.shape[1], dtype=np.float32), (times, 1), order=1)
    return np.asarray(one_axis @ images @ one_axis.T)


def _slant(images: FloatArray, degrees: float, _: np.random.Generator) -> FloatArray:
    places = np.arange(images.shape[1])
    moves = np.tan(np.radians(degrees)) * (places - places.mean())
    from_x = places + moves[:, None]  # of each row, where its pixels come from
    shares = np.clip(1 - np.abs(from_x[:, :, None] - places), 0, None).astype(np.float32)
    rows = images.transpose(1, 0, 2) @ shares.transpose(0, 2, 1)
    return rows.transpose(1, 0, 2)


def _thickness(images: FloatArray, pixels: float, _: np.random.Generator) -> FloatArray:
    size = 1 + 2 * abs(round(pixels))
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    return change(images, (1, size, size)) if pixels else images


def _noise(images: FloatArray, strength: float, random: np.random.Generator) -> FloatArray:
    return np.clip(images + strength * random.standard_normal(images.shape, np.float32), 0, 1)


def _paper(images: FloatArray, strength: float, random: np.random.Generator) -> FloatArray:
    grain = 0.5 * strength * random.standard_normal(images.shape, np.float32)
    return np.clip(0.7 - 0.5 * images + grain, 0, 1)


CORRUPTIONS: dict[str, Corruption] = {
    "Shift": Corruption("pixels", (0, 1, 2, 3, 4, 5, 6), _shift),
    "Rotation": Corruption(
        "degrees",
        (-45, -30, -20, -10, 0, 10, 20, 30, 45),
        _rotation,
    ),
    "Scale": Corruption(
        "times",
        (0.3, 0.5, 0.75, 1, 1.5, 2),
        _scale,
    ),
    "Slant": Corruption("degrees", (-40, -30, -20, -10, 0, 10, 20, 30, 40), _slant),
    "Thickness": Corruption("pixels thicker on each side", (-1, 0, 1, 2, 3), _thickness),
    "Noise": Corruption("of the contrast", (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5), _noise, True),
    "Grey paper with grain": Corruption(
        "of the contrast", (0, 0.05, 0.1, 0.2, 0.3, 0.4), _paper, True
    ),
}


def corrupted(images: NDArray[np.uint8] | FloatArray, kind: str, amount: float) -> FloatArray:
    """float32 (n, 28, 28): digits changed, then brought back by the road that every image takes.

    Args:
        images: (n, 28, 28), uint8 or in [0, 1].
    """
    grey = images.astype(np.float32) / (255 if images.dtype == np.uint8 else 1)
    corruption = CORRUPTIONS[kind]
    around = 4 if corruption.photographed else 8  # paper enough, or room to move
    grey = np.pad(grey, ((0, 0), (around, around), (around, around)))
    changed = corruption.change(grey, amount, np.random.default_rng(0)).astype(np.float32)
    return normalize_many(extract_ink_many(changed) if corruption.photographed else changed)


def accuracy_curve(
    classifier: Classifier,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    kind: str,
    known: Collection[float] = (),
) -> Iterator[tuple[float, float]]:
    """Each amount that is not known yet, with the accuracy on these images, (n, 28, 28) with labels
    (n,), as it is found: without test-time augmentation, two parts of the images at a time."""
    amounts = [amount for amount in CORRUPTIONS[kind].amounts if amount not in known]
    parts = [slice(start, start + PART) for start in range(0, len(images), PART)]

    def right(amount: float, part: slice) -> int:
        bent = corrupted(images[part], kind, amount)
        read = [classifier.raw_logits(bent[i : i + READ]) for i in range(0, len(bent), READ)]
        return int((np.concatenate(read).argmax(axis=1) == labels[part]).sum())

    pool = ThreadPoolExecutor(THREADS)
    try:
        found = [[pool.submit(right, amount, part) for part in parts] for amount in amounts]
        for amount, counts in zip(amounts, found, strict=True):
            yield amount, sum(count.result() for count in counts) / len(images)
    finally:
        pool.shutdown(cancel_futures=True)
