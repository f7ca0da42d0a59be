"""Digits made harder to read, step by step, and how many a network still reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.classifier import Classifier
from mnist_cnn.images import ink, normalize
from mnist_cnn.records import FloatArray

Change = Callable[[FloatArray, float, np.random.Generator], FloatArray]


@dataclass(frozen=True)
class Stress:
    """One way to make a digit harder: what its amounts mean, and those that are tried.

    `photographed` says that paper shows afterwards, from which the ink must be told again.
    """

    unit: str
    amounts: tuple[float, ...]
    change: Change
    photographed: bool = False


def _shift(image: FloatArray, pixels: float, random: np.random.Generator) -> FloatArray:
    angle = random.uniform(0, 2 * np.pi)
    return ndimage.shift(image, (pixels * np.sin(angle), pixels * np.cos(angle)), order=1)


def _slant(image: FloatArray, degrees: float, _: np.random.Generator) -> FloatArray:
    shear = np.tan(np.radians(degrees))
    middle = (image.shape[0] - 1) / 2
    return ndimage.affine_transform(image, [[1, 0], [shear, 1]], (0, -shear * middle), order=1)


def _thickness(image: FloatArray, pixels: float, _: np.random.Generator) -> FloatArray:
    size = 1 + 2 * abs(round(pixels))
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    return change(image, (size, size)) if pixels else image


def _noise(image: FloatArray, strength: float, random: np.random.Generator) -> FloatArray:
    return np.clip(image + random.normal(0, strength, image.shape), 0, 1)


def _paper(image: FloatArray, strength: float, random: np.random.Generator) -> FloatArray:
    grain = random.normal(0, strength * 0.5, image.shape)
    return np.clip(0.7 - 0.5 * image + grain, 0, 1)


STRESSES: dict[str, Stress] = {
    "Shift": Stress("pixels", (0, 1, 2, 3, 4, 5, 6), _shift),
    "Rotation": Stress(
        "degrees",
        (-45, -30, -20, -10, 0, 10, 20, 30, 45),
        lambda image, degrees, _: ndimage.rotate(image, degrees, reshape=False, order=1),
    ),
    "Scale": Stress(
        "times",
        (0.3, 0.5, 0.75, 1, 1.5, 2),
        lambda image, times, _: ndimage.zoom(image, times, order=1),
    ),
    "Slant": Stress("degrees", (-40, -30, -20, -10, 0, 10, 20, 30, 40), _slant),
    "Thickness": Stress("pixels thicker on each side", (-1, 0, 1, 2, 3), _thickness),
    "Noise": Stress("of the contrast", (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5), _noise, True),
    "Grey paper with grain": Stress("of the contrast", (0, 0.05, 0.1, 0.2, 0.3, 0.4), _paper, True),
}


def stressed(
    image: NDArray[np.uint8] | FloatArray, kind: str, amount: float, seed: int = 0
) -> FloatArray:
    """(28, 28): the digit changed, then brought back by the road that every image takes."""
    grey = image.astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    random = np.random.default_rng(seed)
    changed = np.asarray(STRESSES[kind].change(np.pad(grey, 8), amount, random), np.float32)
    return normalize(ink(changed) if STRESSES[kind].photographed else changed)


def curve(
    classifier: Classifier,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    kind: str,
) -> Iterator[tuple[float, float]]:
    """Each amount with the share of these images that is still read right, as it is found."""
    for amount in STRESSES[kind].amounts:
        changed = [stressed(image, kind, amount, seed) for seed, image in enumerate(images)]
        read = classifier.logits(np.stack(changed)).argmax(axis=1)
        yield amount, float((read == labels).mean())
