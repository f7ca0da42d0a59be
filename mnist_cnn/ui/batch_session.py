"""What one session has read of a batch, and what its visitor has corrected."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.batch.results import Result
from mnist_cnn.batch.turned import Suggestion

NONE = -1
"""In place of a digit or a label where there is none."""

Cell = tuple[int, int]
"""True and predicted digit; the latter is `NONE` where no digit was recognised."""


@dataclass(frozen=True)
class Columns:
    """A batch as columns, corrections included: arrays (n,), a value per result.

    Every number, list and chart of the page comes from these, by the rules of `Result`.
    """

    labels: NDArray[np.int8]
    digits: NDArray[np.int8]
    status: NDArray[np.str_]
    confidence: NDArray[np.float64]

    def view(self, name: str) -> NDArray[np.bool_]:
        """Which results (n,) belong to one of `VIEWS`."""
        return VIEWS[name](self)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """(n,): has a label, and could be read."""
        return np.asarray((self.labels != NONE) & (self.status != "error"))

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,): labelled, and its digit is the label. All else that is labelled is wrong."""
        return np.asarray(self.labelled & (self.digits == self.labels))

    @property
    def matrix(self) -> NDArray[np.int64]:
        """Counts (10, 11) of true against predicted digits, the last column for no digit."""
        known = self.labelled
        digits = np.where(self.digits == NONE, 10, self.digits)[known].astype(np.int64)
        return metrics.confusion_matrix(self.labels[known].astype(np.int64), digits, 11)[:10]

    def in_cell(self, cell: Cell) -> NDArray[np.bool_]:
        """Which results (n,) a cell of the matrix counts."""
        return np.asarray(self.labelled & (self.labels == cell[0]) & (self.digits == cell[1]))


VIEWS: dict[str, Callable[[Columns], NDArray[np.bool_]]] = {
    "All": lambda c: np.ones(len(c.labels), np.bool_),
    "Unsure": lambda c: c.status == "unsure",
    "No digit": lambda c: np.isin(c.status, ("not_a_digit", "blank")),
    "Wrong": lambda c: c.labelled & ~c.right,
    "Errors": lambda c: c.status == "error",
    "Corrected": lambda c: c.status == "corrected",
}


@dataclass
class Batch:
    """What one session has read; `corrections` are by row."""

    results: list[Result] = field(default_factory=list)
    corrections: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    whole: bool = False
    run_id: str = ""
    hand: int = 0
    """How many drawings of the visitor's own hand it was read with."""
    note: str = ""
    suggestion: Suggestion | None = None
    """Another way to look at its tables, where that makes far more sense."""
    example: bool = False
    opened: int | None = None
    """The row whose correction buttons the gallery shows."""
    table: tuple[str, Sequence[int]] | None = None
    """The key of the table that is shown, and its rows."""
    generation: int = 0
    """A new table or chart: Streamlit keeps what was typed into the old one."""
    clicks: int = 0
    """How often the filter by a cell was taken away."""
    sheets: frozenset[str] = frozenset()
    """The names of the files that are sheets; known once `columns` are."""
    _read: Columns | None = None
    _corrected: Columns | None = None

    def correct(self, row: int, digit: int | None) -> None:
        """Counts a row as what a person says; None takes that back."""
        if digit is None:
            self.corrections.pop(row, None)
        else:
            self.corrections[row] = digit
        self._corrected, self.note = None, ""

    def undo(self) -> None:
        self.corrections.clear()
        self._corrected, self.note = None, ""
        self.renew()

    def renew(self) -> None:
        self.table = None
        self.generation += 1

    def corrected(self) -> Iterator[Result]:
        """The results with a person's corrections in them."""
        for row, result in enumerate(self.results):
            digit = self.corrections.get(row)
            yield result if digit is None else replace(result, correction=digit)

    @property
    def columns(self) -> Columns:
        """All results as columns: made once, and again after a correction."""
        if self._read is None or len(self._read.labels) != len(self.results):
            self._read, self._corrected = _columns(self.results), None
            boxed = (r.item.name for r in self.results if r.item.box)
            self.sheets = frozenset(name.rpartition(" #")[0] for name in boxed)
        if self._corrected is None:
            self._corrected = _with_corrections(self._read, self.corrections)
        return self._corrected


def _columns(results: Sequence[Result]) -> Columns:
    def digits(values: Iterator[int | None]) -> NDArray[np.int8]:
        return np.array([NONE if value is None else value for value in values], np.int8)

    return Columns(
        digits(r.item.label for r in results),
        digits(r.digit for r in results),
        np.array([r.status for r in results], "U11"),
        np.array([r.prediction.confidence if r.prediction else NONE for r in results], np.float64),
    )


def _with_corrections(read: Columns, corrections: dict[int, int]) -> Columns:
    if not corrections:
        return read
    rows = list(corrections)
    changed = Columns(*(column.copy() for column in vars(read).values()))
    changed.digits[rows] = list(corrections.values())
    changed.status[rows] = "corrected"
    changed.confidence[rows] = np.inf
    return changed
