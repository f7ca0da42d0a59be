"""What the network sees of some pieces of a line: themselves, and what stands around them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnist_cnn.expressions.line_shape import LineCourse
from mnist_cnn.expressions.pieces import Box, Piece, framed
from mnist_cnn.ink.normalize import FRAME
from mnist_cnn.models.classes import CHANNELS
from mnist_cnn.models.surroundings import LINE_HEIGHT
from mnist_cnn.records import FloatArray

PEN = 1.3
"""Width of the pen on the line, in pixels; ink keeps its own."""

FINER = 4
"""Strokes are drawn so many times larger, then averaged."""

MARGIN = 2


class LineViews:
    """A line at the scale at which `LINE_HEIGHT` pixels are a digit's height, drawn once.

    Args:
        height: of the line's digits, in the unit of the pieces.
    """

    def __init__(self, pieces: Sequence[Piece], height: float, line: LineCourse) -> None:
        self._pieces, self._height, self._line = pieces, height, line
        self._scale = LINE_HEIGHT / height
        self._tiles = [self._drawn(piece) for piece in pieces]
        self._lefts = np.array([left for left, _, _ in self._tiles])
        self._rights = np.array([left + tile.shape[1] for left, _, tile in self._tiles])

    def of(self, members: Sequence[int], box: Box) -> FloatArray:
        """float32 (28, 28, 3) in [0, 1] of some pieces, whose box is this."""
        view = np.zeros((FRAME, FRAME, CHANNELS), np.float32)
        view[..., 0] = framed([self._pieces[n] for n in members], self._height)
        x = (box[0] + box[2]) / 2
        left = math.floor(x * self._scale) - FRAME // 2
        top = math.floor(self._line.middle(x) * self._scale) - FRAME // 2
        near = np.flatnonzero((self._lefts < left + FRAME) & (self._rights > left))
        for number in near.tolist():
            _paste(view[..., 1 if number in members else 2], self._tiles[number], left, top)
        return view

    def _drawn(self, piece: Piece) -> tuple[int, int, FloatArray]:
        """Where a piece's picture begins on the line, and the picture."""
        left, top, right, bottom = (edge * self._scale for edge in piece.box)
        x, y = math.floor(left) - MARGIN, math.floor(top) - MARGIN
        size = math.ceil(right) + MARGIN - x, math.ceil(bottom) + MARGIN - y
        if piece.is_stroke:
            points = (np.asarray(piece.ink, np.float64) * self._scale - [x, y]) * FINER
            return x, y, _stroke_drawn(points, size)
        return x, y, _ink_drawn(piece.ink, self._scale, (left - x, top - y), size)


def _stroke_drawn(points: NDArray[np.float64], size: tuple[int, int]) -> FloatArray:
    image = Image.new("L", (FINER * size[0], FINER * size[1]))
    draw, radius = ImageDraw.Draw(image), FINER * PEN / 2
    if len(points) > 1:
        draw.line(points.ravel().tolist(), fill=255, width=round(2 * radius), joint="curve")
    for x, y in (points[0].tolist(), points[-1].tolist()):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image.reduce(FINER), np.float32) / 255


def _ink_drawn(
    ink: FloatArray, scale: float, at: tuple[float, float], size: tuple[int, int]
) -> FloatArray:
    """Ink (height, width) averaged over the pixels that it falls on: float32, of this size."""
    rows = _shares(ink.shape[0], scale, at[1], size[1])
    columns = _shares(ink.shape[1], scale, at[0], size[0])
    drawn = rows @ (ink / max(float(ink.max()), 1e-9)) @ columns.T
    return np.asarray(np.clip(drawn, 0, 1), np.float32)


def _shares(length: int, scale: float, at: float, pixels: int) -> FloatArray:
    """(pixels, length): which share of each pixel each of the ink's covers."""
    begins = at + scale * np.arange(length)
    low = np.maximum(begins[None, :], np.arange(pixels)[:, None])
    high = np.minimum((begins + scale)[None, :], np.arange(1, pixels + 1)[:, None])
    return np.asarray(np.clip(high - low, 0, None), np.float32)


def _paste(view: FloatArray, tile: tuple[int, int, FloatArray], left: int, top: int) -> None:
    """Draws a tile into a view that begins there; the darker ink counts."""
    x, y, ink = tile
    x, y = x - left, y - top
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + ink.shape[1], FRAME), min(y + ink.shape[0], FRAME)
    if x0 < x1 and y0 < y1:
        part = view[y0:y1, x0:x1]
        np.maximum(part, ink[y0 - y : y1 - y, x0 - x : x1 - x], out=part)
