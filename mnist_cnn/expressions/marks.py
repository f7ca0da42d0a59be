"""What the marks between runs come to, once it is known what the runs say."""

from collections.abc import Sequence

from mnist_cnn.expressions.layout import Part
from mnist_cnn.expressions.line import Line, Symbol

DIVIDING, JOINING = ("÷", ":", "/"), ("+", "-", "×", "÷")


def settled(parts: Sequence[Part], runs: Sequence[Line]) -> list[Line]:
    """The runs and marks of a layout in the order of reading: lines above a bar with a result
    below are one sum, and what a fraction divides is divided by all of it."""
    bar = next((n for n, part in enumerate(parts) if part.mark == "="), 0)
    opened, closed = _divisors(parts, runs)
    found: list[Line] = []
    for number, (part, run) in enumerate(zip(parts, runs, strict=True)):
        if part.mark == "\n" and number < bar:
            found += _between(parts[number:bar], runs[number:bar])
            continue
        found += [_mark("(")] * (number in opened) + [run] + [_mark(")")] * (number in closed)
    return found


def _between(parts: Sequence[Part], runs: Sequence[Line]) -> list[Line]:
    """What stands for the first of these parts, an end of a line of a sum in a column: nothing
    where the next begins with its sign, a plus where only the last of a sum has one."""
    if runs[1].text.startswith(JOINING):
        return []
    last = max(n for n, part in enumerate(parts) if part.mark == "\n")
    return [_mark("+")] if runs[last + 1].text.startswith("+") else [runs[0]]


def _divisors(parts: Sequence[Part], runs: Sequence[Line]) -> tuple[set[int], set[int]]:
    """Where fractions begin and end that something is divided by."""
    opened, closed = set(), set()
    for bar, part in enumerate(parts):
        if part.mark != "/":
            continue
        begins = _bracket(parts, bar, -1)
        if begins and runs[begins - 1].text.endswith(DIVIDING):
            opened.add(begins)
            closed.add(_bracket(parts, bar, 1))
    return opened, closed


def _bracket(parts: Sequence[Part], bar: int, step: int) -> int:
    """The far bracket of what stands before a fraction's bar, or after it."""
    at, depth = bar + step, 0
    while True:
        depth += {"(": 1, ")": -1}.get(parts[at].mark, 0)
        if depth == 0:
            return at
        at += step


def _mark(text: str) -> Line:
    symbol = Symbol(text, 1.0, (0.0, 0.0, 0.0, 0.0), ())
    return Line(text, (symbol,), margin=float("inf"))
