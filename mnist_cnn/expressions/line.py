"""A line of writing as it was read."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mnist_cnn.errors import BadExpression
from mnist_cnn.expressions.arithmetic import evaluate
from mnist_cnn.expressions.marks import text_of
from mnist_cnn.expressions.meaning import kind_of, letter_at
from mnist_cnn.expressions.symbol import Symbol
from mnist_cnn.models.classes import UNKNOWN

DOUBTFUL, CLOSE = 0.6, 2.0
"""A symbol that is less sure than that keeps its line from having a value, and so does another
reading that lies fewer nats behind: on numbers by training and validation writers of UNIPEN one
value in a hundred is then wrong."""


@dataclass(frozen=True)
class Line:
    """A number or an equation as read, with what came second and what was tried in vain. Where
    there are several lines of writing, the text has as many."""

    text: str
    symbols: tuple[Symbol, ...]
    second: str = ""
    margin: float = 0.0
    rejected: tuple[Symbol, ...] = ()
    trouble: str = ""
    run_id: str = ""
    seconds: float = 0.0

    @property
    def written(self) -> tuple[Symbol, ...]:
        """The symbols that have strokes."""
        return tuple(symbol for symbol in self.symbols if symbol.strokes)

    @cached_property
    def value(self) -> str | None:
        """What the expression comes to, exactly; None where it comes to nothing."""
        return None if self.remark else evaluate(self.text).exact

    @property
    def answer(self) -> str:
        """What belongs behind the equals sign that the line ends with; nothing elsewhere."""
        return (self.value or "") if self.text.endswith("=") else ""

    @cached_property
    def remark(self) -> str:
        """Why it has no value, in words; nothing where it has one."""
        return self.trouble or self._no_arithmetic() or self._doubt() or self._mistake()

    def _no_arithmetic(self) -> str:
        if "\n" in self.text:
            lines = self.text.split("\n")
            return f"{len(lines)} lines: {', '.join(lines)}."
        if kind := kind_of(self.text):
            return f"{kind[0].upper()}{kind[1:]}."
        if place := letter_at(self.text):
            return f"The x at place {place} is a letter; only numbers are worked out."
        return ""

    def _doubt(self) -> str:
        for place, symbol in enumerate(self.written, 1):
            if symbol.confidence < DOUBTFUL:
                return f"Is symbol {place} a {symbol.text}? Tap it to say what it is."
        if self.second and self.margin < CLOSE:
            return f"Or is it {self.second}? Tap a symbol to say what it is."
        return ""

    def _mistake(self) -> str:
        try:
            evaluate(self.text)
        except BadExpression as error:
            return str(error)
        return ""

    def as_dict(self) -> dict[str, Any]:
        """The form that the command line and the API answer with."""
        symbols = [
            {
                "text": symbol.text,
                "confidence": round(symbol.confidence, 4),
                "box": [round(edge, 2) for edge in symbol.box],
                "strokes": list(symbol.strokes),
            }
            for symbol in self.written
        ]
        return {
            "text": self.text,
            "value": self.value,
            "symbols": symbols,
            "second": self.second,
            "message": self.remark,
        }


def corrected(line: Line, place: int, text: str) -> Line:
    """The line with one symbol replaced by what a person says it is."""
    symbols = list(line.symbols)
    symbols[place] = replace(symbols[place], text=text, confidence=1.0)
    known = all(symbol.text != UNKNOWN for symbol in symbols)
    return replace(
        line,
        text=text_of(symbols),
        symbols=tuple(symbols),
        second="",
        trouble="" if known else line.trouble,
    )
