"""Lines of writing put together from single symbols, one hand a line."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_cnn.data.glyphs import HANDS, NOT_DIGITS
from mnist_cnn.data.handwriting import Random, Strokes, one_of, vary_hand
from mnist_cnn.data.line_texts import line_text
from mnist_cnn.data.templates import operator, sketch
from mnist_cnn.models.classes import UNKNOWN
from mnist_cnn.records import Stroke

LINE = 100.0
"""How high the digits of a line are, about."""

FROM_TEMPLATES, FROM_OTHERS = 0.2, 0.4
"""The share of digits that are drawn from templates where the hand has its own, and of signs."""

SLIGHTLY = 0.4
"""How far symbols of one hand turn and lean apart; they lean together as the line does."""

GAPS = ((0.0, 0.25), (0.0, 0.25), (0.1, 0.5), (0.1, 0.5), (-0.1, 0.12), (-0.1, 0.12), (0.5, 1.6))
"""Between neighbours of a line, in heights of a digit; one of these."""

HEIGHTS: Mapping[str, tuple[float, float]] = {
    "+": (0.60, 0.25), "×": (0.52, 0.26), "÷": (0.55, 0.25), ":": (0.42, 0.25), "(": (1.25, 0.16),
    ")": (1.25, 0.16), "/": (1.20, 0.18), "%": (0.95, 0.15), "$": (1.20, 0.15),
    UNKNOWN: (0.90, 0.25),
}  # fmt: skip
WIDTHS: Mapping[str, tuple[float, float]] = {"-": (0.45, 0.38), "=": (0.60, 0.35)}
"""Of signs in heights of a digit, each with the spread of its logarithm; set by eye, and widely
spread."""

MIDDLES: Mapping[str, tuple[float, float]] = {
    "×": (0.05, 0.12), ":": (0.08, 0.12), UNKNOWN: (0.05, 0.12)
}  # fmt: skip
"""How far below the line's middle, with its spread, where that is not 0 and 0.09."""


@dataclass(frozen=True)
class WrittenLine:
    """Strokes, each (points, 2), and which of them each symbol is made of."""

    strokes: tuple[Stroke, ...]
    symbols: tuple[tuple[str, frozenset[int]], ...]

    @property
    def text(self) -> str:
        return "".join(symbol for symbol, _ in self.symbols)


@dataclass(frozen=True)
class Hand:
    """What one person wrote, by symbol, strokes of (points, 2), and what others did of which this
    one has nothing."""

    own: Mapping[str, Sequence[Strokes]]
    others: Mapping[str, Sequence[Strokes]]

    def symbol(self, text: str, random: Random) -> Strokes:
        """A symbol as this person writes it: strokes (points, 2), about 1 high or wide."""
        own, others = self.own.get(text, ()), self.others.get(text, ())
        if text.isdigit():
            if own and random.random() > FROM_TEMPLATES:
                return vary_hand(one_of(own, random), random, SLIGHTLY)
            return vary_hand(sketch(one_of(HANDS[text], random), random, 0.35), random, SLIGHTLY)
        if own and random.random() > FROM_OTHERS:
            return vary_hand(one_of(own, random), random, SLIGHTLY)
        if text == UNKNOWN and not others:
            others = tuple(sketch(NOT_DIGITS[letter], random) for letter in "AHKM")
        if others and (text == UNKNOWN or random.random() < 0.5):
            return vary_hand(one_of(others, random), random, SLIGHTLY)
        return operator(text, random)


def written_line(hand: Hand, random: Random, text: str | None = None) -> WrittenLine:
    """A line in one hand: a text of its own, or this one (see `line_texts`)."""
    writing = _Writing(random)
    raised = False
    for sign in line_text(random) if text is None else text:
        if sign == " ":
            writing.space()
        elif sign == "^":
            raised = True
        else:
            strokes = _dot(random) if sign in ".·" else hand.symbol(sign, random)
            writing.add(sign, strokes, raised)
            raised = False
    return writing.whole()


class _Writing:
    """A line as it grows to the right; units are heights of a digit."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._gap = random.uniform(*one_of(GAPS, random))
        self._spread = random.uniform(0.02, 0.18)
        self._slope, self._unsteady = random.normal(0, 0.05), random.uniform(0.02, 0.14)
        self._size = random.uniform(0.06, 0.16)
        self._right, self._last, self._space, self._scale = 0.0, "", 0.0, 1.0
        self._strokes: list[Stroke] = []
        self._symbols: list[tuple[str, frozenset[int]]] = []

    def space(self) -> None:
        self._space = self._random.uniform(0.3, 1.3)
        if self._random.random() < 0.3:
            self._scale = math.exp(self._random.normal(0, 0.25))

    def add(self, sign: str, strokes: Strokes, raised: bool) -> None:
        random = self._random
        placed = self._sized(sign, strokes)
        corner, end = _bounds(placed)
        width, height = end - corner
        if sign == "·":
            top = random.normal(0, 0.06) - height / 2
        elif sign == ".":
            top = 0.5 - height * random.uniform(0, 0.9) + random.normal(0, 0.07)
            if random.random() < 0.08:
                top = random.normal(0.05, 0.12)  # a raised point
        else:
            below, spread = MIDDLES.get(sign, (0.0, 0.09))
            spread = self._unsteady if sign.isdigit() else spread
            top = random.normal(below, spread) - height / 2
        if raised:
            scale = random.uniform(0.4, 0.7)
            placed = tuple(scale * stroke for stroke in placed)
            corner, width, height = scale * corner, scale * width, scale * height
            top = -0.5 - height * random.uniform(0.3, 0.7)
        self._right += self._gap_before(sign, width)
        left = self._right
        first = len(self._strokes)
        at = np.array([left, top + self._slope * left]) - corner
        self._strokes += [stroke + at for stroke in placed]
        self._symbols.append((sign.replace("·", "."), frozenset(range(first, len(self._strokes)))))
        self._right, self._last = left + width, sign

    def whole(self) -> WrittenLine:
        """The line, slanted and stretched as a whole."""
        slant = self._random.normal(0, 0.2)
        stretch = math.exp(self._random.normal(0, 0.25))
        shape = LINE * np.array([[stretch, 0], [-slant, 1]])
        return WrittenLine(tuple(s @ shape for s in self._strokes), tuple(self._symbols))

    def _sized(self, sign: str, strokes: Strokes) -> Strokes:
        """The strokes as large as such a sign is."""
        if sign in ".·":
            return strokes
        random = self._random
        corner, end = _bounds(strokes)
        width, height = np.maximum(end - corner, 1e-6)
        if sign in WIDTHS:
            usual, spread = WIDTHS[sign]
            return _spread_bars(sign, _scaled(strokes, self._about(usual, spread) / width), random)
        usual, spread = HEIGHTS.get(sign, (1.0, self._size))
        high = self._scale * self._about(usual, spread)
        wide = height < 0.3 * width
        return _scaled(strokes, 0.7 * high / width if wide else high / height)

    def _about(self, usual: float, spread: float) -> float:
        return usual * math.exp(self._random.normal(0, spread))

    def _gap_before(self, sign: str, width: float) -> float:
        if not self._symbols:
            return 0.0
        random = self._random
        gap = max(self._gap + random.normal(0, self._spread), -0.35 * min(width, 0.6))
        if sign in ".·" or self._last in (".", "·"):
            gap = abs(gap) * random.uniform(0.4, 0.9) + random.uniform(-0.05, 0.08)
        gap, self._space = gap + self._space, 0.0
        return float(gap)


def _spread_bars(sign: str, strokes: Strokes, random: Random) -> Strokes:
    """The bars of an equals sign as far apart, and as askew, as people draw them."""
    if sign != "=" or len(strokes) != 2:
        return strokes
    upper, lower = sorted(strokes, key=lambda stroke: float(stroke[:, 1].mean()))
    gap = random.uniform(0.1, 0.4) - float(lower[:, 1].mean() - upper[:, 1].mean())
    aside = random.normal(0, 0.15) if random.random() < 0.3 else 0.0
    return upper, lower + np.array([aside, gap])


def _dot(random: Random) -> Strokes:
    """A point as a tap or a blot, or a comma."""
    kind, size = random.random(), random.uniform(0.02, 0.2)
    if kind < 0.3:
        return (np.array([[0.0, 0.0], [size * 0.2, size * 0.1]]),)
    if kind < 0.6:
        angles = np.linspace(0, random.uniform(3, 9), 12)
        radii = size / 2 * np.linspace(1, random.uniform(0.3, 1), 12)
        return (np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1),)
    length, bend = random.uniform(0.06, 0.55), random.normal(0, 0.12)
    angle, along = random.uniform(math.radians(35), math.radians(150)), np.linspace(0, 1, 6)
    x = length * (along * math.cos(angle) + bend * np.sin(math.pi * along))
    if random.random() < 0.2:
        x = -x
    return (np.stack([x, length * along * math.sin(angle)], axis=1),)


def _scaled(strokes: Strokes, scale: float) -> Strokes:
    return tuple(scale * stroke for stroke in strokes)


def _bounds(strokes: Strokes) -> tuple[Stroke, Stroke]:
    points = np.concatenate(strokes)
    return points.min(axis=0), points.max(axis=0)
