"""How far each pixel of a picture differs from the paper around it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.ink.extract import MIN_CONTRAST, MIN_NOISE, strongest
from mnist_cnn.records import FloatArray

BROADEST = 1 / 6
"""Ink is narrower than this share of the picture's shorter side; what is broader is a surface."""

FAINTEST = 0.18
"""Ink is at least so strong, as a share of the strongest."""


@dataclass(frozen=True)
class Contrast:
    """In one polarity: by how much each pixel (height, width) differs from its paper, of 1 for
    black on white, and where that is ink; the grain's standard deviation; whether ink is dark."""

    difference: FloatArray
    mask: NDArray[np.bool_]
    noise: float
    dark: bool


def local_contrast(grey: FloatArray, dark: bool) -> Contrast | None:
    """What is darker than its surroundings, or lighter, and narrower than `BROADEST`.

    Args:
        grey: float32 (height, width), 0 for black to 1 for white.

    Returns:
        None where nothing stands out.
    """
    picture = grey if dark else 1 - grey
    difference = _surfaces(picture) - picture
    difference -= np.median(difference[::2, ::2])
    noise, contrast = _noise(difference), strongest(difference)
    if contrast < MIN_CONTRAST:
        return None
    if noise > MIN_NOISE * contrast:
        blur = float(np.clip(4 * noise / contrast, 0.5, 0.02 * min(grey.shape)))
        difference = ndimage.gaussian_filter(difference, blur)
        noise, contrast = _noise(difference), strongest(difference)
        if contrast < noise * (1 + math.sqrt(2 * math.log(grey.size))):
            return None
    faintest = max(0.5 * MIN_CONTRAST, 3.5 * noise, FAINTEST * contrast)
    return Contrast(difference, difference > faintest, noise, dark)


def _surfaces(picture: FloatArray) -> FloatArray:
    """The picture without the dark that is narrower than `BROADEST`: a grey closing, in which
    what lies at the rim goes on beyond it (Serra, Image Analysis and Mathematical Morphology,
    1982)."""
    size = 2 * (max(9, int(BROADEST * min(picture.shape))) // 2) + 1
    wider = np.pad(ndimage.gaussian_filter(picture, 0.7), size, mode="edge")
    closed = ndimage.minimum_filter(ndimage.maximum_filter(wider, size), size)
    return np.asarray(closed[size:-size, size:-size], np.float32)


def _noise(difference: FloatArray) -> float:
    """The standard deviation of the paper's grain: most of a picture is paper."""
    deviations = np.abs(difference[::2, ::2].ravel())
    differing = deviations[deviations > 1e-3]
    if len(differing) < 0.4 * len(deviations):
        return 0.0
    return 1.4826 * float(np.median(differing))
