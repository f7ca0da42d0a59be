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

PIXELS = ("pixels", "image", "data", "x")
"""What people call the list of pixels."""

SQUARES = {side * side: side for side in SIDES}


def holds_pixels(head: bytes) -> bool:
    """Whether JSON lines that begin so hold pixels, and no pen strokes."""
    names = rb"|".join(name.encode() for name in PIXELS)
    return re.search(rb'"(' + names + rb')"\s*:\s*\[', head) is not None


def json_items(name: str, file: IO[bytes], tables: Tables) -> Iterator[Item]:
    """The digits of JSON lines, a row each."""
    items = PixelItems(name, tables)
    wanted = [tables.choices.label.lower()] if tables.choices.label else sorted(LABELS)
    for number, line in enumerate(file, 1):
        if line.strip():
            yield from _row(f"{name} line {number}", line, wanted, items)


def _row(name: str, line: bytes, wanted: list[str], items: PixelItems) -> Iterator[Item]:
    try:
        row: Any = json.loads(line)
        known = {str(key).lower(): value for key, value in row.items()}
        pixels = np.array(next(known[key] for key in PIXELS if key in known), np.float64).ravel()
        side = SQUARES[len(pixels)]
    except (ValueError, TypeError, AttributeError, KeyError, StopIteration, RecursionError):
        yield Item(name, error='Expected an object like {"label": 7, "pixels": [784 numbers]}.')
        return
    labels = [known[key] for key in wanted if key in known]
    label = np.array([number_of(str(labels[0]))]) if labels else None
    yield from items.items([name], pixels.reshape(1, side, side), label)
