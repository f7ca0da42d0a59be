"""A line of writing as a whole: how high its digits are, and how it runs."""

import statistics
from collections.abc import Sequence

import numpy as np

from mnist_cnn.expressions.pieces import Piece


def line_height(pieces: Sequence[Piece]) -> float:
    """How high the digits are: the median of the tall pieces' heights."""
    heights = np.array([piece.height for piece in pieces])
    widths = np.array([piece.width for piece in pieces])
    tallest = float(np.quantile(heights, 0.9))
    tall = heights[heights >= 0.5 * tallest]
    height = float(np.median(tall)) if len(tall) else 0.0
    return max(height, 0.4 * float(np.median(widths)), 1e-6)


class LineCourse:
    """Where the line runs, by its tall pieces."""

    def __init__(self, pieces: Sequence[Piece], height: float) -> None:
        tall = [p for p in pieces if p.height >= 0.6 * height] or list(pieces)
        self._x = np.array([(p.box[0] + p.box[2]) / 2 for p in tall])
        self._y = np.array([(p.box[1] + p.box[3]) / 2 for p in tall])

    def middle(self, x: float) -> float:
        """Half-way up the line at this place: the median over the nearest tall pieces."""
        nearest = np.argsort(np.abs(self._x - x))[:5]
        return statistics.median(self._y[nearest].tolist())


def in_order(pieces: Sequence[Piece]) -> list[int]:
    """The pieces' numbers from left to right, by their middles."""
    return sorted(range(len(pieces)), key=lambda n: pieces[n].box[0] + pieces[n].box[2])
