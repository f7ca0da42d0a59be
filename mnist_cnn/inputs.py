"""The digits in files of every form: images, ZIP, CSV, IDX, Parquet, pen strokes, scanned sheets.

What a file is, is decided by its content. What cannot be read yields an item that says why.
"""

import contextlib
import gzip
import io
import struct
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from mnist_cnn import sheet
from mnist_cnn.datasets import framed_images
from mnist_cnn.errors import BadImage, BadInput, BadStrokes
from mnist_cnn.images import normalize, normalize_strokes, read_image
from mnist_cnn.settings import MAX_FILE_BYTES
from mnist_cnn.strokes import parsed_strokes

CHUNK = 250
PIXELS = 784
MAX_MEMBERS = 100_000
MAX_UNPACKED = 4 * 1024**3
"""Bytes that the members of one ZIP may come to, counted while they are read."""
MAX_LINE = 64 * 1024
IDX_IMAGES, IDX_LABELS = 0x00000803, 0x00000801


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
        file = cast(IO[bytes], gzip.GzipFile(fileobj=file))
        with contextlib.suppress(OSError, EOFError):
            head = file.read(8)
        file.seek(0)
    try:
        if head[:4] == struct.pack(">I", IDX_LABELS):
            labels[:] = _idx_labels(file)
        elif head[:4] == struct.pack(">I", IDX_IMAGES):
            yield from _idx_images(name, file, labels)
        elif head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from _zip_items(name, file)
        elif head[:4] == b"PAR1":
            yield from parquet_items(name, file)
        elif head.lstrip()[:1] == b"{":
            yield from _stroke_items(name, file)
        elif _is_text(head):
            yield from _csv_items(name, file)
        else:
            yield from _image_items(name, file.read(MAX_FILE_BYTES + 1))
    except BadInput as error:
        yield Item(name, error=str(error))
    except (OSError, EOFError) as error:
        yield Item(name, error=f"It is damaged or cut short ({error}).")


def _is_text(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf")
    return bool(text) and all(byte in b"\t\r\n \"',;._-" or chr(byte).isalnum() for byte in text)


# images and sheets


def _image_items(name: str, content: bytes, label: int | None = None) -> Iterator[Item]:
    """One digit, labelled by its folder where that is named by a digit; or all those on a sheet."""
    label = _folder_label(name) if label is None else label
    try:
        ink = read_image(content)
    except BadImage as error:
        yield Item(name, label=label, error=str(error))
        return
    boxes = sheet.digits_on(ink) if label is None and min(ink.shape) > sheet.SMALLEST else []
    if len(boxes) < sheet.MANY:
        yield Item(name, normalize(ink), label)
        return
    for number, box in enumerate(boxes, 1):
        yield Item(f"{name} #{number}", normalize(sheet.cut(ink, box)), box=box)


# ZIP


def _zip_items(name: str, file: IO[bytes]) -> Iterator[Item]:
    """The images in a ZIP; a folder named by a digit labels what is in it."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadInput(f"The ZIP is damaged ({error}).") from error
    with archive:
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise BadInput(
                f"The ZIP has {len(members):,} members; at most {MAX_MEMBERS:,} are read."
            )
        left = MAX_UNPACKED
        for member in members:
            path = member.filename
            if member.is_dir() or path.startswith("__MACOSX/") or path.endswith(".DS_Store"):
                continue
            if reason := _refused(member):
                yield Item(path, error=reason)
                continue
            try:
                with archive.open(member) as opened:
                    content = opened.read(min(MAX_FILE_BYTES, left) + 1)
            # zipfile raises whatever its decompressors do on damaged data.
            except Exception as error:
                yield Item(path, error=f"It is damaged ({error}).")
                continue
            left -= len(content)
            if left < 0:
                limit = MAX_UNPACKED // 1024**3
                raise BadInput(f"The ZIP unpacks to more than {limit} GB; the rest was left out.")
            yield from _image_items(path, content)


def _refused(member: zipfile.ZipInfo) -> str:
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or ":" in member.filename[:3]:
        return "Its name leads outside the ZIP."
    if member.flag_bits & 1:
        return "It is encrypted; please send it without a password."
    if (member.external_attr >> 16) & 0o170000 == 0o120000:
        return "It is a link to another file."
    if member.file_size > MAX_FILE_BYTES:
        return f"It unpacks to more than {MAX_FILE_BYTES // 2**20} MB."
    return ""


def _folder_label(path: str) -> int | None:
    folder = PurePosixPath(path).parent.name
    return int(folder) if len(folder) == 1 and folder in "0123456789" else None


# CSV in Kaggle's form


def _csv_items(name: str, file: IO[bytes]) -> Iterator[Item]:
    """784 pixels a row, with a label before them or not, with a header or not."""
    separator, width = b",", 0
    for chunk in chunks(_lines(file), CHUNK):
        numbers: list[int] = []
        rows: list[NDArray[np.int64]] = []
        for number, line in chunk:
            if number == 1:
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


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, numbered from 1; of one that is far too long the beginning."""
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        while not line.endswith(b"\n") and (rest := file.readline(MAX_LINE)):
            line = line[:MAX_LINE] + b"!"  # too long: no number any more
            if rest.endswith(b"\n"):
                break
        if line.strip():
            yield number, line


def _pixels(line: bytes, separator: bytes, width: int) -> NDArray[np.int64]:
    """The numbers of a row.

    Raises:
        BadInput: says what is wrong with it.
    """
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


# Parquet


def row_groups(path: Path) -> int:
    """How many row groups a Parquet shard has; one where it is damaged."""
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.ParquetFile(path).num_row_groups)
    except (ArrowException, OSError):
        return 1


def parquet_items(
    name: str, file: IO[bytes], groups: Sequence[int] | None = None
) -> Iterator[Item]:
    """The digits of a Parquet shard, or of some of its row groups."""
    from pyarrow import ArrowException, parquet  # slow to import, and seldom needed

    try:
        shard = parquet.ParquetFile(file)
        sizes = [shard.metadata.row_group(n).num_rows for n in range(shard.num_row_groups)]
        for group in range(len(sizes)) if groups is None else groups:
            number = sum(sizes[:group])
            for rows in shard.iter_batches(CHUNK, row_groups=[group]):
                for row in rows.to_pylist():
                    number += 1
                    yield from _parquet_row(row, f"{name} row {number}")
    except (ArrowException, OSError) as error:
        yield Item(name, error=f"The Parquet file is damaged ({error}).")


def _parquet_row(row: dict[str, Any], name: str) -> Iterator[Item]:
    """The digits of a row: `pixels`, 784 of 0 to 255, or `bytes`, an image file; `item` and
    `label` where they are known."""
    name = str(row.get("item") or name)
    label = row.get("label")
    label = label if isinstance(label, int) and 0 <= label <= 9 else None
    if isinstance(content := row.get("bytes"), bytes):
        yield from _image_items(name, content, label)
        return
    try:
        pixels = np.asarray(row["pixels"], np.float64).ravel()
        if len(pixels) != PIXELS or not ((pixels >= 0) & (pixels <= 255)).all():
            raise ValueError(f"{len(pixels)} pixels")
    except (KeyError, TypeError, ValueError) as error:
        message = f"A row needs `bytes`, an image, or `pixels`, {PIXELS} of 0 to 255 ({error})."
        yield Item(name, label=label, error=message)
        return
    framed = framed_images(pixels.astype(np.uint8).reshape(1, 28, 28))[0]
    yield Item(name, framed.astype(np.float32) / 255, label)


# IDX and strokes


def _idx_labels(file: IO[bytes]) -> list[int]:
    (count,) = struct.unpack(">4xI", file.read(8))
    labels = list(file.read(min(count, 10_000_000)))
    if len(labels) != count:
        raise BadInput(f"The IDX file promises {count:,} labels and holds {len(labels):,}.")
    return labels


def _idx_images(name: str, file: IO[bytes], labels: list[int]) -> Iterator[Item]:
    head = file.read(16)
    if len(head) < 16:
        raise BadInput("The IDX file ends within its head.")
    count, height, width = struct.unpack(">4xIII", head)
    if not (1 <= height <= 512 and 1 <= width <= 512):
        raise BadInput(f"The IDX images measure {height} × {width}; expected at most 512 × 512.")
    known = labels if len(labels) == count else []
    for first in range(0, count, CHUNK):
        wanted = min(CHUNK, count - first)
        content = file.read(wanted * height * width)
        whole = len(content) // (height * width)
        images = np.frombuffer(content[: whole * height * width], np.uint8)
        images = images.reshape(whole, height, width)
        if (height, width) == (28, 28):
            framed = framed_images(images).astype(np.float32) / 255
        else:
            framed = np.array([normalize(image.astype(np.float32)) for image in images])
        for number, image in enumerate(framed, first):
            label = known[number] if known and known[number] <= 9 else None
            yield Item(f"{name} #{number}", image, label)
        if whole < wanted:
            held = first + whole
            raise BadInput(f"The IDX file promises {count:,} images and holds {held:,}.")


def _stroke_items(name: str, file: IO[bytes]) -> Iterator[Item]:
    for number, row in enumerate(parsed_strokes(file), 1):
        if isinstance(row, BadStrokes):
            yield Item(f"{name} line {number}", error=str(row))
            continue
        label = (
            int(row.label) if row.label and len(row.label) == 1 and row.label.isdigit() else None
        )
        yield Item(f"{name} line {number}", normalize_strokes(row.strokes), label)


def chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """So many at a time, the last of them fewer."""
    chunk: list[Any] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
