"""UCI pen digits: 7,494 digits as pen strokes by 30 writers, split by writer 20 / 4 / 6."""

import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mnist_cnn.data.checksums import drawings_checksum
from mnist_cnn.data.conversions import check_known, keep, read_drawings
from mnist_cnn.data.download import UNREADABLE, DownloadCallback, downloaded
from mnist_cnn.data.splits import WriterSplits, split_by_writer
from mnist_cnn.errors import DataMissing
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.ink.stroke_files import write_strokes
from mnist_cnn.ink.strokes import PEN_WIDTH
from mnist_cnn.records import Dataset, Drawing
from mnist_cnn.settings import data_folder

PEN_DIGITS_FILE = "pen_digits.jsonl.gz"
"""What it is called in the data folder."""
PEN_DIGITS_URL = (
    "https://archive.ics.uci.edu/static/public/81/pen+based+recognition+of+handwritten+digits.zip"
)

SOURCE = (
    "Alpaydin and Alimoglu, Pen-Based Recognition of Handwritten Digits, UCI Machine Learning "
    "Repository, DOI 10.24432/C5MG6K"
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
        StorageFailed: there is no room for them.
    """
    path = data_folder() / PEN_DIGITS_FILE
    if not path.exists():
        _download_pen_digits(url, path, progress)
    what = "the pen digits"
    drawings = read_drawings(what, path)
    check_known(what, path, drawings_checksum(drawings), PEN_DIGITS_SHA256)
    return split_by_writer(drawings, PEN_DIGITS_SHA256)


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


def _download_pen_digits(url: str, path: Path, progress: DownloadCallback | None) -> None:
    drawings = downloaded(url, path, _read_archive, progress)
    keep(path, partial(write_strokes, drawings), PEN_DIGITS_SHA256, PEN_DIGITS_SHA256)


def _read_archive(path: Path) -> list[Drawing]:
    """The digits of the UNIPEN text inside the UCI archive."""
    from unlzw3 import unlzw

    try:
        with zipfile.ZipFile(path) as archive:
            text = unlzw(archive.read("pendigits-orig.tra.Z")).decode("ascii")
        drawings = list(_unipen_drawings(text))
    except UNREADABLE as error:
        raise DataMissing(f"the archive is cut off or damaged: {error}") from error
    if drawings_checksum(drawings) != PEN_DIGITS_SHA256:
        raise DataMissing("the archive is of another version")
    return drawings


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
