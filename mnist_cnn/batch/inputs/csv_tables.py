"""Tables of pixels in Kaggle's form: CSV with a label before them or not, with a header or not."""

from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.item import CHUNK, PIXELS, Item, chunks
from mnist_cnn.errors import BadInput
from mnist_cnn.ink.image_batches import framed_images
from mnist_cnn.ink.text_lines import numbered_lines
from mnist_cnn.settings import MAX_CSV_LINE


def csv_items(name: str, file: IO[bytes]) -> Iterator[Item]:
    """784 pixels a row, with a label before them or not, with a header or not."""
    separator, width = b",", 0
    for chunk in chunks(numbered_lines(file, MAX_CSV_LINE), CHUNK):
        numbers: list[int] = []
        rows: list[NDArray[np.int64]] = []
        for number, line in chunk:
            if number == 1 and line:
                line = line.removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901
                separator = b";" if line.count(b";") > line.count(b",") else b","
                width = line.count(separator) + 1
                if any(chr(byte).isalpha() for byte in line):
                    continue
            try:
                rows.append(_pixels(line, separator, width))
                numbers.append(number)
            except BadInput as error:
                yield from _framed(name, numbers, rows)
                numbers, rows = [], []
                yield Item(f"{name} row {number}", error=str(error))
        yield from _framed(name, numbers, rows)


def _pixels(line: bytes | None, separator: bytes, width: int) -> NDArray[np.int64]:
    """The numbers of a row.

    Raises:
        BadInput: says what is wrong with it.
    """
    if line is None:
        raise BadInput(f"It is longer than {MAX_CSV_LINE // 1024} kB.")
    count = line.count(separator) + 1
    if count not in (PIXELS, PIXELS + 1):
        raise BadInput(
            f"It has {count} columns; expected {PIXELS} pixels, or a label and {PIXELS}."
        )
    if count != width:
        raise BadInput(f"It has {count} columns where the first row has {width}.")
    plain = line.translate(None, b"\"'\r\n ")
    if plain.translate(None, b"0123456789" + separator):
        raise BadInput("It holds something that is no whole number from 0 to 255.")
    values = np.fromstring(plain.decode(), np.int64, sep=separator.decode())
    if len(values) != count:
        raise BadInput("A value is missing.")
    if values[-PIXELS:].max() > 255:
        raise BadInput("Pixels are numbers from 0 to 255.")
    if count > PIXELS and values[0] > 9:
        raise BadInput(f"The label {values[0]} is no digit.")
    return values


def _framed(name: str, numbers: list[int], rows: list[NDArray[np.int64]]) -> Iterator[Item]:
    """Rows of pixels as items, brought to the frame all at once."""
    if not rows:
        return
    values = np.stack(rows)
    images = framed_images(values[:, -PIXELS:].astype(np.uint8).reshape(-1, 28, 28))
    has_label = values.shape[1] > PIXELS
    for number, image, row in zip(numbers, images, values, strict=True):
        label = int(row[0]) if has_label else None
        yield Item(f"{name} row {number}", image.astype(np.float32) / 255, label)
