"""Symbols that people put right in lines that they drew, each with the line it stands on.

    artifacts/symbols.jsonl     what each is, the strokes of its line, and which are its own

A network of symbols learns from them as it sees a line: what stands around a symbol counts too.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.corrections import Correction
from mnist_cnn.data.journal import Journal
from mnist_cnn.errors import BadInput
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.ink.strokes import on_grid
from mnist_cnn.models.classes import SYMBOLS, UNKNOWN
from mnist_cnn.records import Stroke

MAX_POINTS = 6000
"""Lines with more are not kept."""


@dataclass(frozen=True)
class SymbolCorrection:
    """What a person says that some strokes of a line are.

    `strokes`, each (points, 2), are the whole line; `members` the numbers of the symbol's own;
    `read` is what run `run_id` took it for; `height` is that of the line's digits, 0 where it is
    not known: beside a fraction or a root a line is larger than its own strokes tell.
    """

    text: str
    strokes: tuple[Stroke, ...]
    members: tuple[int, ...]
    read: str = ""
    run_id: str = ""
    height: float = 0.0

    @property
    def id(self) -> str:
        """The same for the same strokes of the same line."""
        drawn = repr((sorted(self.members), _rounded(self.strokes)))
        return hashlib.sha256(drawn.encode()).hexdigest()[:16]

    @property
    def own(self) -> tuple[Stroke, ...]:
        """The symbol's strokes, (points, 2) each, as they are kept."""
        chosen = tuple(self.strokes[number] for number in self.members)
        return tuple(np.array(stroke) for stroke in _rounded(chosen))

    def framed(self) -> NDArray[np.uint8]:
        """The symbol by itself, uint8 (28, 28), as a hand keeps it."""
        return to_uint8(normalize_strokes(on_grid(self.own)))

    @property
    def held_out(self) -> bool:
        """Whether it is a digit that is only measured on, as among the corrections of digits."""
        return self.text.isdigit() and Correction(int(self.text), self.framed()).held_out


def add(correction: SymbolCorrection) -> bool:
    """Keeps it; once this returns it outlives a power cut. Lines of too many points are passed
    over; whether it was kept.

    Raises:
        BadInput: it is no symbol, or has strokes that the line has not.
        StorageFailed: the disk is full, or may not be written to, or there are too many.
    """
    _check(correction)
    if sum(map(len, correction.strokes)) > MAX_POINTS:
        return False
    _journal.append(
        [
            {
                "id": correction.id,
                "label": correction.text,
                "read": correction.read,
                "run": correction.run_id,
                "members": list(correction.members),
                "strokes": _rounded(correction.strokes),
                "height": round(correction.height, 1),
            }
        ]
    )
    return True


def take_back(correction: SymbolCorrection) -> None:
    """Forgets what was said of these strokes.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    _journal.take_back(correction.id)


def load() -> tuple[SymbolCorrection, ...]:
    """Every one that counts, in the order in which the symbols came first."""
    return _journal.load()


def _rounded(strokes: tuple[Stroke, ...]) -> list[list[list[float]]]:
    return [np.asarray(stroke, float).round(1).tolist() for stroke in strokes]


def _check(correction: SymbolCorrection) -> None:
    text, members = correction.text, correction.members
    if len(text) != 1 or text not in SYMBOLS or text == UNKNOWN:
        raise BadInput(f"A symbol is one of {SYMBOLS[:-1]}; got {text!r}.")
    if not members or not set(members) <= set(range(len(correction.strokes))):
        raise BadInput("A symbol is made of strokes of its line; got others.")


def _of_row(row: dict[str, Any]) -> SymbolCorrection:
    strokes = tuple(np.array(stroke, np.float64).reshape(-1, 2) for stroke in row["strokes"])
    if not all(len(stroke) and np.isfinite(stroke).all() for stroke in strokes):
        raise ValueError("a stroke without points")
    members = tuple(int(member) for member in row["members"])
    read, run_id = str(row.get("read", "")), str(row.get("run", ""))
    height = float(row.get("height", 0.0))
    if not 0 <= height < math.inf:
        raise ValueError("a height that is none")
    correction = SymbolCorrection(str(row["label"]), strokes, members, read, run_id, height)
    try:
        _check(correction)
    except BadInput as error:
        raise ValueError(str(error)) from error
    return correction


_journal = Journal("symbols.jsonl", _of_row)
