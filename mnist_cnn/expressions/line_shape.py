"""How symbols sit on their line: its height, its course, and how well a box suits each symbol."""

import math
import statistics
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.expressions.pieces import Box, Piece
from mnist_cnn.models.classes import SYMBOLS


def line_height(pieces: Sequence[Piece]) -> float:
    """How high the digits are: the median of the tall pieces' heights."""
    heights = np.array([piece.height for piece in pieces])
    widths = np.array([piece.width for piece in pieces])
    tallest = float(np.quantile(heights, 0.9))
    tall = heights[heights >= 0.5 * tallest]
    height = float(np.median(tall)) if len(tall) else 0.0
    return max(height, 0.4 * float(np.median(widths)), 1e-6)


_SHAPES: dict[str, tuple[float, float, float, float]] = {
    "+": (0.60, 0.35, 0.60, 0.35),
    "-": (0.10, 0.80, 0.55, 0.45),
    "×": (0.55, 0.35, 0.55, 0.35),
    "÷": (0.55, 0.40, 0.60, 0.40),
    "=": (0.28, 0.45, 0.60, 0.40),
    "(": (1.30, 0.25, 0.35, 0.40),
    ")": (1.30, 0.25, 0.35, 0.40),
    ".": (0.10, 0.60, 0.10, 0.60),
    "/": (1.15, 0.30, 0.60, 0.50),
    "1": (0.95, 0.25, 0.25, 0.70),
}
"""Usual height and width in heights of the line, each with the spread of its logarithm."""

_DIGIT_SHAPE = (0.95, 0.25, 0.62, 0.40)

_MIDDLES: dict[str, tuple[float, float]] = {".": (0.45, 0.15), "-": (0.0, 0.20), "=": (0.0, 0.20)}
"""How far below the line's middle, in heights of the line, and the spread of that."""

_USUAL_MIDDLE = (0.0, 0.22)

GEOMETRY_WEIGHT = 0.34

FLOOR = 0.3
"""Differences below this share of the line's height do not count."""

LARGEST_DOT = 0.22
"""The longer side of a dot at most, as a share of the line's height."""

TICK_HEIGHT, TICK_SLIM, TICK_BELOW = 0.6, 0.65, 0.25
"""Many people write a comma: how high at most, how wide for that, and how far below the middle at
least. A small zero is wider."""

UNDER_LINE, COMMA_FLAT = 0.15, 2.5
"""A comma may also slant where it begins no higher above the digits' lower ends than that, in
heights of the line; how wide it is for its height at most, which no bar of an equals sign is."""

DOT_LIKELY = math.log(0.2)

TOO_SMALL_COSTS = 5.0
"""What is no larger than a dot, or hangs low as a comma does, is hardly anything else, whatever it
looks like by itself."""


class Geometry:
    """Where the line runs, and how well a box suits each symbol there."""

    def __init__(self, pieces: Sequence[Piece], height: float) -> None:
        self._height = height
        tall = [p for p in pieces if p.height >= 0.6 * height] or list(pieces)
        self._x = np.array([(p.box[0] + p.box[2]) / 2 for p in tall])
        self._y = np.array([(p.box[1] + p.box[3]) / 2 for p in tall])
        self._bottom = np.array([p.box[3] for p in tall])
        names = list(SYMBOLS)
        self._shapes = np.array([_SHAPES.get(name, _DIGIT_SHAPE) for name in names])
        self._too_large = np.array([name not in ".-" for name in names])
        self._middles = np.array([_MIDDLES.get(name, _USUAL_MIDDLE) for name in names])

    def scores(self, box: Box) -> NDArray[np.float64]:
        """Of shape (classes + 1,): a log-likelihood for each symbol, and for none of them."""
        height = max((box[3] - box[1]) / self._height, FLOOR)
        width = max((box[2] - box[0]) / self._height, FLOOR)
        shape = self._shapes
        off = ((np.log(height) - np.log(np.maximum(shape[:, 0], FLOOR))) / shape[:, 1]) ** 2
        off += ((np.log(width) - np.log(np.maximum(shape[:, 2], FLOOR))) / shape[:, 3]) ** 2
        below = self._below_middle(box)
        off += ((below - self._middles[:, 0]) / self._middles[:, 1]) ** 2
        fit = -GEOMETRY_WEIGHT * np.minimum(off, 30) / 2
        if self._dot_at(box, below):
            fit -= TOO_SMALL_COSTS * self._too_large
        return np.append(fit, 0.0)

    def is_dot(self, box: Box) -> bool:
        """Whether a point or a comma would be as large, and there."""
        return self._dot_at(box, self._below_middle(box))

    def _dot_at(self, box: Box, below: float) -> bool:
        width, height = (box[2] - box[0]) / self._height, (box[3] - box[1]) / self._height
        if max(width, height) < LARGEST_DOT:
            return True
        if height > TICK_HEIGHT or width > COMMA_FLAT * height or below < TICK_BELOW:
            return False
        base = self._near((box[0] + box[2]) / 2, self._bottom)
        return width < TICK_SLIM * height or box[1] > base - UNDER_LINE * self._height

    def _below_middle(self, box: Box) -> float:
        """How far the box' middle lies below the line's, in its heights."""
        middle = self._near((box[0] + box[2]) / 2, self._y)
        return ((box[1] + box[3]) / 2 - middle) / self._height

    def _near(self, x: float, heights: NDArray[np.float64]) -> float:
        """The median over the nearest tall pieces."""
        nearest = np.argsort(np.abs(self._x - x))[:5]
        return statistics.median(heights[nearest].tolist())


def num_lines(pieces: Sequence[Piece]) -> int:
    """How many lines of writing there are, where tall pieces stand clear above each other."""
    height = line_height(pieces)
    tall = sorted((p.box[1], p.box[3]) for p in pieces if p.height >= 0.5 * height)
    lines, bottom = 0, -math.inf
    for upper, lower in tall:
        if upper > bottom + 0.15 * height:
            lines += 1
        bottom = max(bottom, lower)
    return max(lines, 1)
