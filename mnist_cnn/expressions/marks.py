"""The text of a line by its symbols, some of which are marks of its layout."""

from collections.abc import Sequence

from mnist_cnn.expressions.symbol import Symbol

DIVIDING, JOINING = ("÷", ":", "/"), ("+", "-", "×", "÷")


def text_of(symbols: Sequence[Symbol]) -> str:
    """What the symbols come to: lines above a bar with a result below are one sum, and what a
    fraction divides is divided by all of it."""
    bar = next((n for n, symbol in enumerate(symbols) if _is_mark(symbol, "=")), 0)
    opened, closed = _divisors(symbols)
    text = ""
    for number, symbol in enumerate(symbols):
        own = _between(symbols[number:bar]) if _ends_above(symbol, number, bar) else symbol.text
        text += "(" * (number in opened) + own + ")" * (number in closed)
    return text


def _ends_above(symbol: Symbol, number: int, bar: int) -> bool:
    return number < bar and _is_mark(symbol, "\n")


def _between(symbols: Sequence[Symbol]) -> str:
    """What stands for the first of these, an end of a line of a sum in a column: nothing where the
    next line begins with its sign, a plus where only the last of the sum has one."""
    if symbols[1].text in JOINING:
        return ""
    last = max(n for n, symbol in enumerate(symbols) if _is_mark(symbol, "\n"))
    return "+" if symbols[last + 1].text == "+" else "\n"


def _divisors(symbols: Sequence[Symbol]) -> tuple[set[int], set[int]]:
    """Where fractions begin and end that something is divided by."""
    opened, closed = set(), set()
    for bar, symbol in enumerate(symbols):
        if not _is_mark(symbol, "/"):
            continue
        begins = _bracket(symbols, bar, -1)
        if begins and symbols[begins - 1].text in DIVIDING:
            opened.add(begins)
            closed.add(_bracket(symbols, bar, 1))
    return opened, closed


def _bracket(symbols: Sequence[Symbol], bar: int, step: int) -> int:
    """The far bracket of what stands before a fraction's bar, or after it."""
    at, depth = bar + step, 0
    while True:
        depth += _is_mark(symbols[at], "(") - _is_mark(symbols[at], ")")
        if depth == 0:
            return at
        at += step


def _is_mark(symbol: Symbol, text: str) -> bool:
    return symbol.mark and symbol.text == text
