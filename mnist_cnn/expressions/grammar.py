"""What may follow what on a line. Light: it decides where the network finds two readings alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.models.classes import SYMBOLS, UNKNOWN

UNUSUAL, UNBALANCED, LETTER, SLASH = 3.0, 3.0, 2.0, 0.65
"""What a symbol costs that does not usually stand there, a bracket without its other, a letter, and
a slash, in nats. Fitted, as those below, on numbers that training and validation writers of UNIPEN
wrote and on lines generated in the hands of validation writers."""

SHORT, LONG = 4, 2.0
"""How many digits stand before and after a slash that costs nothing, and what more of them cost:
a long number with a slash in it is likelier one with a leaning 1."""

FOLLOWS: dict[str, str] = {
    "^": "d(-.+$",
    "d": "d.+-×/=():%$",
    ".": "d",
    "+": "d(.",
    "-": "d(.$-",
    "×": "d(-.",
    "/": "d(-.",
    "=": "d-(.",
    "(": "d(-.",
    ")": "+-×/=)d.",
    ":": "d",
    "%": "+-×/=)",
    "$": "d.+-×/=)",
    UNKNOWN: "^d.+-×/=():%$" + UNKNOWN,
}
"""By kind: d is any digit, ^ the beginning, × also ÷."""


def _kind(symbol: str) -> str:
    if symbol.isdigit():
        return "d"
    return "×" if symbol == "÷" else symbol


COSTS = {UNKNOWN: LETTER, "/": SLASH}

KINDS = tuple(_kind(symbol) for symbol in SYMBOLS)


@dataclass(frozen=True)
class LineSoFar:
    """What matters of the symbols so far: the last one's kind, open brackets, equals signs, how
    many digits the last number has, and whether a slash stands before it."""

    last: str = "^"
    opened: int = 0
    equals: int = 0
    digits: int = 0
    divided: bool = False

    def followed_by(self, choice: int) -> "tuple[LineSoFar, float]":
        """With one more symbol, by its class, and what that costs."""
        kind = KINDS[choice]
        cost = 0.0 if kind in FOLLOWS[self.last] + UNKNOWN else UNUSUAL
        opened, equals = self.opened, self.equals
        digits, divided = (self.digits + 1, self.divided) if kind == "d" else (0, kind == "/")
        if (kind == "/" and self.digits > SHORT) or (divided and digits == SHORT + 1):
            cost += LONG
        cost += COSTS.get(kind, 0.0)
        if kind == "(":
            opened += 1
        elif kind == ")":
            cost += 0.0 if opened else UNBALANCED
            opened = max(0, opened - 1)
        elif kind == "=":
            cost += UNUSUAL if equals else 0.0
            equals += 1
        return LineSoFar(kind, opened, equals, digits, divided), cost

    @property
    def cost_of_end(self) -> float:
        """Brackets that stay open, and behind an equals sign a result that does not end."""
        broken_off = self.equals and self.last not in "d)=%$" + UNKNOWN
        return UNBALANCED * self.opened + (UNUSUAL if broken_off else 0.0)


def costs_between(before: LineSoFar, after: int | None) -> NDArray[np.float64]:
    """(classes,): what each class costs behind a line so far, with the class that follows."""
    costs = np.zeros(len(KINDS))
    for choice in range(len(KINDS)):
        line, cost = before.followed_by(choice)
        costs[choice] = cost + (0.0 if after is None else line.followed_by(after)[1])
    return costs
