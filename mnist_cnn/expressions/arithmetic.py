"""The value of written arithmetic, exactly, or what is wrong with it and where.

equation    sum ["=" [sum]]
sum         product {("+" | "-") product}
product     signed {("×" | "÷" | "/") signed}
signed      "-" signed | power
power       (number | "(" sum ")") ["^" signed]
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from mnist_cnn.errors import BadExpression

LARGEST = 10**30

MAX_EXPONENT = 100

DEPTH = 50

OTHER_SIGNS = {"−": "-", "–": "-", "*": "×", "·": "×", "x": "×", ":": "÷"}

ROOT = re.compile(r"√\(([^()]*)\)")

FRACTION = re.compile(r"\(([^()]*)\)/\(([^()]*)\)")

LATEX = {"×": r"\times ", "÷": r"\div ", "·": r"\cdot ", "%": r"\%", "$": r"\$"}


@dataclass(frozen=True)
class Value:
    """What an expression comes to.

    `holds` says whether an equation with two sides is true; `rounded` that it is so to as many
    decimals as were written.
    """

    number: Fraction
    holds: bool | None = None
    rounded: bool = False
    asked: bool = False

    @property
    def exact(self) -> str:
        """`19`, `0.192` or `1/3`."""
        return _exact(self.number)

    @property
    def decimal(self) -> str:
        """Where the exact value is a fraction: `0.333…`; else nothing."""
        if "/" not in self.exact:
            return ""
        sign = "-" if self.number < 0 else ""
        thousandths = int(abs(self.number) * 1000)
        return f"{sign}{thousandths // 1000}.{thousandths % 1000:03d}…"


def evaluate(text: str) -> Value:
    """The value of an expression such as `12+7`, `12+7=` or `12+7=19`.

    Raises:
        BadExpression: it is none, or divides by zero; says where.
    """
    return _Parser(text).equation()


def latex(text: str) -> str:
    """The expression for LaTeX."""
    written = "".join(LATEX.get(sign, sign) for sign in text).strip()
    written = re.sub(r"\^(-?\d+|\([^()]*\))", _raised, written)
    for _ in range(DEPTH):
        inner = ROOT.sub(r"\\sqrt{\1}", FRACTION.sub(r"\\frac{\1}{\2}", written))
        if inner == written:
            break
        written = inner
    return written


def _raised(power: re.Match[str]) -> str:
    return f"^{{{power[1].removeprefix('(').removesuffix(')')}}}"


def _exact(number: Fraction) -> str:
    denominator = number.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    places = max(twos, fives)
    if denominator != 1 or places > 12:
        return f"{number.numerator}/{number.denominator}"
    digits = f"{abs(number.numerator) * 10**places // number.denominator:0{places + 1}d}"
    sign = "-" if number < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = "".join(OTHER_SIGNS.get(sign, sign) for sign in text if sign != " ")
        self._at = 0
        self._depth = 0

    def equation(self) -> Value:
        if not self._text:
            raise BadExpression("There is nothing to work out.")
        if "√" in self._text:
            place = self._text.index("√") + 1
            raise BadExpression(f"The √ at place {place} is a root; roots are not worked out.")
        left = self._sum()
        if self._next() == "=":
            self._at += 1
            if not self._next():
                return Value(left, asked=True)
            begun = self._at
            right = self._sum()
            self._nothing_left()
            return self._compared(left, right, self._text[begun:])
        self._nothing_left()
        return Value(left)

    def _compared(self, left: Fraction, right: Fraction, written: str) -> Value:
        decimals = written.partition(".")[2]
        close = bool(re.fullmatch(r"-?\d*\.\d+", written)) and left != right
        near = close and abs(left - right) * 2 * 10 ** len(decimals) <= 1
        return Value(left, holds=left == right or near, rounded=near)

    def _nothing_left(self) -> None:
        sign = self._next()
        if sign == ")":
            raise self._wrong("closes a bracket that was never opened")
        if sign == "=":
            raise self._wrong("is a second equals sign")
        if sign == "." or sign.isdigit():
            raise self._wrong("follows without a sign between them")
        if sign == "(":
            raise self._wrong("follows without a sign before it; please write ×")
        if sign:
            raise self._wrong("does not belong here")

    def _sum(self) -> Fraction:
        total = self._product()
        while self._next() in ("+", "-"):
            sign = self._take()
            term = self._product()
            total = self._bounded(total + term if sign == "+" else total - term)
        return total

    def _product(self) -> Fraction:
        total = self._signed()
        while self._next() in ("×", "÷", "/"):
            if self._take() == "×":
                total = self._bounded(total * self._signed())
                continue
            divisor = self._signed()
            if divisor == 0:
                raise BadExpression("Division by zero.")
            total = self._bounded(total / divisor)
        return total

    def _signed(self) -> Fraction:
        self._depth += 1
        if self._depth > DEPTH:
            raise BadExpression("That is nested too deeply.")
        try:
            if self._next() == "-":
                self._at += 1
                return -self._signed()
            base = self._bracket() if self._next() == "(" else self._number()
            if self._next() != "^":
                return base
            self._at += 1
            return self._power(base, self._signed())
        finally:
            self._depth -= 1

    def _power(self, base: Fraction, exponent: Fraction) -> Fraction:
        if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
            raise BadExpression(f"Powers are worked out up to whole {MAX_EXPONENT}s.")
        if base == 0 and exponent < 0:
            raise BadExpression("Division by zero.")
        return self._bounded(base ** int(exponent))

    def _bracket(self) -> Fraction:
        opened = self._at
        self._at += 1
        total = self._sum()
        if self._next() != ")":
            if self._next():
                self._nothing_left()
            raise BadExpression(f"The bracket at place {opened + 1} is never closed.")
        self._at += 1
        return total

    def _number(self) -> Fraction:
        begun = self._at
        while self._next().isdigit() or self._next() == ".":
            self._at += 1
        written = self._text[begun : self._at]
        if written.count(".") > 1:
            raise BadExpression(f"{written} has {written.count('.')} decimal points.")
        if written == ".":
            self._at = begun
            raise self._wrong("is a decimal point without digits")
        if written:
            return self._bounded(Fraction(written))
        if not self._next():
            raise BadExpression(f"Something is missing after {self._text[-1]} at the end.")
        raise self._wrong("stands where a number should be")

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _wrong(self, what: str) -> BadExpression:
        return BadExpression(f"The {self._next()} at place {self._at + 1} {what}.")

    @staticmethod
    def _bounded(number: Fraction) -> Fraction:
        if abs(number.numerator) > LARGEST or number.denominator > LARGEST:
            raise BadExpression("The numbers grow too large to show.")
        return number
