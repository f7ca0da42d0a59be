"""A grey picture to its ink: how far each pixel differs from the paper around it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import FloatArray

MIN_CONTRAST = 0.08
"""An image whose ink differs from its paper by less, of 1 for black on white, is blank."""

GRAINLESS = 16
"""What is at most so many pixels a side was made small: its grain has averaged out, and its digit
fills the rim that grain is read off elsewhere."""

INKY = 0.6
"""What differs from the paper by such a share of the ink's contrast is no grain."""

MIN_NOISE = 0.05
"""Grain below this share of the ink's strength averages out by itself."""


def extract_ink(grey: FloatArray) -> FloatArray:
    """The ink of a grey picture: how far each pixel differs from the paper around it.

    Args:
        grey: float32 (height, width), 0 for black to 1 for white, in either polarity.

    Returns:
        float32 (height, width), 0 for paper to 1 for the darkest ink.
    """
    difference = grey - _paper(grey)
    contrast = strongest(difference)
    if -difference.min() > contrast and (inverted := strongest(-difference)) > contrast:
        difference, contrast = -difference, inverted
    if contrast < MIN_CONTRAST:
        return np.zeros_like(grey)
    noise = _noise(difference, contrast)
    if noise > MIN_NOISE * contrast:
        from scipy import ndimage  # a fifth of a second that strokes need not wait for

        blur = np.clip(4 * noise / contrast, 0.5, 0.035 * min(grey.shape))
        difference = ndimage.gaussian_filter(difference, blur)
        contrast = strongest(difference)
        noise = _noise(difference, contrast)
    of_grain_alone = noise * (1 + math.sqrt(2 * math.log(grey.size)))
    if contrast < max(MIN_CONTRAST, of_grain_alone):
        return np.zeros_like(grey)
    floor = min(2.5 * noise, 0.4 * contrast)
    found = np.clip((difference - floor) / (contrast - floor), 0, 1, dtype=np.float32)
    return _without_specks(found) if noise > 0 else found


def _paper(grey: FloatArray) -> FloatArray:
    """The brightness of the bare paper at each pixel: a quadratic surface, so that a shadow
    or a lamp to one side does not count as ink."""
    height, width = grey.shape
    y, x, on_rim = paper_samples(height, width)
    values, bare = grey[np.ix_(y, x)].ravel().astype(np.float64), on_rim.ravel()
    level = _median(values[bare])
    bare &= np.abs(values - level) <= max(0.02, 3 * 1.4826 * _median_deviation(values[bare]))
    if np.ptp(values[bare]) < 0.02:
        return np.full_like(grey, level)
    terms = surface_terms(np.repeat(y / height, len(x)), np.tile(x / width, len(y)))
    for _ in range(3):
        some = terms[bare]
        surface, *_ = np.linalg.lstsq(some.T @ some, some.T @ values[bare], rcond=1e-10)
        residual = values - terms @ surface
        spread = max(0.01, 1.4826 * _median_deviation(residual[bare]))
        near = np.abs(residual) <= 3 * spread
        if not near.any():  # a few pixels that no surface fits
            break
        bare = near
    rows, columns = np.arange(height) / height, np.arange(width) / width
    paper = surface[0] + (surface[1] * rows + surface[3] * rows**2)[:, None]
    paper = paper + (surface[2] * columns + surface[4] * columns**2)[None, :]
    return (paper + surface[5] * np.outer(rows, columns)).astype(np.float32)


def paper_samples(
    height: int, width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Where to look for the paper: rows (m,) and columns (n,) in pixels, and (m, n) whether they
    meet on the picture's rim."""
    step = max(1, min(height, width) // 32)
    y, x = np.arange(0, height, step), np.arange(0, width, step)
    depth = 0.08 * min(height, width)
    return y, x, _near_an_end(y, height, depth)[:, None] | _near_an_end(x, width, depth)


def _near_an_end(places: NDArray[np.intp], length: int, depth: float) -> NDArray[np.bool_]:
    return np.asarray(np.minimum(places, length - 1 - places) <= depth)


def surface_terms(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 6): what a quadratic surface is made of."""
    return np.stack([np.ones_like(y), y, x, y * y, x * x, x * y], axis=1)


def _noise(difference: FloatArray, contrast: float) -> float:
    """The standard deviation of the paper's grain, read off the image's rim.

    White paper cuts off the brighter half of its grain, so that many pixels are equal; then the
    others tell, but for those that are ink. Where most are equal there is no grain.
    """
    if max(difference.shape) <= GRAINLESS:
        return 0.0
    values = rim(difference[None])[0]
    deviations = np.abs(values - _median(values))
    differing = deviations[(deviations > 1e-3) & (deviations < INKY * contrast)]
    return 0.0 if len(differing) < 0.4 * len(values) else 1.4826 * _median(differing)


def rim(pictures: FloatArray) -> FloatArray:
    """(n, pixels): those at the edge of each picture, at its corners twice."""
    depth = max(1, round(0.08 * min(pictures.shape[1:])))
    sides = (
        pictures[:, :depth],
        pictures[:, -depth:],
        pictures[:, :, :depth],
        pictures[:, :, -depth:],
    )
    return np.concatenate([side.reshape(len(pictures), -1) for side in sides], axis=1)


def strongest(difference: FloatArray) -> float:
    """The darkest ink of (height, width), as the mean of the few strongest pixels, which one speck
    cannot fake."""
    count = num_strongest(difference.size)
    few, peak = difference.ravel(), difference.max()
    for share in (0.9, 0.5, 0.1):  # most pixels are paper: many equal values, slow to partition
        dark = few[few > share * peak]
        if len(dark) >= count and peak > 0:
            few = dark
            break
    return float(np.mean(np.partition(few, -count)[-count:]))


def num_strongest(pixels: int) -> int:
    """How many of so many pixels speak for the darkest ink."""
    return min(max(3, pixels // 5000), pixels)


def _without_specks(found: FloatArray) -> FloatArray:
    """Without the connected pieces that hold less than a fortieth of the largest one's ink."""
    from scipy import ndimage

    pieces, count = ndimage.label(found > 0, structure=np.ones((3, 3)))
    if count < 2:
        return found
    weights = np.bincount(pieces.ravel(), weights=found.ravel())
    weights[0] = 0
    return np.where((weights >= weights.max() / 40)[pieces], found, np.float32(0))


def _median_deviation(values: NDArray[Any]) -> float:
    return _median(np.abs(values - _median(values)))


def _median(values: NDArray[Any]) -> float:
    """numpy's median of one row of numbers, without the many checks before it."""
    middle = len(values) // 2
    some = np.partition(values, [max(0, middle - 1), middle])
    return float(some[middle] if len(values) % 2 else (some[middle - 1] + some[middle]) / 2)
