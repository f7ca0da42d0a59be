"""What a line of writing is made of: strokes, or connected pieces of a picture's ink."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_cnn.ink.normalize import normalize, normalize_strokes
from mnist_cnn.ink.strokes import PEN_WIDTH
from mnist_cnn.records import FloatArray, Stroke

PEN_OF_LINE = 0.08
"""Width of the pen at least, as a share of the line's height: a dot becomes a dot."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in the unit of what was written."""


@dataclass(frozen=True)
class Piece:
    """A stroke, or a connected piece of ink (a picture as large as its box), and its box."""

    box: Box
    ink: Any
    is_stroke: bool = True

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


def framed(pieces: Sequence[Piece], height: float) -> FloatArray:
    """What the network sees of some pieces: float32 (28, 28)."""
    box = pieces[0].box
    for piece in pieces[1:]:
        box = union(box, piece.box)
    if pieces[0].is_stroke:
        size = max(box[2] - box[0], box[3] - box[1], 1e-9)
        pen = min(max(PEN_WIDTH, PEN_OF_LINE * height / size), 3.0)
        return normalize_strokes([_with_extent(p.ink, height) for p in pieces], pen)
    left, top = int(box[0]), int(box[1])
    canvas = np.zeros((int(box[3]) - top, int(box[2]) - left), np.float32)
    for piece in pieces:
        x, y = int(piece.box[0]) - left, int(piece.box[1]) - top
        part = canvas[y : y + piece.ink.shape[0], x : x + piece.ink.shape[1]]
        np.maximum(part, piece.ink, out=part)
    return normalize(canvas)


def _with_extent(stroke: Stroke, height: float) -> Stroke:
    """A tap of the pen has no extent; as a tiny stroke it is a dot."""
    if len(stroke) > 1 and np.ptp(stroke, axis=0).max() > 0:
        return stroke
    return np.concatenate([stroke[:1], stroke[:1] + 0.03 * height])


def pieces_of_ink(ink: FloatArray) -> list[Piece]:
    """The connected pieces of a picture's ink, (height, width) with 0 for paper; specks left
    out."""
    from scipy import ndimage  # slow to import, and strokes need none of it

    found, _ = ndimage.label(ink > 0.25 * ink.max(initial=0.0), np.ones((3, 3)))
    boxes = ndimage.find_objects(found)
    pieces = []
    for number, (rows, columns) in enumerate(boxes, 1):
        mask = found[rows, columns] == number
        left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
        part = np.where(mask, ink[rows, columns], 0).astype(np.float32)
        pieces.append(
            Piece((float(left), float(top), float(right), float(bottom)), part, is_stroke=False)
        )
    if not pieces:
        return []
    tallest = max(max(piece.height, piece.width) for piece in pieces)
    return [p for p in pieces if max(p.height, p.width) >= 0.05 * tallest]


def box_of(stroke: Stroke) -> Box:
    """The box around a stroke, (points, 2), in its own unit."""
    (left, top), (right, bottom) = stroke.min(axis=0), stroke.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
