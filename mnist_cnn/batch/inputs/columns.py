"""Which columns of a table are pixels, and which is the label: by names, by values, or by choice.

A label is never guessed: where neither a name nor the values leave it beyond doubt, the person who
brought the table is asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.errors import BadInput

Numbers = NDArray[Any]

LABELS = {
    "label", "labels", "class", "classes", "target", "targets", "digit", "y", "truth",
    "category", "answer", "true", "true_label", "ground_truth", "groundtruth", "class_label",
}  # fmt: skip
"""What people call the column of labels."""

INDEXES = {"id", "ids", "index", "idx", "imageid", "image_id", "row", "row_id", "rowid", "nr", "no"}
"""What they call a column that only counts the rows."""

SIDES = range(8, 65)
"""Pixels that the side of a square image may have."""

HOW = "first, last, none or its name (`--label` on the command line)"


@dataclass(frozen=True)
class Columns:
    """The places of a table's pixels (side²,), and of its label (0,), (1,), or (10,) of which one
    is 1."""

    pixels: NDArray[np.intp]
    label: NDArray[np.intp]

    @property
    def side(self) -> int:
        """Pixels that an image has on a side."""
        return int(len(self.pixels) ** 0.5)

    def images(self, rows: Numbers) -> Numbers:
        """The images (n, side, side) of rows (n, columns)."""
        first, last = self.pixels[0], self.pixels[-1]
        whole = last - first + 1 == len(self.pixels) and (np.diff(self.pixels) == 1).all()
        values = rows[:, first : last + 1] if whole else rows[:, self.pixels]
        return values.reshape(-1, self.side, self.side)

    def labels(self, rows: Numbers) -> Numbers | None:
        """The labels (n,) of rows (n, columns), NaN where there is none; None without a column."""
        if not len(self.label):
            return None
        values = rows[:, self.label]
        if len(self.label) == 1:
            return values[:, 0]
        return np.where(one_hot(values), values.argmax(axis=1), np.nan)


def find_columns(names: Sequence[str] | None, rows: Numbers, wanted: str) -> Columns:
    """Which columns are what.

    Args:
        names: of the columns, where there are any.
        rows: the first of the table, (n, columns); NaN for what is no number.
        wanted: `first`, `last`, `none` or a name; empty where it is to be found.

    Raises:
        BadInput: it is no table of square images, or its label has to be chosen.
    """
    if names is not None:
        return _by_names([name.strip() for name in names], rows, wanted)
    if wanted not in ("", "first", "last", "none"):
        raise BadInput(f"It has no column {wanted!r:.40}: its columns have no names.")
    return _by_places(rows, wanted)


def _by_names(names: Sequence[str], rows: Numbers, wanted: str) -> Columns:
    width = len(names)
    label = label_place(names, wanted)
    others = [column for column in range(width) if column != label]
    pixels = [column for column in others if names[column].lower() not in INDEXES]
    if not _is_square(len(pixels)):
        pixels = [column for column in pixels if re.search(r"\d", names[column])]
    if not _is_square(len(pixels)):
        raise _no_table(width)
    pixels = _in_order(names, pixels)
    if label is not None or wanted:
        return _columns(pixels, [] if label is None else [label])
    extra = sorted(set(others) - set(pixels))
    if len(extra) == 10 and one_hot(rows[:, extra]).all():
        return _columns(pixels, extra)
    for column in extra:
        if names[column].lower() not in INDEXES and _kind(rows[:, column]) == "digits":
            raise BadInput(
                f"It has a column {names[column]!r:.40} beside its {len(pixels)} pixels, which may "
                f"be the label or not; please choose the label: {HOW}."
            )
    return _columns(pixels, [])


def _by_places(rows: Numbers, wanted: str) -> Columns:
    columns = list(range(rows.shape[1]))
    count = max((side * side for side in SIDES if side * side <= len(columns)), default=0)
    extra = len(columns) - count
    if not count or extra not in (0, 1, 2, 10, 11) or (not extra and wanted in ("first", "last")):
        raise _no_table(len(columns))
    label: list[int] = []
    if wanted in ("first", "last"):
        label, extra = [columns.pop(0 if wanted == "first" else -1)], extra - 1
    counts = ("index", "count") if extra in (2, 11) or label else ("index",)
    if extra and _kind(rows[:, columns[0]]) in counts:
        columns, extra = columns[1:], extra - 1
    if not extra:
        return _columns(columns, label)
    if extra == 1 and not label:
        place = _label_place(rows[:, columns], wanted)
        label = [columns.pop(place)]
        return _columns(columns, [] if wanted == "none" else label)
    for some in (columns[:10], columns[-10:]):
        if extra == 10 and one_hot(rows[:, some]).all():
            rest = sorted(set(columns) - set(some))
            return _columns(rest, [] if wanted == "none" else some)
    raise _no_table(rows.shape[1])


def _label_place(rows: Numbers, wanted: str) -> int:
    """0 or -1: whether the first column is the label, or the last. Beside a label stands the
    corner of the images, which is paper: always the same, or at least no digit."""
    first, last = (_kind(rows[:, place]) for place in (0, -1))
    if first == "constant" != last:
        first = "none" if rows[0, 0] in (0, 255) else "digits"
    if last == "constant" != first:
        last = "none" if rows[0, -1] in (0, 255) else "digits"
    if first == last == "constant":
        first, last = ("digits" if 1 <= rows[0, place] <= 9 else "none" for place in (0, -1))
    likely = [kind in ("digits", "count") for kind in (first, last)]
    if sum(likely) == 1 and "digits" in (first, last):
        return 0 if likely[0] else -1
    if wanted == "none":
        return 0
    raise BadInput(
        f"It has {rows.shape[1]:,} columns without names, and their values do not tell which is "
        "the label; please choose it: first, last or none (`--label` on the command line)."
    )


def _columns(pixels: Sequence[int], label: Sequence[int]) -> Columns:
    return Columns(np.array(pixels, np.intp), np.array(label, np.intp))


def label_place(names: Sequence[str], wanted: str) -> int | None:
    """Where the label stands by its name: the one that is wanted, else one that is usual.

    Raises:
        BadInput: there is no such column, or there are several that are usual.
    """
    return _wanted_place(names, wanted) if wanted else _named_place(names)


def _wanted_place(names: Sequence[str], wanted: str) -> int | None:
    known = [name.lower() for name in names]
    if wanted.lower() in known:
        return known.index(wanted.lower())
    if wanted in ("first", "last", "none"):
        return {"first": 0, "last": len(names) - 1}.get(wanted)
    shown = ", ".join(name for name in names if name and not re.search(r"\d", name)) or "none"
    raise BadInput(f"It has no column {wanted!r:.40}; those beside its pixels are: {shown:.80}.")


def _named_place(names: Sequence[str]) -> int | None:
    found = [column for column, name in enumerate(names) if name.lower() in LABELS]
    if len(found) > 1:
        both = " and ".join(repr(names[column]) for column in found[:2])
        raise BadInput(f"Its columns {both} may both be the label; please choose it: {HOW}.")
    return found[0] if found else None


def _in_order(names: Sequence[str], columns: list[int]) -> list[int]:
    """The columns by their numbers, where each name has one of its own."""
    numbers = [re.findall(r"\d+", names[column][:80]) for column in columns]
    keys = [int(found[0]) for found in numbers if len(found) == 1]
    if len(set(keys)) < len(columns):
        return columns
    return [column for _, column in sorted(zip(keys, columns, strict=True))]


def _no_table(width: int) -> BadInput:
    return BadInput(
        f"It has {width} columns; expected 784 pixels, or a label and 784 (or those of another "
        "square image)."
    )


def _is_square(count: int) -> bool:
    return count in {side * side for side in SIDES}


def one_hot(rows: Numbers) -> NDArray[np.bool_]:
    """In which rows, of (n, 10), one value is 1 and all others are 0."""
    return np.asarray(((rows == 0) | (rows == 1)).all(axis=1) & (rows.sum(axis=1) == 1))


def _kind(values: Numbers) -> str:
    """What a column (n,) may be: `digits`, a `count` that stays among them, an `index` beyond,
    `constant`, or `other`."""
    some = np.asarray(values, np.float64)
    if not len(some) or not np.isfinite(some).all() or (some != np.rint(some)).any():
        return "other"
    if (some == some[0]).all():
        return "constant"
    counting = len(some) > 1 and (np.diff(some) == 1).all()
    if ((some >= 0) & (some <= 9)).all():
        return "count" if counting else "digits"
    return "index" if counting and len(some) > 2 else "other"
