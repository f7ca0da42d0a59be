"""What a symbol's place and shape say: powers, points half-way up that multiply, and colons."""

from collections.abc import Sequence
from dataclasses import replace

from mnist_cnn.expressions.symbol import Symbol

RAISED_POINT = "·"

SMALLEST, LARGEST, ABOVE, APART = 0.3, 0.75, 0.5, 0.5
"""A power's height, as a share of what it stands beside, how far down that it reaches at most, and
how far from it, or from the digit before, it begins."""

SIGNS = ("+", "-")
"""What a power may hold beside digits."""

RUNS_ON = (*"0123456789.",)
"""What, directly after a power, would be read as part of it."""

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
    at = 0
    while at < len(symbols):
        symbol = symbols[at]
        end = _end_of_power(symbols, at, base) if base else at
        if end == at:
            found.append(symbol)
            base = symbol if symbol.text.isdigit() or symbol.text == ")" else None
            at += 1
        else:
            found += _power(symbols[at:end], symbols[end : end + 1])
            base, at = None, end
    return tuple(found)


def _end_of_power(symbols: Sequence[Symbol], at: int, base: Symbol) -> int:
    """The place of the first symbol from here on that does not belong to the base's power."""
    right = symbols[at - 1].box[2]
    while at < len(symbols):
        symbol, after = symbols[at], symbols[at + 1 : at + 2]
        if symbol.text in SIGNS:
            signed = after and after[0].text.isdigit() and _is_above(after[0], base, symbol.box[2])
            raised = bool(signed) and _is_high(symbol, base, right)
        else:
            raised = symbol.text.isdigit() and _is_above(symbol, base, right)
        if not raised:
            break
        right = symbol.box[2]
        at += 1
    return at


def _power(raised: Sequence[Symbol], after: Sequence[Symbol]) -> list[Symbol]:
    """The symbols of a power behind a `^`, in brackets where its end would else not be seen."""
    mark = Symbol("^", 1.0, raised[0].box, ())
    signs = any(symbol.text in SIGNS for symbol in raised[1:])
    if signs or (after and after[0].text in RUNS_ON):
        opened, closed = (Symbol(text, 1.0, raised[0].box, ()) for text in "()")
        return [mark, opened, *raised, closed]
    return [mark, *raised]


def _is_above(symbol: Symbol, base: Symbol, right: float) -> bool:
    """Whether a symbol, to the right of this place, is small and above its base."""
    height = base.box[3] - base.box[1]
    small = SMALLEST < (symbol.box[3] - symbol.box[1]) / max(height, 1e-9) < LARGEST
    return small and _is_high(symbol, base, right)


def _is_high(symbol: Symbol, base: Symbol, right: float) -> bool:
    height = base.box[3] - base.box[1]
    near = symbol.box[0] < right + APART * height
    return near and symbol.box[3] < base.box[1] + ABOVE * height
