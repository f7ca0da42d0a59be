"""The tables among the files of a folder or an archive, and the labels that lie beside them."""

import contextlib
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from mnist_cnn.batch.inputs.arrays import MAGIC, array_head, array_items, is_idx, read_labels
from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.csv_tables import csv_items
from mnist_cnn.batch.inputs.foreign import foreign
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.json_rows import holds_pixels, json_items
from mnist_cnn.batch.inputs.label_files import LabelFiles
from mnist_cnn.batch.inputs.parquet_shards import parquet_items
from mnist_cnn.batch.inputs.picture_labels import begins_so, pictures_of
from mnist_cnn.batch.inputs.stroke_lines import stroke_items
from mnist_cnn.batch.inputs.unpacked import gunzipped
from mnist_cnn.errors import BadInput

HEAD = 512
"""Bytes by which it is told what a file is."""

LEAST_SEPARATORS = 20
"""How often a table in letters has its separator within `HEAD`."""

BROKEN = (OSError, EOFError, zlib.error)
"""What a damaged gzip file raises while it is read."""


class TableFiles:
    """Reads those files that lie side by side, of these names: labels are found whichever comes
    first."""

    def __init__(self, tables: Tables, names: Iterable[str] = ()) -> None:
        self._tables, self._labels = tables, LabelFiles()
        self._names = set(names)
        self._of_pictures: set[str] = set()

    def take_labels(self, name: str, file: IO[bytes]) -> None:
        """Keeps what a file holds where that is labels; to be called for all before any is read."""
        with contextlib.suppress(BadInput, *BROKEN):
            file, head = opened(file)
            if _is_array(head) and (array := array_head(file)).is_labels:
                self._labels.add(name, read_labels(array, file))
            elif begins_so(head):
                named = pictures_of(name, file)
                if not self._names.isdisjoint(named):
                    self._of_pictures.add(name)
                known = {path: label for path, label in named.items() if label is not None}
                self._labels.add_pictures(known)

    def label_of(self, name: str) -> int | None:
        """The label of a picture, where a table beside it names one."""
        return self._labels.of_picture(name)

    def items(self, name: str, file: IO[bytes]) -> Iterator[Item] | None:
        """The digits of a table; None where the file is none."""
        try:
            file, head = opened(file)
        except BROKEN as error:
            return iter([Item(name, error=f"It is damaged or cut short ({error}).")])
        if name in self._of_pictures:
            return iter(())
        if said := foreign(head):
            return iter([Item(name, error=said)])
        found = self._rows(name, file, head)
        return None if found is None else _told(name, found)

    def left_over(self) -> Iterator[Item]:
        """Labels that belong to nothing that was read."""
        for name, said in self._labels.unused():
            yield Item(name, error=said)

    def _rows(self, name: str, file: IO[bytes], head: bytes) -> Iterator[Item] | None:
        if _is_array(head):
            return self._arrays(name, file)
        if head.startswith(b"PAR1"):
            return parquet_items(name, file, tables=self._tables)
        if head.lstrip()[:1] == b"{":
            pixels = holds_pixels(head)
            return json_items(name, file, self._tables) if pixels else stroke_items(name, file)
        return csv_items(name, file, self._tables) if is_text(head) else None

    def _arrays(self, name: str, file: IO[bytes]) -> Iterator[Item]:
        head = array_head(file)
        if head.is_labels:
            read_labels(head, file)  # says so where they are damaged
            return
        labels = self._labels.of(name, head.shape[0] if head.shape else 0)
        yield from array_items(name, head, file, labels, self._tables)


def opened(file: IO[bytes]) -> tuple[IO[bytes], bytes]:
    """A file, unpacked where it is gzipped, and its first bytes.

    Raises:
        OSError, EOFError, zlib.error: it begins like gzip, and is damaged.
    """
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if head[:2] != b"\x1f\x8b":
        return file, head
    unpacked = gunzipped(file)
    head = unpacked.read(HEAD)
    unpacked.seek(0)
    return unpacked, head


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is a table in letters."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") and len(head) > 3:
        return True
    if head[1:2] == head[3:4] == head[5:6] == b"\0":  # UTF-16 that does not say so
        head = head[::2]
    text = head[:8].removeprefix(b"\xef\xbb\xbf")
    return bool(text) and all(
        byte in b"\t\r\n \"',;.|@%=_-" or chr(byte).isalnum() for byte in text
    )


def is_table(file: IO[bytes]) -> bool:
    """Whether a file is a table of pixels or of labels, and no image; it is left at its begin."""
    try:
        _, head = opened(file)
    except BROKEN:
        return False
    finally:
        file.seek(0)
    separators = max(head.count(mark) for mark in (b",", b";", b"\t", b" ", b"|"))
    text = is_text(head) and separators >= LEAST_SEPARATORS
    return _is_array(head) or head.startswith(b"PAR1") or holds_pixels(head) or text


def _is_array(head: bytes) -> bool:
    return is_idx(head) or head.startswith(MAGIC)


def _told(name: str, items: Iterator[Item]) -> Iterator[Item]:
    """The same; what makes it end early is said in its last item."""
    try:
        yield from items
    except BadInput as error:
        yield Item(name, error=str(error))
    except BROKEN as error:
        yield Item(name, error=f"It is damaged or cut short ({error}).")
