"""Where the answer stands on the canvas: behind the equals sign, or where there is room for it."""

import numpy as np

from mnist_cnn.expressions.line import Line

WIDE, HIGH, SLASH = 0.56, 0.68, 0.15
"""Of a font's size: a digit's width and height, and by how much a slash is longer at each end."""
EDGE = 8
"""Pixels that stay free at the canvas' edges, and around the writing for the pen's width."""
SMALLEST = 12
"""Pixels below which an answer cannot be read."""


def placed(line: Line, width: int, height: int) -> dict[str, float | str] | None:
    """The answer on a canvas of that many pixels: its `text`, the font's `size`, and where its
    baseline begins, `x` and `y`. As large as the writing behind the equals sign; smaller where it
    does not fit; below or above the line where it would become too small. None where the line asks
    for none, or there is no room at all."""
    if not line.answer:
        return None
    edges = np.array([symbol.box for symbol in line.written])
    tall = float(np.quantile(edges[:, 3] - edges[:, 1], 0.7))
    top, bottom = edges[:, 1].min() - EDGE - 0.1 * tall, edges[:, 3].max() + EDGE + 0.1 * tall
    sign, right = edges[-1], edges[:, 2].max() + EDGE
    right += min(0.2 * tall, 0.2 * max(width - EDGE - right, 0))
    middle = (sign[1] + sign[3]) / 2
    slash = SLASH if "/" in line.answer else 0

    def size(across: float, down: float) -> float:
        """As large as the writing, or as such a room lets it be."""
        wide, high = WIDE * len(line.answer), HIGH + 2 * slash
        return max(0.0, min(tall / HIGH, across / wide, down / high))

    behind = size(width - EDGE - right, 2 * min(middle - EDGE, height - EDGE - middle))
    below = size(width - 2 * EDGE, height - EDGE - bottom)
    above = size(width - 2 * EDGE, top - EDGE)
    best = behind if behind > 0.5 * tall / HIGH else max(behind, below, above)
    if best < SMALLEST:
        return None
    if best == behind:
        x, y = right, middle + HIGH / 2 * best
    else:
        x = max(EDGE, min(sign[0], width - EDGE - WIDE * len(line.answer) * best))
        y = bottom + (HIGH + slash) * best if best == below else top - slash * best
    return {"text": line.answer, "size": round(best, 1), "x": round(x, 1), "y": round(y, 1)}
