"""One digit to read, or in words why there is none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # scipy, half a second that tables need not wait for
    from mnist_cnn.ink.picture import Picture
    from mnist_cnn.ink.sheet import Box

CHUNK = 250

CHUNK_PIXELS = 20_000_000
"""Of the pictures that wait to be read, so that large ones take no more memory than many."""

FIRST = 4 * CHUNK
"""Rows of a table by which its columns and its scale are told."""


@dataclass(frozen=True)
class Item:
    """One digit to read: (28, 28) in [0, 1], or in words why there is none.

    `box` says where on its sheet it stands: left, top, right, bottom in pixels of its ink;
    `picture` is what it was found in, until it is read; an `is_picture` without one is a picture
    that is the image itself, a digit and nothing else. A `sheet` of many digits, uint8 (height,
    width) of its ink, is divided when it is read.
    """

    name: str
    image: NDArray[Any] | None = None
    label: int | None = None
    error: str = ""
    box: "Box | None" = None
    picture: "Picture | None" = None
    sheet: NDArray[np.uint8] | None = None
    is_picture: bool = False


def item_chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """So many items at a time as are read together."""
    chunk: list[Item] = []
    pixels = 0
    for item in items:
        chunk.append(item)
        pixels += item.picture.grey.size if item.picture else 0
        pixels += item.sheet.size if item.sheet is not None else 0
        if len(chunk) == CHUNK or pixels > CHUNK_PIXELS:
            yield chunk
            chunk, pixels = [], 0
    if chunk:
        yield chunk


def chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """So many at a time, the last of them fewer, also where an error ends them."""
    chunk: list[Any] = []
    try:
        for value in values:
            chunk.append(value)
            if len(chunk) == size:
                yield chunk
                chunk = []
    except Exception:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk
