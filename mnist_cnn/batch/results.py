"""What became of a batch: rows, counts, exports."""

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.ink import sheet
from mnist_cnn.ink.extract import read_image
from mnist_cnn.records import Prediction

Format = Literal["csv", "jsonl", "kaggle"]

FORMULAS = set("=+-@\t\r\n＝＋－＠")
"""With what a cell begins that spreadsheets take for a formula; full width too."""


@dataclass(frozen=True)
class Result:
    """One digit as read; `status` is "error" where the item could not be, "corrected" where a
    person says which digit it is."""

    item: Item
    prediction: Prediction | None
    correction: int | None = None

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

    def add(self, result: Result) -> None:
        self.items += 1
        self.errors += result.status == "error"
        self.unsure += result.status == "unsure"
        self.not_digits += result.status in ("not_a_digit", "blank")
        self.labelled += result.labelled
        self.right += result.right

    def as_dict(self) -> dict[str, Any]:
        accuracy = self.right / self.labelled if self.labelled else None
        return {**self.__dict__, "accuracy": accuracy}


def write(results: Iterable[Result], file: IO[str], form: Format = "csv") -> Summary:
    """Writes results as they come; what became of them in all."""
    summary = Summary()
    put = {"csv": _csv_writer, "jsonl": _json_writer, "kaggle": _kaggle_writer}[form](file)
    for result in results:
        summary.add(result)
        put(result)
    return summary


def _csv_writer(file: IO[str]) -> Callable[[Result], None]:
    writer = csv.writer(file)
    header: list[str] = []

    def put(result: Result) -> None:
        if not header:
            labelled = result.item.label is not None
            header.extend(
                ["item", "digit", "confidence", "status", *(["label"] if labelled else [])]
            )
            writer.writerow(header)
        row = result.row
        writer.writerow([_escape_formula(row.get(name)) for name in header])

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
    return prediction.likeliest[0] if prediction and prediction.likeliest else 0


def _escape_formula(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in FORMULAS:
        return "'" + value
    return value
