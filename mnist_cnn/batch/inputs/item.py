"""One digit to read, or in words why there is none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from mnist_cnn.ink import sheet

CHUNK = 250

PIXELS = 784


@dataclass(frozen=True)
class Item:
    """One digit to read: (28, 28) in [0, 1], or in words why there is none.

    `box` says where on its sheet it stands: left, top, right, bottom in pixels of its ink.
    """

    name: str
    image: NDArray[Any] | None = None
    label: int | None = None
    error: str = ""
    box: sheet.Box | None = None


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
