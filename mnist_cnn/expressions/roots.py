"""A root's sign by its shape: down to a tip at the left, up, and along over what it covers."""

from collections.abc import Sequence

import numpy as np

from mnist_cnn.expressions.pieces import Piece
from mnist_cnn.records import FloatArray

TIP = 0.5
"""How far to the right its lowest point lies at most, as a share of its width."""

ALONG_THE_TOP, TOP = 0.9, 0.3
"""Which share of its right half lies at least in so much of its height, from above."""

ENDS = 0.8
"""How far down its stroke begins and ends at most, as a share of its height."""

SMALLEST = 0.3
"""How high the tallest of what it covers is at least, as a share of its own height."""


def covered(number: int, numbers: Sequence[int], pieces: Sequence[Piece]) -> list[int]:
    """The pieces that a root's sign covers; none where this piece is no such sign."""
    piece = pieces[number]
    if piece.width < (0.5 if piece.is_stroke else 0.9) * piece.height:
        return []
    points = _points(piece)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    width, height = right - left, bottom - top
    if not width or not height:
        return []
    x, y = ((points - [left, top]) / [width, height]).T
    tip, over = x[y >= 0.9].max(), y[x > 0.5] < TOP
    turns = not piece.is_stroke or max(y[0], y[-1]) < ENDS
    if tip > TIP or not turns or over.mean() < ALONG_THE_TOP:
        return []
    at = left + tip * width
    under = [n for n in numbers if n != number and _lies_under(pieces[n], piece, float(at))]
    tallest = max((pieces[n].height for n in under), default=0.0)
    return under if tallest > SMALLEST * piece.height else []


def _lies_under(piece: Piece, root: Piece, tip: float) -> bool:
    """Whether a piece, no taller than the root, stands to the right of its tip and in it."""
    x = (piece.box[0] + piece.box[2]) / 2
    reach = 0.15 * root.height
    inside = root.box[1] - reach < piece.box[1] and piece.box[3] < root.box[3] + reach
    return tip < x < root.box[2] and inside


def _points(piece: Piece) -> FloatArray:
    """(n, 2): a stroke's points in their order, dense, or the pixels of a piece of ink."""
    if not piece.is_stroke:
        ink = np.argwhere(piece.ink > 0.25 * piece.ink.max())[:, ::-1]
        return np.asarray(ink + np.array(piece.box[:2]), float)
    stroke = np.asarray(piece.ink, float)
    along = np.append(0.0, np.hypot(*np.diff(stroke, axis=0).T).cumsum())
    at = np.sort(np.concatenate([along, np.linspace(0, along[-1], 64)]))
    return np.stack([np.interp(at, along, axis) for axis in stroke.T], axis=1)
