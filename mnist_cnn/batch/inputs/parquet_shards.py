"""Parquet shards: image files, lists of pixels, or a column for each pixel."""

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.columns import SIDES, find_columns, label_place
from mnist_cnn.batch.inputs.image_files import image_items
from mnist_cnn.batch.inputs.item import CHUNK, FIRST, Item
from mnist_cnn.batch.inputs.pixels import PixelItems, digit_label
from mnist_cnn.batch.inputs.text_numbers import number_of
from mnist_cnn.errors import BadInput

WHOLE_NUMBERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
"""Types of columns that hold nothing else."""

WIDE = 60
"""Columns of numbers from which on a table is taken to have one for each pixel."""


def row_groups(path: Path) -> int:
    """How many row groups a Parquet shard has; one where it is damaged."""
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.ParquetFile(path).num_row_groups)
    except (ArrowException, OSError):
        return 1


def parquet_items(
    name: str, file: IO[bytes], groups: Sequence[int] | None = None, tables: Tables | None = None
) -> Iterator[Item]:
    """The digits of a Parquet shard, or of some of its row groups."""
    from pyarrow import ArrowException, parquet  # slow to import, and seldom needed

    tables = tables or Tables()
    try:
        shard = parquet.ParquetFile(file)
        sizes = [shard.metadata.row_group(n).num_rows for n in range(shard.num_row_groups)]
        wide = len(shard.schema_arrow.names) > WIDE
        reader = _Wide(name, shard, tables) if wide else _Rows(name, shard, tables)
        for group in range(len(sizes)) if groups is None else groups:
            number = sum(sizes[:group])
            for rows in shard.iter_batches(FIRST if wide else CHUNK, row_groups=[group]):
                yield from reader.items(rows, number + 1)
                number += len(rows)
    except BadInput as error:
        yield Item(name, error=str(error))
    except (ArrowException, OSError) as error:
        yield Item(name, error=f"The Parquet file is damaged ({error}).")


class _Wide:
    """A column for each pixel; its first row group tells which column is what."""

    def __init__(self, name: str, shard: Any, tables: Tables) -> None:
        self._name, self._items = name, PixelItems(name, tables)
        names = shard.schema_arrow.names
        first = next(shard.iter_batches(FIRST), None)
        sample = np.zeros((0, len(names))) if first is None else _numbers(first)
        self._columns = find_columns(names, sample, tables.choices.label)

    def items(self, rows: Any, first: int) -> Iterator[Item]:
        values = _numbers(rows)
        names = [f"{self._name} row {first + n}" for n in range(len(values))]
        images, labels = self._columns.images(values), self._columns.labels(values)
        yield from self._items.items(names, images, labels)


def _numbers(rows: Any) -> NDArray[Any]:
    """(rows, columns) of a record batch; NaN for what is no number."""
    columns = []
    for column in rows.columns:
        values = column.to_numpy(zero_copy_only=False)
        if values.dtype.kind not in "biuf":
            values = np.array([number_of(str(value)) for value in values], np.float64)
        columns.append(values)
    return np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0))


class _Rows:
    """A row has an image file, `bytes` or within `image`, or a list of `pixels`; and an `item`,
    its name, and a label where they are known."""

    def __init__(self, name: str, shard: Any, tables: Tables) -> None:
        self._name, self._items = name, PixelItems(name, tables)
        self._names = names = list(shard.schema_arrow.names)
        place = label_place(names, tables.choices.label)
        self._label = None if place is None else names[place]
        kinds = {field.name: str(field.type) for field in shard.schema_arrow}
        self._image = _first(kinds, ("binary", "large_binary", "struct<bytes: "))
        self._pixels = _first(kinds, ("list", "large_list", "fixed_size_list"))
        if not self._image and not self._pixels:
            shown = ", ".join(names)
            raise BadInput(
                "A row needs `bytes`, an image, or `pixels`, a list of 784, or a column for each; "
                f"this one has {shown:.80}."
            )

    def items(self, rows: Any, first: int) -> Iterator[Item]:
        count = len(rows)
        items = rows.column("item").to_pylist() if "item" in self._names else [None] * count
        names = [str(item or f"{self._name} row {first + n}") for n, item in enumerate(items)]
        labels = None
        if self._label:
            labels = _labels(rows.column(self._label))
        if self._image:
            yield from self._pictures(names, rows.column(self._image).to_pylist(), labels)
            return
        for run, known in _of_one_length(rows.column(self._pixels)):
            some = names[run]
            if known is None:
                why = "Its pixels are no square image, such as 784 for 28 × 28."
                yield from (Item(name, error=why) for name in some)
            else:
                yield from self._items.items(some, known, None if labels is None else labels[run])

    def _pictures(
        self, names: Sequence[str], pictures: Sequence[Any], labels: NDArray[Any] | None
    ) -> Iterator[Item]:
        for n, (name, picture) in enumerate(zip(names, pictures, strict=True)):
            label, problem = (None, "") if labels is None else digit_label(labels[n])
            content = picture.get("bytes") if isinstance(picture, dict) else picture
            if problem or not content:
                yield Item(name, label=label, error=problem or "It has no image.")
            else:
                yield from image_items(name, content, label)


def _first(kinds: dict[str, str], types: tuple[str, ...]) -> str:
    """The column of one of these types, the usual names before others; empty without one."""
    found = [name for name, kind in kinds.items() if kind.startswith(types)]
    usual = [name for name in ("bytes", "image", "img", "pixels") if name in found]
    return next(iter([*usual, *found]), "")


def _labels(column: Any) -> NDArray[Any]:
    """(n,) of a column; NaN for what is no number."""
    if str(column.type) in WHOLE_NUMBERS and not column.null_count:
        return np.asarray(column.to_numpy(zero_copy_only=False))
    return np.array([number_of(str(value)) for value in column.to_pylist()], np.float64)


def _all_alike(column: Any) -> NDArray[Any] | None:
    """The images (n, side, side) of lists that all hold as many plain numbers; None where they do
    not."""
    kind = getattr(column.type, "value_type", None)
    if str(kind) not in (*WHOLE_NUMBERS, "float", "double") or column.null_count:
        return None
    values = column.flatten()
    size, left = divmod(len(values), max(len(column), 1))
    side = math.isqrt(size)
    if left or side not in SIDES or side * side != size or values.null_count:
        return None
    if hasattr(column, "offsets") and (np.diff(column.offsets.to_numpy()) != size).any():
        return None
    return np.asarray(values.to_numpy(zero_copy_only=False).reshape(-1, side, side))


def _of_one_length(column: Any) -> Iterator[tuple[slice, NDArray[Any] | None]]:
    """The rows that follow each other and hold as many pixels: which they are, and their images
    (n, side, side), or None where that is no square number."""
    if (images := _all_alike(column)) is not None:
        yield slice(0, len(images)), images
        return
    arrays = []
    for row in column.to_pylist():
        try:
            arrays.append(np.asarray(row, np.float64).ravel())
        except (TypeError, ValueError):
            arrays.append(np.zeros(0))
    begin = 0
    for size, group in itertools.groupby(arrays, len):
        rows = list(group)
        run, begin = slice(begin, begin + len(rows)), begin + len(rows)
        side = math.isqrt(size)
        square = side in SIDES and side * side == size
        yield run, np.stack(rows).reshape(-1, side, side) if square else None
