"""JSON lines with the pixels of a digit each, such as `{"label": 7, "pixels": [0, 0, …]}`."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any

import numpy as np

from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.columns import LABELS, SIDES
from mnist_cnn.batch.inputs.item import FIRST, Item
from mnist_cnn.batch.inputs.pixels import Numbers, PixelItems
from mnist_cnn.batch.inputs.text_numbers import number_of
from mnist_cnn.ink.text_lines import numbered_lines
from mnist_cnn.settings import MAX_CSV_LINE

PIXELS = ("pixels", "image", "data", "x")
"""What people call the list of pixels."""

UNREADABLE = (
    *(ValueError, TypeError, AttributeError, KeyError),
    *(StopIteration, RecursionError, OverflowError),
)
"""What a line that holds something else raises."""

SQUARES = {side * side: side for side in SIDES}


def holds_pixels(head: bytes) -> bool:
    """Whether JSON lines that begin so hold pixels, and no pen strokes."""
    names = rb"|".join(name.encode() for name in PIXELS)
    return re.search(rb'"(' + names + rb')"\s*:\s*\[', head) is not None


@dataclass(frozen=True)
class _Row:
    """One line: its image (1, side, side) and its label (1,), if any; or what is wrong with it."""

    name: str
    image: Numbers | None = None
    label: Numbers | None = None
    error: str = ""


def json_items(name: str, file: IO[bytes], tables: Tables) -> Iterator[Item]:
    """The digits of JSON lines, a row each. The first of them tell the scale together: one alone
    may be blank, or have no pixel that is quite black."""
    items = PixelItems(name, tables)
    rows = _rows(name, file, [tables.choices.label.lower()] if tables.choices.label else LABELS)
    first = list(islice(rows, FIRST))
    images = [row.image for row in first if row.image is not None]
    alike = [image for image in images if image.shape == images[0].shape]
    if alike:
        items.look_at(np.concatenate(alike))
    for row in chain(first, rows):
        if row.image is None:
            yield Item(row.name, error=row.error)
        else:
            yield from items.items([row.name], row.image, row.label)


def _rows(name: str, file: IO[bytes], labels: Iterable[str]) -> Iterator[_Row]:
    wanted = sorted(labels)
    for number, line in numbered_lines(file, MAX_CSV_LINE):
        here = f"{name} line {number}"
        if line is None:
            yield _Row(here, error=f"It is longer than {MAX_CSV_LINE // 1024} kB.")
            continue
        try:
            yield _row(here, json.loads(line), wanted)
        except UNREADABLE:
            expected = 'Expected an object like {"label": 7, "pixels": [784 numbers]}.'
            yield _Row(here, error=expected)


def _row(name: str, row: Any, wanted: list[str]) -> _Row:
    known = {str(key).lower(): value for key, value in row.items()}
    pixels = np.array(next(known[key] for key in PIXELS if key in known), np.float64).ravel()
    side = SQUARES[len(pixels)]
    labels = [known[key] for key in wanted if key in known]
    label = np.array([number_of(str(labels[0]))]) if labels else None
    return _Row(name, pixels.reshape(1, side, side), label)
