"""Arrays of images as NumPy and IDX keep them, read a few hundred images at a time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.columns import Columns, find_columns, one_hot
from mnist_cnn.batch.inputs.foreign import PICKLED
from mnist_cnn.batch.inputs.item import FIRST, Item
from mnist_cnn.batch.inputs.pixels import PixelItems
from mnist_cnn.errors import BadInput

MAGIC = b"\x93NUMPY"

MAX_AT_ONCE = 512 * 2**20
"""Bytes of an array that has to be read as a whole."""

AT_ONCE = 32 * 2**20
"""Bytes of all others that are read at a time."""

MAX_SIDE, MAX_ROW = 512, 10_000

MAX_LABELS = 10_000_000

IDX_TYPES = {8: "u1", 9: "i1", 0xB: ">i2", 0xC: ">i4", 0xD: ">f4", 0xE: ">f8"}


@dataclass(frozen=True)
class Head:
    """What the beginning of a file says about the array in it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    kind: str
    by_columns: bool = False

    @property
    def is_labels(self) -> bool:
        """Whether it is a row of numbers, one an image, or ten of which one is 1."""
        return len(self.shape) == 1 or (len(self.shape) == 2 and self.shape[1] in (1, 10))


def is_idx(head: bytes) -> bool:
    """Whether a file that begins so is an IDX file."""
    return head[:2] == b"\0\0" and len(head) > 3 and head[2] in IDX_TYPES and 1 <= head[3] <= 4


def array_head(file: IO[bytes]) -> Head:
    """What an NPY or IDX file holds; the file is read up to its values.

    Raises:
        BadInput: it is damaged, or holds Python objects.
    """
    start = file.read(6)
    file.seek(0)
    if start != MAGIC:
        magic = file.read(4)
        places = file.read(4 * magic[3])
        if len(places) < 4 * magic[3]:
            raise BadInput("The IDX file ends within its head.")
        shape = tuple(int(size) for size in np.frombuffer(places, ">u4"))
        return Head(shape, np.dtype(IDX_TYPES[magic[2]]), "IDX")
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, dtype = read(file)
    except Exception as error:  # its head is a piece of Python, whose parser raises what it likes
        raise BadInput(f"The NPY file is damaged ({error}).") from error
    if min(shape, default=0) < 0:
        raise BadInput("The NPY file is damaged (a side of its array is negative).")
    if dtype.hasobject:
        raise BadInput(PICKLED)
    if dtype.kind not in "buif":
        raise BadInput(f"Its array holds {dtype}; expected numbers.")
    return Head(shape, dtype, "NPY", by_columns and len(shape) > 1)


def read_labels(head: Head, file: IO[bytes]) -> NDArray[np.float64]:
    """The labels (n,) that follow a head, NaN where one of ten columns is not 1.

    Raises:
        BadInput: they end before they should.
    """
    count, size = math.prod(head.shape), head.dtype.itemsize
    content = file.read(min(count, MAX_LABELS) * size)
    values = np.frombuffer(content[: len(content) // size * size], head.dtype).astype(np.float64)
    if len(values) != count:
        raise BadInput(f"The {head.kind} file promises {count:,} labels and holds {len(values):,}.")
    if head.shape[1:] != (10,):
        return values
    rows = values.reshape(head.shape, order="F" if head.by_columns else "C")
    return np.where(one_hot(rows), rows.argmax(axis=1), np.nan)


def array_items(
    name: str, head: Head, file: IO[bytes], labels: NDArray[np.float64] | None, tables: Tables
) -> Iterator[Item]:
    """The images of an array, whose values follow its head; `labels` (n,) where they are known.

    Raises:
        BadInput: its shape or its values are not those of images, or it is cut short.
    """
    shape = _many(head.shape)
    items = PixelItems(name, tables)
    columns: Columns | None = None
    done = 0
    for rows in _rows(head, shape, file):
        beside = None
        if len(shape) == 2:
            wanted = "none" if labels is not None else tables.choices.label
            columns = columns or find_columns(None, rows, wanted)
            images, beside = columns.images(rows), columns.labels(rows)
        else:
            images = _grey(rows)
        if labels is not None:
            beside = labels[done : done + len(rows)]
        yield from items.items([f"{name} #{done + n}" for n in range(len(rows))], images, beside)
        done += len(rows)
    if not shape[0]:
        raise BadInput(f"The {head.kind} file holds 0 images.")
    if done < shape[0]:
        raise BadInput(f"The {head.kind} file promises {shape[0]:,} images and holds {done:,}.")


def _many(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an array as one of many images.

    Raises:
        BadInput: it is none.
    """
    if len(shape) == 2 and shape[0] == shape[1]:
        shape = (1, *shape)  # one image
    sides: tuple[int, ...] = shape[1:3]
    if len(shape) == 4:
        sides = shape[1:3] if shape[3] in (1, 3, 4) else shape[2:] if shape[1] in (1, 3) else ()
    if not 2 <= len(shape) <= 4 or not sides or not all(1 <= side <= MAX_ROW for side in sides):
        measures = " × ".join(map(str, shape))
        raise BadInput(f"Its array measures {measures}; expected n × 28 × 28 or n × 784.")
    if len(shape) > 2 and max(sides) > MAX_SIDE:
        raise BadInput(
            f"The images measure {sides[0]} × {sides[1]}; expected at most {MAX_SIDE} × {MAX_SIDE}."
        )
    return shape


def _rows(head: Head, shape: tuple[int, ...], file: IO[bytes]) -> Iterator[NDArray[Any]]:
    """The array, some images at a time; fewer than it promises where the file ends before."""
    size = math.prod(shape[1:]) * head.dtype.itemsize
    if head.by_columns:
        if size * shape[0] > MAX_AT_ONCE:
            raise BadInput("The array lies column by column; please save np.ascontiguousarray(x).")
        content = file.read(size * shape[0])
        if len(content) == size * shape[0]:
            whole = np.frombuffer(content, head.dtype).reshape(shape, order="F")
            for first in range(0, shape[0], FIRST):
                yield _native(whole[first : first + FIRST])
        return
    left, most = shape[0], max(1, min(FIRST, AT_ONCE // size))
    while left and len(content := file.read(min(left, most) * size)) >= size:
        whole = np.frombuffer(content[: len(content) // size * size], head.dtype)
        rows = whole.reshape(-1, *shape[1:])
        yield _native(rows)
        left -= len(rows)


def _native(rows: NDArray[Any]) -> NDArray[Any]:
    kind = np.uint8 if rows.dtype == np.bool_ else rows.dtype.newbyteorder("=")
    return rows.astype(kind, copy=False)


def _grey(rows: NDArray[Any]) -> NDArray[Any]:
    """Images (n, height, width) of (n, height, width), or of those in colour."""
    if rows.ndim == 3:
        return rows
    channels = rows if rows.shape[3] in (1, 3, 4) else rows.transpose(0, 2, 3, 1)
    if channels.shape[3] == 1:
        return channels[..., 0]
    return np.asarray(channels[..., :3].mean(axis=3))
