"""How writing lies on the page: lines, fractions over a bar, and what is no writing.

Frames and underlines are left out; what was struck out is told. Runs are read one by one, and
marks stand between them: `3 + ½` over a bar is the run `3+`, the mark `(`, the run `1` and so on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_cnn.expressions.line_shape import line_height
from mnist_cnn.expressions.pieces import Box, Piece, union
from mnist_cnn.expressions.roots import covered
from mnist_cnn.expressions.struck import is_struck

FLAT = 0.25
"""How high a bar is at most, as a share of its width."""

DEEPEST = 2
"""Fractions and roots stand in each other so often at most."""

ALONG_THE_RIM, RIM = 0.97, 0.1
"""Which share of a frame's points lie so near to the edges of its box, as a share of its sides."""


@dataclass(frozen=True)
class Part:
    """A run of pieces to be read as one line, `height` being that of its digits; or a `mark`, with
    the pieces that it is made of, if any."""

    members: tuple[int, ...]
    mark: str = ""
    height: float = 0.0


@dataclass(frozen=True)
class Layout:
    """What was written in the order of reading; `struck` says whether it was crossed out."""

    parts: tuple[Part, ...]
    struck: bool = False


def layout_of(pieces: Sequence[Piece]) -> Layout:
    """The parts of what was written."""
    height = line_height(pieces)
    left = _without_frame(pieces)
    rows = _rows(pieces, left, height)
    parts: list[Part] = []
    for number, row in enumerate(rows):
        rule = [n for n in row if _is_rule(n, row, pieces, height)]
        if len(rows) > 1 and len(row) == 1 and _is_bar(pieces[row[0]]):
            if 1 < number < len(rows) - 1:  # between the lines of a sum, and not under the last
                parts.append(Part(tuple(row), "="))
            continue
        if parts and parts[-1].mark != "=":
            parts.append(Part((), "\n"))
        parts += _parts(pieces, [n for n in row if n not in rule], 0)
    return Layout(tuple(parts), is_struck(pieces, left, height))


def run_around(members: Sequence[int], pieces: Sequence[Piece]) -> Part:
    """The run that is read as one line with the pieces of these numbers; those alone, without a
    height, where there is none."""
    parts = layout_of(pieces).parts
    found = (part for part in parts if set(members) <= set(part.members))
    return next(found, Part(tuple(members)))


def _without_frame(pieces: Sequence[Piece]) -> list[int]:
    """All pieces but one that runs around all others."""
    numbers = list(range(len(pieces)))
    for number, piece in enumerate(pieces):
        others = [pieces[n].box for n in numbers if n != number]
        around = others and all(_inside(box, piece.box) for box in others)
        if around and _is_frame(piece) and not covered(number, numbers, pieces):
            return [n for n in numbers if n != number]
    return numbers


def _inside(box: Box, frame: Box) -> bool:
    return frame[0] < box[0] and frame[1] < box[1] and box[2] < frame[2] and box[3] < frame[3]


def _is_frame(piece: Piece) -> bool:
    points = np.asarray(piece.ink) if piece.is_stroke else np.argwhere(piece.ink > 0)[:, ::-1]
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.maximum(high - low, 1e-9)
    nearest = np.minimum(points - low, high - points) / size
    return bool((nearest.min(axis=1) < RIM).mean() >= ALONG_THE_RIM) and len(points) > 4


def _rows(pieces: Sequence[Piece], numbers: Sequence[int], height: float) -> list[list[int]]:
    """The lines of writing from above: tall pieces and wide bars stand clear above each other, the
    others belong to the nearest."""
    tall = [n for n in numbers if pieces[n].height >= 0.5 * height]
    rows: list[list[int]] = []
    lower = -math.inf
    if not tall or any(_divides(n, numbers, pieces, height) for n in numbers):
        return [list(numbers)]
    for n in sorted(tall, key=lambda n: pieces[n].box[1]):
        if pieces[n].box[1] > lower + 0.15 * height:
            rows.append([])
        rows[-1].append(n)
        lower = max(lower, pieces[n].box[3])
    boxes = [_around(row, pieces) for row in rows]
    rules: list[list[int]] = []
    for n in numbers:
        if n in tall:
            continue
        middle = (pieces[n].box[1] + pieces[n].box[3]) / 2
        apart = [max(box[1] - middle, middle - box[3], 0.0) for box in boxes]
        nearest = int(np.argmin(apart))
        wide = pieces[n].width > 0.6 * (boxes[nearest][2] - boxes[nearest][0])
        if apart[nearest] > 0 and wide and len(rows) > 1 and _is_bar(pieces[n]):
            rules.append([n])
        else:
            rows[nearest].append(n)
    return sorted(rows + rules, key=lambda row: _around(row, pieces)[1])


def _is_bar(piece: Piece) -> bool:
    return piece.height <= FLAT * piece.width


def _is_rule(number: int, row: Sequence[int], pieces: Sequence[Piece], height: float) -> bool:
    """Whether a piece underlines the others of its row."""
    piece, others = pieces[number], [n for n in row if n != number]
    if not _is_bar(piece) or piece.width < height or all(_is_bar(pieces[n]) for n in others):
        return False
    around = _around(others, pieces)
    below = piece.box[1] > around[3] - 0.15 * height
    return below and piece.width > 0.6 * (around[2] - around[0])


def _parts(
    pieces: Sequence[Piece], numbers: Sequence[int], depth: int, least: float = 0.0
) -> list[Part]:
    """A line with its roots and fractions, from left to right; its digits are at least so high."""
    for n in numbers if depth < DEEPEST else ():
        if under := covered(n, numbers, pieces):
            return _with_root(pieces, numbers, n, under, depth)
    left = set(numbers)
    fractions = []
    height = line_height([pieces[n] for n in numbers])
    bars = [n for n in numbers if depth < DEEPEST and _divides(n, numbers, pieces, height)]
    for bar in sorted(bars, key=lambda n: -pieces[n].width):
        above, below = _above_and_below(bar, sorted(left), pieces)
        if bar in left and above and below:
            left -= {bar, *above, *below}
            inside = [
                Part((), "("), *_parts(pieces, above, depth + 1), Part((), ")"), Part((bar,), "/"),
                Part((), "("), *_parts(pieces, below, depth + 1), Part((), ")"),
            ]  # fmt: skip
            fractions.append((pieces[bar].box[0], inside))
    if not fractions:
        return _runs(sorted(left), pieces, least)
    inner = [part.height for _, inside in fractions for part in inside if not part.mark]
    parts, remaining = [], sorted(left, key=lambda n: pieces[n].box[0])
    for at, inside in sorted(fractions, key=lambda fraction: fraction[0]):
        before = [n for n in remaining if pieces[n].box[0] < at]
        remaining = [n for n in remaining if n not in before]
        parts += _runs(before, pieces, max(inner)) + inside
    return parts + _runs(remaining, pieces, max(inner))


def _with_root(
    pieces: Sequence[Piece], numbers: Sequence[int], root: int, under: Sequence[int], depth: int
) -> list[Part]:
    """A line with a root's sign: what stands before it, under it and behind it."""
    others = [n for n in numbers if n != root and n not in under]
    before = [n for n in others if pieces[n].box[0] < pieces[root].box[0]]
    behind = [n for n in others if n not in before]
    inside = _parts(pieces, under, depth + 1)
    high = max(part.height for part in inside)
    parts = _parts(pieces, before, depth, high) if before else []
    parts += [Part((root,), "√"), Part((), "("), *inside, Part((), ")")]
    return parts + (_parts(pieces, behind, depth, high) if behind else [])


def _runs(members: Sequence[int], pieces: Sequence[Piece], least: float) -> list[Part]:
    """One run of these pieces, whose digits are at least so high; none of none."""
    if not members:
        return []
    height = line_height([pieces[n] for n in members])
    return [Part(tuple(members), height=max(height, least))]


def _divides(bar: int, numbers: Sequence[int], pieces: Sequence[Piece], height: float) -> bool:
    """Whether a piece is the bar of a fraction: a line of symbols close above it, and one below."""
    if not _is_bar(pieces[bar]):
        return False
    sides = _above_and_below(bar, numbers, pieces)
    return all(side and _stands_at(pieces[bar], side, pieces, height) for side in sides)


def _stands_at(bar: Piece, side: Sequence[int], pieces: Sequence[Piece], height: float) -> bool:
    """Whether these are symbols, on one line, near a bar and not much wider."""
    left, top, right, bottom = _around(side, pieces)
    tallest = max(pieces[n].height for n in side)
    symbols = tallest > max(0.4 * height, 2 * bar.height) and bottom - top < 1.6 * tallest
    near = max(top - bar.box[3], bar.box[1] - bottom) < 0.6 * height
    return symbols and near and right - left < 1.2 * bar.width


def _above_and_below(
    bar: int, numbers: Sequence[int], pieces: Sequence[Piece]
) -> tuple[list[int], list[int]]:
    """The pieces whose middles lie over and under a bar."""
    box = pieces[bar].box
    middle = (box[1] + box[3]) / 2
    above: list[int] = []
    below: list[int] = []
    for n in numbers:
        x = (pieces[n].box[0] + pieces[n].box[2]) / 2
        if n == bar or not box[0] <= x <= box[2]:
            continue
        if pieces[n].box[3] <= middle + 0.1 * pieces[n].height:
            above.append(n)
        elif pieces[n].box[1] >= middle - 0.1 * pieces[n].height:
            below.append(n)
    return above, below


def _around(numbers: Sequence[int], pieces: Sequence[Piece]) -> Box:
    box = pieces[numbers[0]].box
    for n in numbers[1:]:
        box = union(box, pieces[n].box)
    return box
