"""How many symbols stand side by side."""

from collections.abc import Sequence

import numpy as np

from mnist_cnn.records import FloatArray, Stroke

TALL = 0.6
"""A symbol is at least as high as this share of all that was written."""

GAP, MIN_GAP = 0.08, 0.0125
"""White columns keep symbols apart where they are wider than this share of the height, and of the
longer side."""


def count_symbols(ink: FloatArray) -> int:
    """How many tall pieces of ink clear white columns keep apart: 0 for none, 2 for "42".

    Symbols that touch or overhang each other count as one, so this never splits a digit; it
    misses some numbers instead.

    Args:
        ink: float32 (height, width), 0 for paper and greater for ink.
    """
    inked = ink > 0.3 * ink.max(initial=0.0)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(columns):
        return 0
    height = np.ptp(rows) + 1
    gaps = np.flatnonzero(np.diff(columns) > max(2, GAP * height))
    pieces = np.split(columns, gaps + 1)
    tall = [
        np.ptp(np.flatnonzero(inked[:, piece[0] : piece[-1] + 1].any(axis=1))) + 1 >= TALL * height
        for piece in pieces
    ]
    return max(1, int(np.sum(tall)))


def count_written_symbols(strokes: Sequence[Stroke]) -> int:
    """The same for pen strokes, each of shape (points, 2) in any unit, however broad the pen."""
    written = [stroke for stroke in strokes if len(stroke)]
    if len(written) < 2:
        return len(written)
    boxes = np.array([(*stroke.min(axis=0), *stroke.max(axis=0)) for stroke in written])
    boxes = boxes[np.argsort(boxes[:, 0])]
    height = np.ptp(boxes[:, [1, 3]])
    clear = max(MIN_GAP * max(height, np.ptp(boxes[:, [0, 2]])), GAP * height)
    gaps = boxes[1:, 0] - np.maximum.accumulate(boxes[:, 2])[:-1] > clear
    pieces = np.split(boxes, np.flatnonzero(gaps) + 1)
    tall = [np.ptp(piece[:, [1, 3]]) >= TALL * height for piece in pieces]
    return max(1, int(np.sum(tall)))
