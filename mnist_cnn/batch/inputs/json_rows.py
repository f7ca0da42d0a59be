"""JSON lines with the pixels of a digit each, such as `{"label": 7, "pixels": [0, 0, …]}`."""

import json
import re
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.columns import LABELS, SIDES
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.pixels import PixelItems
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


def json_items(name: str, file: IO[bytes], tables: Tables) -> Iterator[Item]:
    """The digits of JSON lines, a row each."""
    items = PixelItems(name, tables)
    wanted = [tables.choices.label.lower()] if tables.choices.label else sorted(LABELS)
    for number, line in numbered_lines(file, MAX_CSV_LINE):
        if line is None:
            too_long = f"It is longer than {MAX_CSV_LINE // 1024} kB."
            yield Item(f"{name} line {number}", error=too_long)
        else:
            yield from _row(f"{name} line {number}", line, wanted, items)


def _row(name: str, line: bytes, wanted: list[str], items: PixelItems) -> Iterator[Item]:
    try:
        row: Any = json.loads(line)
        known = {str(key).lower(): value for key, value in row.items()}
        pixels = np.array(next(known[key] for key in PIXELS if key in known), np.float64).ravel()
        side = SQUARES[len(pixels)]
    except UNREADABLE:
        yield Item(name, error='Expected an object like {"label": 7, "pixels": [784 numbers]}.')
        return
    labels = [known[key] for key in wanted if key in known]
    label = np.array([number_of(str(labels[0]))]) if labels else None
    yield from items.items([name], pixels.reshape(1, side, side), label)
