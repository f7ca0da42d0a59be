"""Symbols of a picture that touch, cut apart where their ink is thin.

A cut costs nothing where it was wrong: its parts are neighbours, and are offered together again.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from mnist_cnn.expressions.line_shape import line_height
from mnist_cnn.expressions.pieces import Piece
from mnist_cnn.records import FloatArray

WIDE, TALL = 0.9, 0.5
"""From what width and height on a piece may be two symbols, in heights of the line."""

THIN = 0.45
"""How much of the line's height is ink where it may be cut."""

AT_THE_SIDES = 0.2
"""No cut is made in so much of a piece at either side."""


def cut_apart(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces of ink, the wide ones among them in parts."""
    if not pieces:
        return []
    height = line_height(pieces)
    return [part for piece in pieces for part in _parts(piece, height)]


def _parts(piece: Piece, height: float) -> Iterable[Piece]:
    if piece.width < WIDE * height or piece.height < TALL * height:
        return [piece]
    ink = np.pad(np.asarray(piece.ink) > 0, ((1, 0), (0, 0)))
    strokes = (ink[1:] & ~ink[:-1]).sum(axis=0)  # a neck is one; a zero's middle is two
    inked = np.where(strokes == 1, ink.sum(axis=0), len(ink))
    aside = int(AT_THE_SIDES * len(inked))
    if not aside:
        return [piece]
    at = aside + int(inked[aside : len(inked) - aside].argmin())
    if inked[at] > THIN * height:
        return [piece]
    left, right = piece.ink[:, :at], piece.ink[:, at:]
    x, y = piece.box[0], piece.box[1]
    return [*_parts(_cropped(left, x, y), height), *_parts(_cropped(right, x + at, y), height)]


def _cropped(ink: FloatArray, x: float, y: float) -> Piece:
    """A part of a picture as a piece, without bare rows and columns around it."""
    rows, columns = (np.flatnonzero((ink > 0).any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    box = (x + float(left), y + float(top), x + float(right), y + float(bottom))
    return Piece(box, ink[top:bottom, left:right], is_stroke=False)
