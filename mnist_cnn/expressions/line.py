"""A line of writing as it was read."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mnist_cnn.errors import BadExpression
from mnist_cnn.expressions.arithmetic import evaluate
from mnist_cnn.expressions.pieces import Box

UNKNOWN = "?"


@dataclass(frozen=True)
class Symbol:
    """One symbol as read: `strokes` are the numbers of its strokes or pieces, `alternatives`
    what else it could be, the likeliest first."""

    text: str
    confidence: float
    box: Box
    strokes: tuple[int, ...]
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Line:
    """A number or an equation as read, with what came second and what was tried in vain."""

    text: str
    symbols: tuple[Symbol, ...]
    second: str = ""
    margin: float = 0.0
    rejected: tuple[Symbol, ...] = ()
    trouble: str = ""
    run_id: str = ""
    seconds: float = 0.0

    @cached_property
    def value(self) -> str | None:
        """What the expression comes to, exactly; None where it comes to nothing."""
        try:
            return None if self.trouble else evaluate(self.text).exact
        except BadExpression:
            return None

    @cached_property
    def remark(self) -> str:
        """What is wrong with it, in words; nothing where it has a value."""
        if self.trouble:
            return self.trouble
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
            for symbol in self.symbols
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
        text="".join(symbol.text for symbol in symbols),
        symbols=tuple(symbols),
        trouble="" if known else line.trouble,
    )
