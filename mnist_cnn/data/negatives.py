"""What is no digit or no symbol: letters, doodles, neighbours taken together, mirrored digits."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.glyphs import LIKE_OPERATORS, NOT_DIGITS
from mnist_cnn.data.handwriting import Random, Strokes, collect, frame, one_of, vary_hand
from mnist_cnn.data.templates import operator, sketch, smooth_curve
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.records import Drawing, Stroke

THICKEST_LETTER = 0.16
"""A broader pen fills letters in, so that nobody could tell them from digits."""


def not_symbols(drawings: Sequence[Drawing], count: int, random: Random) -> NDArray[np.uint8]:
    """uint8 (count, 28, 28): letters, doodles, neighbours taken together, mirrored digits."""
    letters = [name for name in NOT_DIGITS if name not in LIKE_OPERATORS]
    upright = [d for d in drawings if d.label not in ("1", "7")]
    kinds: list[tuple[float, Callable[[], Strokes]]] = [
        (0.35, lambda: _glyph(random, letters)),
        (0.45, lambda: _neighbours(drawings, random)),
        (0.10, lambda: _turned_digit(upright, random)),
        (0.06, lambda: _scribble(random)),
        (0.04, lambda: _overwritten(drawings, random)),
    ]
    shares = np.array([share for share, _ in kinds])

    def draw(_: int) -> NDArray[np.float32]:
        make = kinds[random.choice(len(kinds), p=shares)][1]
        return frame(make(), random, thickest=THICKEST_LETTER)

    return collect(count, draw)


def _neighbours(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """Two symbols of a line taken for one, or one with a piece of the next."""
    first = _random_symbol(drawings, random)
    second = list(_random_symbol(drawings, random))
    if len(second) > 1 and random.random() < 0.5:
        second.pop(int(random.integers(len(second))))
    return _in_a_row([first, tuple(second)], random)


def _random_symbol(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """A digit, or less often a sign, about as high as it stands in a line of height 1."""
    if random.random() < 0.7:
        return _scaled(_random_digit(drawings, random), random.uniform(0.85, 1.15))
    sign = SYMBOLS[int(random.integers(10, len(SYMBOLS) - 2))]  # neither dot nor slash
    height = {"-": 0.1, "=": 0.3, "(": 1.2, ")": 1.2}.get(sign, 0.6)
    return _scaled(operator(sign, random), height * random.uniform(0.8, 1.2))


def _scaled(strokes: Strokes, height: float) -> Strokes:
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), np.ptp(points, axis=0)
    scale = height / max(float(size[1]), 0.2 * float(size[0]), 1e-9)
    return tuple((stroke - corner) * scale for stroke in strokes)


def _in_a_row(symbols: Sequence[Strokes], random: Random) -> Strokes:
    """Symbols beside each other, their middles at one height, from touching to wide apart."""
    row: list[Stroke] = []
    right = 0.0
    for strokes in symbols:
        points = np.concatenate(strokes)
        size = np.ptp(points, axis=0)
        down = -size[1] / 2 + random.normal(0, 0.06)
        row += [stroke - points.min(axis=0) + [right, down] for stroke in strokes]
        right += float(size[0]) + random.uniform(-0.05, 0.4)
    return tuple(row)


def not_digits(drawings: Sequence[Drawing], count: int, random: Random) -> NDArray[np.uint8]:
    """uint8 (count, 28, 28): letters, signs, doodles, several symbols at once, mirrored digits.

    Args:
        drawings: labelled digits, the raw material of the last two kinds.
    """
    kinds: list[tuple[float, Callable[[], Strokes]]] = [
        (0.55, lambda: _glyph(random)),
        (0.15, lambda: _side_by_side(drawings, random)),
        (0.18, lambda: _turned_digit(drawings, random)),
        (0.07, lambda: _scribble(random)),
        (0.05, lambda: _overwritten(drawings, random)),
    ]
    shares = np.array([share for share, _ in kinds])

    def draw(_: int) -> NDArray[np.float32]:
        make = kinds[random.choice(len(kinds), p=shares)][1]
        return frame(make(), random, thickest=THICKEST_LETTER)

    return collect(count, draw)


def _glyph(random: Random, names: Sequence[str] = tuple(NOT_DIGITS)) -> Strokes:
    name = one_of(names, random)
    return vary_hand(sketch(NOT_DIGITS[name], random), random)


def _side_by_side(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """Two to four digits or letters in a row."""
    row: list[Stroke] = []
    right = 0.0
    for _ in range(int(random.choice([2, 3, 4], p=[0.6, 0.3, 0.1]))):
        strokes = _random_digit(drawings, random) if random.random() < 0.6 else _glyph(random)
        points = np.concatenate(strokes)
        height = max(float(np.ptp(points[:, 1])), 0.3 * float(np.ptp(points[:, 0])), 1e-9)
        scale = random.uniform(0.8, 1.2) / height
        left = points.min(axis=0)
        row += [(stroke - left) * scale + [right, random.normal(0, 0.08)] for stroke in strokes]
        right += float(np.ptp(points[:, 0])) * scale + random.uniform(0.08, 0.5)
    return tuple(row)


def _overwritten(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """Two things written over each other, or a digit that was crossed out."""
    strokes = list(_random_digit(drawings, random))
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), np.ptp(points, axis=0)
    over = _random_digit(drawings, random) if random.random() < 0.5 else _scribble(random)
    other = np.concatenate(over)
    fit = size / np.maximum(np.ptp(other, axis=0), 1e-9)
    strokes += [(stroke - other.min(axis=0)) * fit + corner for stroke in over]
    return tuple(strokes)


MIRRORED = {"3": "xt", "4": "xyt", "6": "x", "7": "xyt", "9": "x"}

QUARTER_TURNED = ("1", "2", "3", "4", "5", "7", "8")
"""Digits that are none any more when mirrored in x or y or turned by half (t), and when turned
by a quarter."""


def _turned_digit(drawings: Sequence[Drawing], random: Random) -> Strokes:
    while True:
        drawing = one_of(drawings, random)
        ways = MIRRORED.get(drawing.label or "", "") + "q" * (drawing.label in QUARTER_TURNED)
        if ways:
            break
    way = one_of(ways, random)
    quarter = [[0, 1], [-1, 0]] if random.random() < 0.5 else [[0, -1], [1, 0]]
    matrix = {"x": [[-1, 0], [0, 1]], "y": [[1, 0], [0, -1]], "t": [[-1, 0], [0, -1]]}
    turned = tuple(stroke @ np.array(matrix.get(way, quarter)) for stroke in drawing.strokes)
    return vary_hand(turned, random)


def _random_digit(drawings: Sequence[Drawing], random: Random) -> Strokes:
    return vary_hand(one_of(drawings, random).strokes, random)


def _scribble(random: Random) -> Strokes:
    """One to three wandering curves, or a tangle of straight lines."""
    if random.random() < 0.3:
        return (random.random((int(random.integers(5, 14)), 2)),)
    strokes = []
    for _ in range(int(random.integers(1, 4))):
        steps = np.cumsum(random.normal(0, 0.3, (int(random.integers(6, 16)), 2)), axis=0)
        strokes.append(smooth_curve(steps, smooth=True))
    return tuple(strokes)
