"""Ink to the (28, 28) frame that networks read."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.ink.strokes import PEN_WIDTH, rasterize
from mnist_cnn.records import FloatArray, Stroke

FRAME = 28

DIGIT = 20
"""MNIST's frame: the digit's longer side measures 20 of the 28 pixels."""

CENTRE = 14.5
"""Where the centre of mass goes, counted from the frame's edge: the middle of pixel 14, which
is where it lies in MNIST on average."""

FAINTEST, FAINTEST_LARGE = 0.03, 0.15
"""Ink below this share of the darkest does not count for where a digit ends. Small images have
soft rims that belong to the digit; in those larger than `LARGE` px the rim is thin, and JPEG
leaves ripples around it."""

LARGE = 3 * FRAME

SMALL, RIM = 16, 0.5
"""Ink of at most so many pixels on its longer side has few to tell its outline by: between their
middles it is interpolated, and it ends softly, so many pixels outside."""


def normalize(ink: FloatArray, zoom: int = 1) -> FloatArray:
    """The only road to (28, 28): as MNIST's makers framed their digits.

    Args:
        ink: white ink on black, any shape (height, width), 0 for paper, greater for ink.
        zoom: so many pixels a side for each of the frame's, to show what is framed.

    Returns:
        float32 (28, 28), or zoom times that a side, in [0, 1], the darkest ink at 1: cropped to
        the ink, its longer side 20 px by area averaging with the aspect kept (small ink is
        interpolated), its centre of mass in the middle of pixel (14, 14). All zeros where there is
        no ink.
    """
    peak = float(ink.max(initial=0.0))
    if peak <= 0.0:
        return np.zeros((zoom * FRAME, zoom * FRAME), np.float32)
    faintest = peak * (FAINTEST if max(ink.shape) <= LARGE else FAINTEST_LARGE)
    rows = np.flatnonzero(ink.max(axis=1) > faintest)
    columns = np.flatnonzero(ink.max(axis=0) > faintest)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    crop = np.asarray(ink[top:bottom, left:right], np.float32)
    rim = RIM if max(crop.shape) <= SMALL else 0.0
    pixels = (max(crop.shape) + 2 * rim) / DIGIT
    mass = crop.sum()
    centre_y = float(crop.sum(axis=1) @ np.arange(0.5, crop.shape[0])) / mass
    centre_x = float(crop.sum(axis=0) @ np.arange(0.5, crop.shape[1])) / mass
    frame = (
        _averaging(crop.shape[0], centre_y, pixels, rim, zoom)
        @ crop
        @ _averaging(crop.shape[1], centre_x, pixels, rim, zoom).T
    )
    return np.clip(frame / frame.max(), 0, 1, dtype=np.float32)


def normalize_strokes(strokes: Sequence[Stroke], pen_width: float = PEN_WIDTH) -> FloatArray:
    """What a network sees of a drawing: float32 (28, 28)."""
    return normalize(rasterize(strokes, pen_width))


def passed(places: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """How much of interpolated pixels lies before these places, counted in pixels from where each
    begins: any shape."""
    at = np.clip(places + 0.5, 0, 2)
    return np.asarray(np.where(at < 1, at**2 / 2, 1 - (2 - at) ** 2 / 2))


def _averaging(length: int, centre: float, pixels: float, rim: float, zoom: int) -> FloatArray:
    """(28 · zoom, length): row i averages the source pixels that frame pixel i covers, by area.

    Where the ink already has the frame's size it moves by whole pixels, as MNIST's makers moved
    it: a fraction would only blur it. Ink that would stick out is moved back inside.
    """
    if pixels <= 1 and not rim:
        centre = math.floor(centre) + 0.5
    centre = min(max(centre, length + rim - (FRAME - CENTRE) * pixels), CENTRE * pixels - rim)
    edges = centre + (np.arange(zoom * FRAME + 1) / zoom - CENTRE) * pixels
    places = edges[:, None] - np.arange(length)[None, :]
    covered = passed(places) if rim else np.clip(places, 0, 1)
    return np.asarray(np.diff(covered, axis=0) * zoom / pixels, np.float32)


def to_uint8(images: FloatArray) -> NDArray[np.uint8]:
    """Images of any shape (…, height, width) in [0, 1] as uint8, 255 for 1."""
    return np.round(images * 255).astype(np.uint8)
