"""Strokes files: a drawing a line."""

from collections.abc import Iterator
from typing import IO

from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.data.digit_names import named_digit
from mnist_cnn.errors import BadStrokes
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.ink.stroke_files import parsed_strokes


def stroke_items(name: str, file: IO[bytes]) -> Iterator[Item]:
    for number, row in parsed_strokes(file):
        if isinstance(row, BadStrokes):
            yield Item(f"{name} line {number}", error=str(row))
            continue
        label = None if row.label is None else named_digit(row.label)
        yield Item(f"{name} line {number}", normalize_strokes(row.strokes), label)
