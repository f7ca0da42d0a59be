"""What was crossed out: a straight stroke through the middle of several symbols."""

from collections.abc import Sequence

import numpy as np

from mnist_cnn.expressions.pieces import Piece


def is_struck(pieces: Sequence[Piece], numbers: Sequence[int], height: float) -> bool:
    """Whether a straight stroke runs across the middle of two symbols or more."""
    return any(
        pieces[n].is_stroke
        and pieces[n].width > 1.2 * height
        and _is_straight(pieces[n])
        and sum(_crosses(pieces[n], pieces[m], height) for m in numbers if m != n) >= 2
        for n in numbers
    )


def _is_straight(stroke: Piece) -> bool:
    points = np.asarray(stroke.ink, float)
    along = points[-1] - points[0]
    length = float(np.hypot(*along))
    aside = np.abs((points - points[0]) @ [-along[1], along[0]]) / max(length, 1e-9)
    return float(aside.max()) < 0.1 * length


def _crosses(stroke: Piece, piece: Piece, height: float) -> bool:
    """Whether a straight stroke runs across a tall piece, neither over nor under it."""
    (x0, y0), (x1, y1) = stroke.ink[0], stroke.ink[-1]
    left, top, right, bottom = piece.box
    across = min(stroke.box[2], right) - max(stroke.box[0], left) > 0.6 * piece.width
    y = y0 + (y1 - y0) * ((left + right) / 2 - x0) / ((x1 - x0) or 1e-9)
    return piece.height >= 0.6 * height and across and 0.1 < (y - top) / (bottom - top) < 0.9
