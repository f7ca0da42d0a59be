"""Scanned digits made again: redrawn with an even pen, or photographed on noisy grey paper."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.data.handwriting import Random, collect, random_pen_width
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.normalize import normalize


def redrawn(images: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): scanned digits reduced to their skeleton, then drawn with an even pen."""
    some = range(0, len(images), 500)  # thinning holds many copies of what it works on
    skeletons = (shape for i in some for shape in _thinned(_doubled(images[i : i + 500])))

    def draw(_: int) -> NDArray[np.float32]:
        radius = 20 * random_pen_width(random)
        distance = ndimage.distance_transform_edt(~np.pad(next(skeletons), 8))
        return normalize(np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32))

    return collect(len(images), draw)


def photographed(images: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): as `read_image` and `normalize` give digits back from noisy grey paper."""

    def photograph(index: int) -> NDArray[np.float32]:
        paper = random.uniform(0.35, 1.0)
        contrast = random.uniform(0.25, 0.95) * paper
        digit = np.pad(images[index].astype(np.float32) / 255, int(random.integers(0, 8)))
        enlarged = ndimage.zoom(digit, random.uniform(1, 3), order=1)
        blurred = ndimage.gaussian_filter(enlarged, random.uniform(0, 0.8))
        lamp = _slope(blurred.shape, random) * 0.15
        grain = random.normal(0, random.uniform(0, 0.4) * contrast, blurred.shape)
        grey = np.clip(paper + lamp - contrast * blurred + grain, 0, 1).astype(np.float32)
        frame = normalize(extract_ink(grey if random.random() < 0.7 else 1 - grey))
        return frame if frame.any() else images[index] / np.float32(255)

    return collect(len(images), photograph)


def _slope(shape: tuple[int, ...], random: Random) -> NDArray[np.float64]:
    """A brightness between -1 and 1 that falls evenly across the picture."""
    angle = random.uniform(0, 2 * math.pi)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return random.random() * (math.cos(angle) * x + math.sin(angle) * y)


def _doubled(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(ndimage.zoom(images.astype(np.float32) / 255, (1, 2, 2), order=1) > 0.45)


def _thinned(shapes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Skeletons one pixel wide of many shapes at once: bool (n, height, width).

    Zhang and Suen, A fast parallel algorithm for thinning digital patterns, 1984.
    """
    shapes = np.pad(shapes, ((0, 0), (1, 1), (1, 1)))
    inner = shapes[:, 1:-1, 1:-1]
    height, width = inner.shape[1:]
    around = [(0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0)]
    for _ in range(30):
        before = np.count_nonzero(inner)
        for first in (True, False):
            n = [shapes[:, y : y + height, x : x + width] for y, x in around]
            neighbours = sum(p.astype(np.int8) for p in n)
            changes = sum((~a & b).astype(np.int8) for a, b in zip(n, n[1:] + n[:1], strict=True))
            north, east, south, west = n[0], n[2], n[4], n[6]
            if first:
                spare = ~(north & east & south) & ~(east & south & west)
            else:
                spare = ~(north & east & west) & ~(north & south & west)
            inner &= ~((neighbours >= 2) & (neighbours <= 6) & (changes == 1) & spare)
        if np.count_nonzero(inner) == before:
            break
    return inner.copy()
