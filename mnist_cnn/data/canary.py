"""Plainly written digits that any network must read before it may answer people."""

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.glyphs import DIGITS, Points, parsed
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.records import FloatArray, Stroke

PENS = (0.08, 0.12, 0.18)


def canary() -> tuple[FloatArray, NDArray[np.int64]]:
    """Plainly written digits: float32 (60, 28, 28) and their labels (60,)."""
    images = [
        normalize_strokes([_drawn(points, smooth) for smooth, points in parsed(template)], pen)
        for _, template in DIGITS
        for pen in PENS
    ]
    return np.stack(images), np.repeat([int(digit) for digit, _ in DIGITS], len(PENS))


def _drawn(points: Points, smooth: bool) -> Stroke:
    """A glyph's stroke, its corners cut twice where it is smooth. Chaikin, 1974."""
    stroke = np.array(points)
    for _ in range(2 if smooth else 0):
        ends = stroke[:1], stroke[-1:]
        cut = np.stack(
            [0.75 * stroke[:-1] + 0.25 * stroke[1:], 0.25 * stroke[:-1] + 0.75 * stroke[1:]], 1
        )
        stroke = np.concatenate([ends[0], cut.reshape(-1, 2), ends[1]])
    return stroke
