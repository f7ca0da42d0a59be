"""What a symbol's place and shape say: powers, points half-way up that multiply, and colons."""

from collections.abc import Sequence
from dataclasses import replace

from mnist_cnn.expressions.line import Symbol

RAISED_POINT = "·"

SMALLEST, LARGEST, ABOVE, APART = 0.3, 0.75, 0.5, 0.5
"""A power's height, as a share of what it stands beside, how far down that it reaches at most, and
how far from it, or from the digit before, it begins."""

SLIM = 0.4
"""The width of a colon at most, as a share of its height."""

HALF_WAY = (0.3, 0.66)
"""How far down the digit before it the middle of a point lies that multiplies, at least and at
most, as a share of its height."""


def by_place(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """The symbols of a line with a `^` before every power, with `·` for a point that multiplies,
    and with a colon for a ÷ that has no bar."""
    return _with_powers(_with_raised_points([_or_colon(symbol) for symbol in symbols]))


def _or_colon(symbol: Symbol) -> Symbol:
    """A ÷ without its bar is two points: a colon."""
    left, top, right, bottom = symbol.box
    slim = right - left < SLIM * (bottom - top)
    return replace(symbol, text=":") if symbol.text == "÷" and slim else symbol


def _with_raised_points(symbols: Sequence[Symbol]) -> list[Symbol]:
    found = list(symbols)
    for place in range(1, len(symbols) - 1):
        before, point, after = symbols[place - 1 : place + 2]
        if point.text == "." and before.text.isdigit() and after.text.isdigit():
            middle = (point.box[1] + point.box[3]) / 2 - before.box[1]
            share = middle / max(before.box[3] - before.box[1], 1e-9)
            if HALF_WAY[0] < share < HALF_WAY[1]:
                found[place] = replace(point, text=RAISED_POINT)
    return found


def _with_powers(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    found: list[Symbol] = []
    base: Symbol | None = None
    right = 0.0
    raised = False
    for symbol in symbols:
        if base and symbol.text.isdigit() and _is_above(symbol, base, right):
            if not raised:
                found.append(Symbol("^", 1.0, symbol.box, ()))
            raised = True
        else:
            raised = False
            base = symbol if symbol.text.isdigit() or symbol.text == ")" else None
        right = symbol.box[2]
        found.append(symbol)
    return tuple(found)


def _is_above(symbol: Symbol, base: Symbol, right: float) -> bool:
    """Whether a symbol, to the right of this place, is small and above its base."""
    height = base.box[3] - base.box[1]
    small = SMALLEST < (symbol.box[3] - symbol.box[1]) / max(height, 1e-9) < LARGEST
    near = symbol.box[0] < right + APART * height
    return small and near and symbol.box[3] < base.box[1] + ABOVE * height
