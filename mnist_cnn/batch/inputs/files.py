"""The digits in files of every form. What a file is, is decided by its content.

What cannot be read yields an item that says why.
"""

import contextlib
import errno
import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from mnist_cnn.batch.inputs.arrays import MAGIC, array_head, is_idx
from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.image_files import image_items
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.picture_labels import begins_so, pictures_of
from mnist_cnn.batch.inputs.tables import BROKEN, TableFiles, is_text, opened
from mnist_cnn.batch.inputs.tar_archives import is_tar, tar_items
from mnist_cnn.batch.inputs.zip_archives import zip_items
from mnist_cnn.errors import BadInput
from mnist_cnn.settings import MAX_FILE_BYTES

Source = tuple[str, Path | bytes]
"""A file's name, and where it lies or what it holds."""


def items_of(
    sources: Iterable[Source], tables: Tables | None = None, labels: Iterable[Source] = ()
) -> Iterator[Item]:
    """The digits in files, one file after the other.

    Args:
        tables: how those among them are read that are tables.
        labels: files beside them whose labels may belong to their images.
    """
    sources, tables = list(sources), tables or Tables()
    beside = TableFiles(tables, (name for name, _ in sources))
    for name, source in (*sources, *labels):
        with contextlib.suppress(OSError), _open(source) as file:
            beside.take_labels(name, file)
    for name, source in sources:
        try:
            file = _open(source)
        except OSError as error:
            yield Item(name, error=f"It cannot be read: {error.strerror}.")
            continue
        with file:
            yield from _items(name, file, tables, beside)
    if not labels:
        yield from beside.left_over()


def label_files(sources: Iterable[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Those of the files that hold labels of others."""
    sources = list(sources)
    names = {name for name, _ in sources}
    found = []
    for name, path in sources:
        with contextlib.suppress(BadInput, *BROKEN), open(path, "rb") as file:
            unpacked, head = opened(file)
            is_array = is_idx(head) or head.startswith(MAGIC)
            of_pictures = begins_so(head) and not names.isdisjoint(pictures_of(name, unpacked))
            if of_pictures or (is_array and array_head(unpacked).is_labels):
                found.append((name, path))
    return found


BAD_ZIP = (zipfile.BadZipFile, NotImplementedError)
"""What opening a damaged or an unusual ZIP raises."""


def expected(content: bytes) -> int:
    """About how many items a file holds, found without reading them."""
    head = content[:8]
    with contextlib.suppress(
        BadInput, zipfile.BadZipFile, OSError, ValueError, NotImplementedError
    ):
        if is_idx(head) or head.startswith(MAGIC):
            array = array_head(io.BytesIO(content))
            return array.shape[0] if array.shape and not array.is_labels else 0
        if head[:2] == b"PK":
            return len(zipfile.ZipFile(io.BytesIO(content)).filelist)
    if head[:2] == b"\x1f\x8b" or not is_text(head.lstrip(b"{[")):
        return 1
    return content.count(b"\n")


def files_in(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Each file with its name; those in a folder under the name that they have inside it, without
    hidden ones. Bytes of a name that are no UTF-8 are written as such: `caf\\xe9.png`."""
    for path in paths:
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.is_file()):
                inside = file.relative_to(path)
                if not any(part.startswith(".") for part in inside.parts):
                    yield _told(inside), file
        else:
            yield _told(Path(path.name)), path


def _told(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")


def _open(source: Path | bytes) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if source.is_fifo():
        raise OSError(errno.ESPIPE, "a pipe is read once, and files are looked at twice")
    return open(source, "rb")


def _items(name: str, file: IO[bytes], tables: Tables, beside: TableFiles) -> Iterator[Item]:
    """The digits of one opened file."""
    try:
        unpacked, head = opened(file)
        if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from zip_items(name, unpacked, tables)
        elif is_tar(head):
            yield from tar_items(unpacked, tables)
        elif (found := beside.items(name, file)) is not None:
            yield from found
        else:
            unpacked.seek(0)
            content = unpacked.read(MAX_FILE_BYTES + 1)
            yield from image_items(name, content, beside.label_of(name))
    except BadInput as error:
        yield Item(name, error=str(error))
    except BROKEN as error:
        yield Item(name, error=f"It is damaged or cut short ({error}).")
