"""UCI pen digits: 7,494 digits as pen strokes by 30 writers, split by writer 20 / 4 / 6."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mnist_cnn.data.checksums import drawings_checksum
from mnist_cnn.data.download import DownloadCallback, damaged, downloaded
from mnist_cnn.data.splits import WriterSplits, split_by_writer
from mnist_cnn.errors import BadStrokes
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.ink.stroke_files import read_strokes, write_strokes
from mnist_cnn.ink.strokes import PEN_WIDTH
from mnist_cnn.records import Dataset, Drawing
from mnist_cnn.settings import data_folder
from mnist_cnn.storage import replacing

PEN_DIGITS_FILE = "pen_digits.jsonl.gz"
"""What it is called in the data folder."""
PEN_DIGITS_URL = (
    "https://archive.ics.uci.edu/static/public/81/pen+based+recognition+of+handwritten+digits.zip"
)

PEN_DIGITS_SHA256 = "986663c8b1d8cb3300c6b5dfd383699dc62372c4f8d586fcc70defb9cce44309"


PenDigits = WriterSplits
"""The pen digits as drawings."""


def load_pen_digits(
    url: str = PEN_DIGITS_URL, progress: DownloadCallback | None = None
) -> PenDigits:
    """The UCI pen digits from the data folder, or downloaded and converted into it.

    Raises:
        DataMissing: they are not there and cannot be downloaded, or differ from the recorded.
    """
    path = data_folder() / PEN_DIGITS_FILE
    if not path.exists():
        _download_pen_digits(url, path, progress)
    return split_by_writer(_check_pen_digits(path), PEN_DIGITS_SHA256)


def framed_drawings(
    name: str, drawings: Sequence[Drawing], pen_width: float = PEN_WIDTH
) -> Dataset:
    """Labelled drawings as a network sees them. Labels must be digits."""
    images = [to_uint8(normalize_strokes(d.strokes, pen_width)) for d in drawings]
    return Dataset(
        name,
        np.stack(images) if images else np.zeros((0, 28, 28), np.uint8),
        np.array([int(d.label or -1) for d in drawings], np.int64),
        "pen strokes",
        "",
        drawings_checksum(drawings),
    )


def _check_pen_digits(path: Path) -> list[Drawing]:
    drawings = []
    for row in read_strokes(path):
        if isinstance(row, BadStrokes):
            raise damaged("the pen digits", path) from row
        drawings.append(row)
    if drawings_checksum(drawings) != PEN_DIGITS_SHA256:
        raise damaged("the pen digits", path)
    return drawings


def _download_pen_digits(url: str, path: Path, progress: DownloadCallback | None) -> None:
    with (
        downloaded(url, path, _check_archive, progress) as archive,
        replacing(path) as temporary,
    ):
        write_strokes(_unipen_drawings(_check_archive(archive)), temporary)
        _check_pen_digits(temporary)


def _check_archive(path: Path) -> str:
    """The UNIPEN text inside the UCI archive."""
    from unlzw3 import unlzw

    try:
        with zipfile.ZipFile(path) as archive:
            return unlzw(archive.read("pendigits-orig.tra.Z")).decode("ascii")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise damaged("the UCI pen digits", path) from error


def _unipen_drawings(text: str) -> Iterator[Drawing]:
    """The digits of the UCI file: `.COMMENT digit writer number`, then pen-downs of x y pairs.

    There y grows upwards within a box of 500; here it grows downwards.
    """
    label = writer = ""
    strokes: list[list[tuple[int, int]]] = []
    for line in text.splitlines():
        words = line.split()
        if line.startswith(".SEGMENT DIGIT"):
            if strokes:
                yield _drawing(strokes, label, writer)
            label, strokes = line.split('"')[1], []
        elif line.startswith(".COMMENT") and len(words) == 4:
            writer = f"pendigits-{words[2]}"
        elif line.startswith(".PEN_DOWN"):
            strokes.append([])
        elif words and not line.startswith(".") and strokes:
            strokes[-1].append((int(words[0]), 500 - int(words[1])))
    if strokes:
        yield _drawing(strokes, label, writer)


def _drawing(strokes: list[list[tuple[int, int]]], label: str, writer: str) -> Drawing:
    return Drawing(tuple(np.array(s, np.float64) for s in strokes if s), label, writer)
