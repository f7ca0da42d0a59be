"""What became of a batch: rows, counts, exports."""

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.records import Part, Prediction, PredictionResult

if TYPE_CHECKING:
    from mnist_cnn.ink.picture import Picture

Format = Literal["csv", "jsonl", "kaggle"]

COLUMNS = ("item", "digit", "confidence", "status", "label", "error")
"""Of a CSV export; empty where there is none."""

ERROR_COLUMNS = ("ImageId", "item", "error")

MAX_REASONS = 50

FORMULAS = set("=+-@\t\r\n＝＋－＠")
"""With what a cell begins that spreadsheets take for a formula; full width too."""

SMALL = 160
"""Pixels on the longer side of a picture that is kept to show what was read in it."""


@dataclass(frozen=True)
class Seen:
    """A picture made small, uint8 (height, width), and the part of it that was read."""

    grey: NDArray[np.uint8]
    part: Part

    @classmethod
    def of(cls, picture: "Picture", read: PredictionResult) -> "Seen | None":
        if read.part is None:
            return None
        from PIL import Image

        small = Image.fromarray(picture.grey)
        small.thumbnail((SMALL, SMALL))
        return cls(np.asarray(small), read.part)


@dataclass(frozen=True)
class Result:
    """One digit as read; `status` is "error" where the item could not be, "corrected" where a
    person says which digit it is. `seen` is there where the digit had to be found first."""

    item: Item
    prediction: Prediction | None
    correction: int | None = None
    seen: Seen | None = None

    @property
    def digit(self) -> int | None:
        """What it counts as: what a person says, else what was read, else nothing."""
        if self.correction is not None:
            return self.correction
        return self.prediction.digit if self.prediction else None

    @property
    def status(self) -> str:
        if self.correction is not None:
            return "corrected"
        return self.prediction.status if self.prediction else "error"

    @property
    def labelled(self) -> bool:
        """Whether it can be right or wrong: it has a label, and could be read."""
        return self.item.label is not None and self.status != "error"

    @property
    def right(self) -> bool:
        """No digit is never right."""
        return self.labelled and self.digit == self.item.label

    @property
    def row(self) -> dict[str, Any]:
        """As a row of the exported table. A correction has no confidence."""
        read = self.prediction
        sure = None if read is None or self.correction is not None else round(read.confidence, 4)
        row: dict[str, Any] = {
            "item": self.item.name,
            "digit": self.digit,
            "confidence": sure,
            "status": self.status,
        }
        if self.item.label is not None:
            row["label"] = self.item.label
        if self.item.error:
            row["error"] = self.item.error
        return row


@dataclass
class Summary:
    """What became of a batch so far."""

    items: int = 0
    errors: int = 0
    unsure: int = 0
    not_digits: int = 0
    labelled: int = 0
    right: int = 0
    reasons: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Why items could not be read: of each reason the first item and how many there are."""

    def add(self, result: Result) -> None:
        self.items += 1
        if result.item.error:
            self.add_reason(result.item.error, result.item.name)
        if (status := result.status) != "ok":  # most are
            self.errors += status == "error"
            self.unsure += status == "unsure"
            self.not_digits += status in ("not_a_digit", "blank")
        if result.labelled:
            self.labelled += 1
            self.right += result.right

    def add_reason(self, reason: str, item: str, count: int = 1) -> None:
        """Counts items that could not be read; beyond `MAX_REASONS` they are taken together."""
        if len(self.reasons) >= MAX_REASONS and reason not in self.reasons:
            reason = "Other reasons; each item has its own in CSV, JSON lines and Kaggle's errors."
        first, before = self.reasons.get(reason, (item, 0))
        self.reasons[reason] = first, before + count

    def add_all(self, other: "Summary") -> None:
        """What became of another part of the same batch."""
        for name, value in other.__dict__.items():
            if name != "reasons":
                setattr(self, name, getattr(self, name) + value)
        for reason, (item, count) in other.reasons.items():
            self.add_reason(reason, item, count)

    @property
    def told(self) -> list[str]:
        """A line for each reason why items could not be read."""
        return [
            f"{item}: {reason}" + (f" ({count:,} items like this.)" if count > 1 else "")
            for reason, (item, count) in self.reasons.items()
        ]

    def as_dict(self) -> dict[str, Any]:
        accuracy = self.right / self.labelled if self.labelled else None
        counts = {name: value for name, value in self.__dict__.items() if name != "reasons"}
        return {**counts, "accuracy": accuracy}


def write(results: Iterable[Result], file: IO[str], form: Format = "csv") -> Summary:
    """Writes results as they come; what became of them in all."""
    summary = Summary()
    put = {"csv": _csv_writer, "jsonl": _json_writer, "kaggle": _kaggle_writer}[form](file)
    for result in results:
        summary.add(result)
        put(result)
    return summary


def errors_writer(file: IO[str]) -> Callable[[int, Result], None]:
    """For the file beside Kaggle's, which has no room for them: why items could not be read, by
    their numbers there."""
    writer = csv.writer(file)
    writer.writerow(ERROR_COLUMNS)

    def put(number: int, result: Result) -> None:
        if result.item.error:
            cells = number, result.item.name, result.item.error
            writer.writerow([_escape_formula(cell) for cell in cells])

    return put


def _csv_writer(file: IO[str]) -> Callable[[Result], None]:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)

    def put(result: Result) -> None:
        row = result.row
        writer.writerow([_escape_formula(row.get(name)) for name in COLUMNS])

    return put


def _json_writer(file: IO[str]) -> Callable[[Result], None]:
    return lambda result: print(json.dumps(result.row), file=file)


def _kaggle_writer(file: IO[str]) -> Callable[[Result], None]:
    """ImageId from 1, and always a digit: Kaggle takes no empty label."""
    writer = csv.writer(file)
    writer.writerow(["ImageId", "Label"])
    count = 0

    def put(result: Result) -> None:
        nonlocal count
        count += 1
        known = result.correction
        writer.writerow([count, top_digit(result.prediction) if known is None else known])

    return put


def annotated_sheet(content: bytes | Path, name: str, results: Iterable[Result]) -> bytes:
    """A copy of a sheet, as PNG, with a box and the answer at each of its digits.

    Args:
        content: the sheet's file, of the name that its items carry.
        results: of a whole batch; those of other files are passed over.

    Raises:
        BadImage: the file is no image that can be read.
    """
    from mnist_cnn.ink import sheet  # slow to import, and tables need none of it
    from mnist_cnn.ink.page import read_image

    marks = [
        (result.item.box, _answer(result), result.status in ("ok", "corrected"))
        for result in results
        if result.item.box and result.item.name.rpartition(" #")[0] == name
    ]
    return sheet.annotated(read_image(content), marks)


def _answer(result: Result) -> str:
    return "?" if result.digit is None else str(result.digit)


def top_digit(prediction: Prediction | None) -> int:
    """The likeliest digit, also where the network would rather not say."""
    if prediction is None or not prediction.probabilities:
        return 0
    return prediction.likeliest[0] if prediction.digit is None else prediction.digit


def _escape_formula(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in FORMULAS:
        return "'" + value
    return value
