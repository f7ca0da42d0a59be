"""The digits in files of every form. What a file is, is decided by its content.

What cannot be read yields an item that says why.
"""

import contextlib
import io
import struct
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from mnist_cnn.batch.inputs.csv_tables import csv_items
from mnist_cnn.batch.inputs.idx_files import IDX_IMAGES, IDX_LABELS, idx_images, idx_labels
from mnist_cnn.batch.inputs.image_files import image_items
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.parquet_shards import parquet_items
from mnist_cnn.batch.inputs.stroke_lines import stroke_items
from mnist_cnn.batch.inputs.unpacked import gunzipped
from mnist_cnn.batch.inputs.zip_archives import zip_items
from mnist_cnn.errors import BadInput
from mnist_cnn.settings import MAX_FILE_BYTES

Source = tuple[str, Path | bytes]
"""A file's name, and where it lies or what it holds."""


def items_of(sources: Iterable[Source]) -> Iterator[Item]:
    """The digits in files, one file after the other."""
    labels: list[int] = []
    for name, source in sources:
        opened = _opened(name, source)
        if isinstance(opened, Item):
            yield opened
            continue
        with opened:
            yield from _items(name, opened, labels)


def expected(content: bytes) -> int:
    """About how many items a file holds, found without reading them."""
    head = content[:8]
    if head[:4] == struct.pack(">I", IDX_LABELS):
        return 0
    if head[:4] == struct.pack(">I", IDX_IMAGES) and len(head) == 8:
        return int(struct.unpack(">I", content[4:8])[0])
    if head[:2] == b"PK":
        with contextlib.suppress(zipfile.BadZipFile, OSError, ValueError):
            return len(zipfile.ZipFile(io.BytesIO(content)).filelist)
    if head[:2] == b"\x1f\x8b" or not _is_text(head.lstrip(b"{[")):
        return 1
    return content.count(b"\n")


def files_in(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Each file with its name; those in a folder under the name that they have inside it."""
    for path in paths:
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.is_file()):
                yield file.relative_to(path).as_posix(), file
        else:
            yield path.name, path


def _opened(name: str, source: Path | bytes) -> IO[bytes] | Item:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return open(source, "rb")
    except OSError as error:
        return Item(name, error=f"It cannot be read: {error.strerror}.")


def _items(name: str, file: IO[bytes], labels: list[int]) -> Iterator[Item]:
    """The digits of one opened file. IDX labels wait in `labels` for the images they belong to."""
    head = file.read(8)
    file.seek(0)
    if head[:2] == b"\x1f\x8b":
        file = gunzipped(file)
        with contextlib.suppress(OSError, EOFError, BadInput):
            head = file.read(8)
        file.seek(0)
    try:
        if head[:4] == struct.pack(">I", IDX_LABELS):
            labels[:] = idx_labels(file)
        elif head[:4] == struct.pack(">I", IDX_IMAGES):
            yield from idx_images(name, file, labels)
        elif head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from zip_items(name, file)
        elif head[:4] == b"PAR1":
            yield from parquet_items(name, file)
        elif head.lstrip()[:1] == b"{":
            yield from stroke_items(name, file)
        elif _is_text(head):
            yield from csv_items(name, file)
        else:
            yield from image_items(name, file.read(MAX_FILE_BYTES + 1))
    except BadInput as error:
        yield Item(name, error=str(error))
    except (OSError, EOFError) as error:
        yield Item(name, error=f"It is damaged or cut short ({error}).")


def _is_text(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf")
    return bool(text) and all(byte in b"\t\r\n \"',;._-" or chr(byte).isalnum() for byte in text)
