"""Swiss numbers: 8,636 digits of 15 people, scanned as they wrote them, with pencil and pen."""

import re
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.checksums import checksum
from mnist_cnn.data.conversions import check_known, keep, read_arrays
from mnist_cnn.data.download import UNREADABLE, DownloadCallback, downloaded
from mnist_cnn.data.splits import Splits, writer_part
from mnist_cnn.errors import BadImage, DataMissing
from mnist_cnn.ink.decode import decode_image
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.normalize import normalize, to_uint8
from mnist_cnn.records import Dataset
from mnist_cnn.settings import data_folder

SWISS_NUMBERS_FILE = "swiss_numbers.npz"
"""What it is called in the data folder."""
SWISS_NUMBERS_SHA256 = "69c81b02ec46be144ce6931389e1b8650df55633a72acf4afccb8a0f659d34e1"
SWISS_NUMBERS_URL = (
    "https://github.com/BSI-Business-Systems-Integration-AG/anagnostes/archive/fd24d4bf.zip"
)

SOURCE = (
    "Alex Schroeder and others, Numbers (github.com/kensanata/numbers), as copied in "
    "github.com/BSI-Business-Systems-Integration-AG/anagnostes at fd24d4bf"
)
LICENCE = "MIT"

WRITERS = (
    *("0001_CH4M", "0002_CH5M", "0003_CH3M", "0005_CH3M", "0006_CH4M"),
    *("0008_CH3F", "0009_CH4M", "0010_CH3M", "0012_CH3M", "0013_CH3M"),
    *("0014_CH3F", "0015_CH2M", "0016_CH3F", "0018_CHXX", "0020_CH4M"),
)
"""Who is taken: person, country, age in decades, sex. The other people's digits are kept out of
training, so that networks can be judged by them."""

FEWEST = 8_000
"""An archive with fewer of their digits is not whole."""

SCAN = re.compile(r"/numbers/(?:.*/)?(\d{4}_[A-Z]{2}[0-9X][A-Z])/(\d)/[^/]+\.png$")

NAMES = ("images", "shapes", "labels", "writers")

Arrays = dict[str, NDArray[Any]]


def load_swiss_numbers(
    progress: DownloadCallback | None = None, url: str = SWISS_NUMBERS_URL
) -> Splits:
    """The Swiss numbers as a network sees image files, from the data folder, or downloaded and
    converted into it. The notes of each part hold the writer of each image.

    Raises:
        DataMissing: they are not there and cannot be downloaded, or differ from the recorded.
        StorageFailed: there is no room for them.
    """
    arrays = _load(progress, url)
    return Splits(*(_framed(arrays, part) for part in ("train", "validation", "test")))


def framed_swiss_numbers(part: str) -> Dataset:
    """One part of `load_swiss_numbers`, sooner: uint8 (n, 28, 28), and labels (n,)."""
    return _framed(_load(), part)


def scans(part: str) -> tuple[list[NDArray[np.uint8]], NDArray[np.int64], list[str]]:
    """A part as it was scanned: images uint8 (height, width), dark on light, of up to 104 × 100
    pixels, their labels (n,) and writers.

    Raises:
        DataMissing: they are not there and cannot be downloaded, or differ from the recorded.
    """
    return _scans(_load(), part)


def _scans(
    arrays: Arrays, part: str
) -> tuple[list[NDArray[np.uint8]], NDArray[np.int64], list[str]]:
    writers = [str(writer) for writer in arrays["writers"]]
    rows = [row for row, writer in enumerate(writers) if writer_part(writer) == part]
    pictures = [_unpadded(arrays["images"][row], arrays["shapes"][row]) for row in rows]
    labels = arrays["labels"][rows].astype(np.int64)
    return pictures, labels, [writers[row] for row in rows]


def _framed(arrays: Arrays, part: str) -> Dataset:
    pictures, labels, writers = _scans(arrays, part)
    inks = (extract_ink(picture.astype(np.float32) / 255) for picture in pictures)
    images = [to_uint8(normalize(ink)) for ink in inks]
    return Dataset(
        f"swiss-numbers-{part}",
        np.array(images, np.uint8).reshape(-1, 28, 28),
        labels,
        SOURCE,
        LICENCE,
        _checksum(arrays),
        {"writers": writers},
    )


def _unpadded(image: NDArray[np.uint8], shape: NDArray[np.int64]) -> NDArray[np.uint8]:
    """A scan stands in the middle of its image."""
    height, width = (int(side) for side in shape)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def _load(progress: DownloadCallback | None = None, url: str = SWISS_NUMBERS_URL) -> Arrays:
    path = data_folder() / SWISS_NUMBERS_FILE
    if not path.exists():
        arrays = downloaded(url, path, _read_archive, progress)
        keep(path, partial(_write, arrays), _checksum(arrays), SWISS_NUMBERS_SHA256)
    arrays = read_arrays("the Swiss numbers", path, NAMES)
    check_known("the Swiss numbers", path, _checksum(arrays), SWISS_NUMBERS_SHA256)
    return arrays


def _checksum(arrays: Arrays) -> str:
    return checksum(*(arrays[name] for name in NAMES))


def _write(arrays: Arrays, path: Path) -> None:
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _read_archive(archive: Path) -> Arrays:
    """Every scan of the archive, by writer and digit, in the middle of a white image as large as
    the largest."""
    try:
        with zipfile.ZipFile(archive) as members:
            found = [match for name in sorted(members.namelist()) if (match := SCAN.search(name))]
            found = sorted((m for m in found if m[1] in WRITERS), key=lambda m: (m[1], m[2]))
            pictures = [decode_image(members.read(match.string)) for match in found]
    except (*UNREADABLE, BadImage) as error:
        raise DataMissing(f"the archive is cut off or damaged: {error}") from error
    scanned = {(match[1], match[2]) for match in found}
    if scanned != {(w, d) for w in WRITERS for d in "0123456789"} or len(found) < FEWEST:
        raise DataMissing("the archive is of another version")
    shapes = np.array([picture.shape for picture in pictures], np.int64)
    return {
        "images": _padded([to_uint8(picture) for picture in pictures]),
        "shapes": shapes,
        "labels": np.array([int(match[2]) for match in found], np.int64),
        "writers": np.array([f"kensanata/{match[1]}" for match in found]),
    }


def _padded(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    height, width = np.max([picture.shape for picture in pictures], axis=0)
    images = np.full((len(pictures), height, width), 255, np.uint8)
    for image, picture in zip(images, pictures, strict=True):
        top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        image[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return images
