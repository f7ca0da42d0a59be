"""BHMSDS: 6,000 handwritten + - / ×, photographed and cut out, of a couple of people."""

import re
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.checksums import checksum
from mnist_cnn.data.conversions import check_known, keep, read_arrays
from mnist_cnn.data.download import UNREADABLE, DownloadCallback, downloaded
from mnist_cnn.errors import BadImage, DataMissing
from mnist_cnn.ink.decode import decode_image
from mnist_cnn.ink.image_batches import framed_images
from mnist_cnn.ink.normalize import to_uint8
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.records import Dataset
from mnist_cnn.settings import data_folder

BHMSDS_FILE = "bhmsds_signs.npz"
"""What it is called in the data folder."""
BHMSDS_SHA256 = "a9a7e10a5545d2b9fe8ec4bfc916dbc1494730854402a1a268cd2ba5ea71c69d"
BHMSDS_URL = (
    "https://github.com/wblachowski/bhmsds/archive/07d208e41923b061e338c241e59daacdd2752d53.zip"
)

SOURCE = (
    "Basic Handwritten Math Symbols Dataset, github.com/wblachowski/bhmsds at 07d208e4, "
    "the handwritten x standing for ×"
)
LICENCE = "MIT"

SIGNS = {"minus": "-", "plus": "+", "slash": "/", "x": "×"}
"""What the archive's images are called, such as `slash-1484.png`."""

FEWEST = 1_000
"""An archive with fewer of a sign is not whole."""

IMAGE = re.compile(rf"/symbols/({'|'.join(SIGNS)})-(\d+)\.png$")


def load_bhmsds(progress: DownloadCallback | None = None, url: str = BHMSDS_URL) -> Dataset:
    """The signs as a network sees them, uint8 (6000, 28, 28), labelled (6000,) by their place in
    `SYMBOLS`; from the data folder, or downloaded and converted into it.

    Raises:
        DataMissing: they are not there and cannot be downloaded, or differ from the recorded.
        StorageFailed: there is no room for them.
    """
    path = data_folder() / BHMSDS_FILE
    if not path.exists():
        images, labels = downloaded(url, path, _read_archive, progress)
        keep(path, partial(_write, images, labels), checksum(images, labels), BHMSDS_SHA256)
    arrays = read_arrays("the signs of BHMSDS", path, ("images", "labels"))
    images, labels = arrays["images"], arrays["labels"]
    found = checksum(images, labels)
    check_known("the signs of BHMSDS", path, found, BHMSDS_SHA256)
    return Dataset(
        "bhmsds-signs",
        framed_images(255 - images),
        np.array([SYMBOLS.index(label) for label in labels], np.int64),
        SOURCE,
        LICENCE,
        found,
    )


def _write(images: NDArray[np.uint8], labels: NDArray[np.str_], path: Path) -> None:
    np.savez_compressed(path, images=images, labels=labels)


def _read_archive(archive: Path) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Dark on white (n, 28, 28), and which sign each is (n,), by name and number."""
    try:
        with zipfile.ZipFile(archive) as members:
            found = [match for name in members.namelist() if (match := IMAGE.search(name))]
            found.sort(key=lambda match: (match[1], match[2]))
            images = [to_uint8(decode_image(members.read(match.string))) for match in found]
    except (*UNREADABLE, BadImage) as error:
        raise DataMissing(f"the archive is cut off or damaged: {error}") from error
    sizes = {image.shape for image in images}
    counts = Counter(match[1] for match in found)
    if set(counts) != set(SIGNS) or min(counts.values()) < FEWEST or sizes != {(28, 28)}:
        raise DataMissing("the archive is of another version")
    return np.stack(images), np.array([SIGNS[match[1]] for match in found])
