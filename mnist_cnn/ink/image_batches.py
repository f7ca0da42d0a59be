"""`normalize` for many images of one size at once: the same frames, far sooner."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.ink.normalize import (
    CENTRE,
    DIGIT,
    FAINTEST,
    FAINTEST_LARGE,
    FRAME,
    LARGE,
    RIM,
    SMALL,
    normalize,
    passed,
    to_uint8,
)
from mnist_cnn.records import FloatArray

PLACES = np.arange(FRAME) + 0.5

MOMENTS = np.stack(
    [np.ones(FRAME**2), np.repeat(PLACES, FRAME), np.tile(PLACES, FRAME)], axis=1
).astype(np.float32)
"""(784, 3): of an image's pixels its mass, and that by rows and by columns."""


BLOCK = 1000
"""Images that are looked at together: their pixels as floats take 3 MB."""


def framed_images(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`normalize` over many (28, 28) uint8 images, quick for those it would not change.

    MNIST is already framed: all but a few of its images come back as they were.
    """
    framed = images.copy()
    blocks = (images[start : start + BLOCK] for start in range(0, len(images), BLOCK))
    fits = np.concatenate([np.zeros(0, bool), *map(_already_framed, blocks)])
    for index in np.flatnonzero(~fits):
        framed[index] = to_uint8(normalize(images[index].astype(np.float32)))
    return framed


def _already_framed(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Those with their peak at 255, 20 px on the longer side and their mass in the middle."""
    sums = images.reshape(-1, FRAME**2).astype(np.float32) @ MOMENTS  # exact: all below 2**24
    centres = sums[:, 1:].astype(np.float64) / sums[:, :1].clip(1)
    fits = (np.floor(centres) == 14).all(axis=1)
    sides = []
    for axis in (1, 2):
        strongest = images.max(axis=3 - axis)
        profile = strongest > 0.03 * 255
        first = profile.argmax(axis=1)
        last = FRAME - profile[:, ::-1].argmax(axis=1)
        fits &= ~((strongest > 0) & ~profile).any(axis=1)
        sides.append(last - first)
    return fits & (np.maximum(*sides) == 20) & (strongest.max(axis=1) == 255)


def normalize_many(inks: FloatArray) -> FloatArray:
    """`normalize` of many images of one size at once: float32 (n, 28, 28) of (n, height, width)."""
    count, height, width = inks.shape
    frames = np.zeros((count, FRAME, FRAME), np.float32)
    peaks = inks.max(axis=(1, 2), initial=0.0)
    some = np.flatnonzero(peaks > 0)
    if not len(some):
        return frames
    share = FAINTEST if max(height, width) <= LARGE else FAINTEST_LARGE
    crops = np.asarray(inks[some], np.float32)
    faintest = share * peaks[some, None]
    rows, columns = crops.max(axis=2) > faintest, crops.max(axis=1) > faintest
    inside = [np.maximum.accumulate(x, 1) & _up_to_last(x) for x in (rows, columns)]
    crops = crops * inside[0][:, :, None] * inside[1][:, None, :]
    sizes = [x.sum(axis=1) for x in inside]
    rims = np.where(np.maximum(*sizes) <= SMALL, RIM, 0.0)
    pixels = (np.maximum(*sizes) + 2 * rims) / DIGIT
    mass = crops.sum(axis=(1, 2))
    spread = []
    for axis, (x, size) in enumerate(zip(inside, sizes, strict=True)):
        first = x.argmax(axis=1)
        places = np.arange(x.shape[1]) + 0.5
        centre = crops.sum(axis=2 - axis) @ places / mass - first
        spread.append(_averaging_many(x.shape[1], (first, size), centre, pixels, rims))
    found = spread[0] @ crops @ spread[1].transpose(0, 2, 1)
    frames[some] = np.clip(found / found.max(axis=(1, 2), keepdims=True), 0, 1)
    return frames


def _averaging_many(
    length: int,
    begun: tuple[NDArray[np.intp], NDArray[np.intp]],
    centre: NDArray[np.floating[Any]],
    pixels: NDArray[np.float64],
    rims: NDArray[np.float64],
) -> FloatArray:
    """`_averaging` for many crops, from a pixel on, so many long: (n, 28, length)."""
    first, size = begun
    centre = np.where((pixels <= 1) & (rims == 0), np.floor(centre) + 0.5, centre)
    centre = np.maximum(centre, size + rims - (FRAME - CENTRE) * pixels)
    centre = np.minimum(centre, CENTRE * pixels - rims)
    edges = (first + centre)[:, None] + (np.arange(FRAME + 1) - CENTRE) * pixels[:, None]
    places = edges[:, :, None] - np.arange(length)
    covered = np.clip(places, 0, 1)
    if (soft := rims > 0).any():
        covered[soft] = passed(places[soft])
    return np.asarray(np.diff(covered, axis=1) / pixels[:, None, None], np.float32)


def _up_to_last(some: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True up to the last True of each row."""
    return np.asarray(np.maximum.accumulate(some[:, ::-1], 1)[:, ::-1])
