"""Tables of pixels as text: CSV, TSV, ARFF and the like, with a header or not."""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.columns import INDEXES, LABELS, find_columns
from mnist_cnn.batch.inputs.item import CHUNK, FIRST, Item, chunks
from mnist_cnn.batch.inputs.pixels import PixelItems
from mnist_cnn.batch.inputs.text_numbers import cells_of, number_of, number_rows
from mnist_cnn.errors import BadInput
from mnist_cnn.ink.text_lines import numbered_lines
from mnist_cnn.settings import MAX_CSV_LINE

LEAST = 64
"""Columns of the narrowest table: images of 8 × 8 pixels."""

TOO_LONG = b"too long"
"""What stands for a line that is."""

Line = tuple[int, bytes]
"""Its number from 1, and what it holds."""


@dataclass(frozen=True)
class Form:
    """How a table is written: what stands between its values, how many there are, their names."""

    separator: str
    width: int
    names: Sequence[str] | None
    has_header: bool

    def plain(self, line: bytes) -> bytes:
        """A line with commas between its values, and points in its numbers."""
        if self.separator == " ":
            return b",".join(line.split())
        line = line.rstrip(b"\r\n")
        if self.separator == ",":
            return line
        return line.translate(bytes.maketrans(b"," + self.separator.encode(), b".,"))


def csv_items(name: str, file: IO[bytes], tables: Tables) -> Iterator[Item]:
    """The rows of a table in a text file of any encoding.

    Raises:
        BadInput: it is no table of images, or its label has to be chosen.
    """
    lines = _lines(_as_utf8(file))
    first, lines = _begun(lines)
    if first and first[0][1].lower().startswith(b"sep="):
        first = first[1:]
    if first and first[0][1].lstrip()[:1] in (b"@", b"%"):
        names, first, lines = _arff(chain(first, lines))
        form = Form(",", len(names), names, False)
    elif first:
        form = _form(first[0][1])
    if not first:
        yield from (Item(name) for _ in lines)  # says why nothing came
        raise BadInput("It has no rows.")
    if form.width < LEAST:
        raise BadInput(
            f"It is not an image, and as a table it has {form.width} column"
            f"{'' if form.width == 1 else 's'}; expected 784 pixels, or a label and 784."
        )
    first = first[1:] if form.has_header else first
    _, sample, problems = _rows(first, form)
    if not len(sample):
        raise BadInput(problems[0][1] if problems else "It has a header and no rows.")
    columns = find_columns(form.names, sample, tables.choices.label)
    items = PixelItems(name, tables)
    items.look_at(columns.images(sample))
    for chunk in chunks(chain(first, lines), CHUNK):
        numbers, rows, problems = _rows(chunk, form)
        found = [(number, Item(f"{name} row {number}", error=why)) for number, why in problems]
        if len(rows):
            names_of = [f"{name} row {number}" for number in numbers]
            read = items.items(names_of, columns.images(rows), columns.labels(rows))
            found += zip(numbers, read, strict=True)
        yield from (item for _, item in sorted(found, key=lambda pair: pair[0]))


def _as_utf8(file: IO[bytes]) -> IO[bytes]:
    """The same where it is UTF-16, as a spreadsheet's "Unicode text" is."""
    head = file.read(4)
    file.seek(0)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return cast(IO[bytes], codecs.EncodedFile(file, "utf-8", "utf-16", "replace"))
    if head[1:2] == head[3:4] == b"\0":
        return cast(IO[bytes], codecs.EncodedFile(file, "utf-8", "utf-16-le", "replace"))
    return file


def _lines(file: IO[bytes]) -> Iterator[Line]:
    """The lines that are not blank."""
    for number, line in numbered_lines(file, MAX_CSV_LINE):
        if line is None:
            yield number, TOO_LONG
        else:
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _begun(lines: Iterator[Line]) -> tuple[list[Line], Iterator[Line]]:
    """The first lines, and the others; where an error ends them early it comes after the first."""
    first: list[Line] = []
    try:
        first.extend(islice(lines, FIRST))
    except BadInput as error:
        return first, _raising(error)
    return first, lines


def _raising(error: BadInput) -> Iterator[Line]:
    raise error
    yield


def _arff(lines: Iterator[Line]) -> tuple[list[str], list[Line], Iterator[Line]]:
    """The names of an ARFF file's columns, and its first rows, and all others."""
    names = []
    for _, line in lines:
        words = cells_of(line, " ")
        if words[0].lower() == "@attribute" and len(words) > 1:
            names.append(words[1].strip("'\""))
        if words[0].lower() == "@data":
            break
    rows = (row for row in lines if not row[1].startswith(b"%"))
    first = list(islice(rows, FIRST))
    if first and first[0][1].lstrip().startswith(b"{"):
        raise BadInput("It is a sparse ARFF file; please save it as CSV, with all its zeros.")
    return names, first, rows


def _form(line: bytes) -> Form:
    """How a table is written, by its first line."""
    counts = {mark: line.count(mark.encode()) for mark in "\t;|,"}
    most = max(counts.values())  # a comma may stand in the numbers, and then is as frequent
    separator = next(mark for mark, count in counts.items() if 2 * count >= most) if most else " "
    cells = cells_of(line, separator)
    form = separator, len(cells)
    words = [cell for cell in cells if cell and _is_word(cell.lower())]
    named = [word for word in words if word.lower() in LABELS | INDEXES]
    if named or len(words) > len(cells) / 2:
        return Form(*form, cells, True)
    return Form(*form, None, _counts(cells))


def _is_word(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return True
    return False


def _counts(cells: Sequence[str]) -> bool:
    """Whether they are a header of mere numbers: 0, 1, 2 … or 1, 2, 3 …, whatever stands first."""
    numbers = [int(cell) if cell.isdecimal() and len(cell) < 10 else -1 for cell in cells[1:]]
    return len(cells) > 3 and numbers[0] in (0, 1, 2) and set(np.diff(numbers)) == {1}


def _rows(
    lines: Sequence[Line], form: Form
) -> tuple[list[int], NDArray[Any], list[tuple[int, str]]]:
    """The numbers of the lines that could be read, their rows (n, width), and what is wrong with
    each of the others."""
    plain = b"".join(form.plain(line) + b"\n" for _, line in lines)
    rows = number_rows(plain, form.width)
    if rows is not None and len(rows) == len(lines):
        return [number for number, _ in lines], rows, []
    numbers, kept, problems = [], [], []
    for number, line in lines:
        if line is TOO_LONG:
            problems.append((number, f"It is longer than {MAX_CSV_LINE // 1024} kB."))
            continue
        cells = [cell.strip("'") for cell in cells_of(line, form.separator)]
        if len(cells) == form.width:
            numbers.append(number)
            comma = form.separator not in ", "
            kept.append([number_of(cell.replace(",", ".") if comma else cell) for cell in cells])
        else:
            where = f"{len(cells)} columns where the first row has {form.width}"
            problems.append((number, f"It has {where}."))
    return numbers, np.array(kept, np.float64).reshape(-1, form.width), problems
