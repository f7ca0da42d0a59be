"""MNIST: 60,000 + 10,000 scanned digits, split 55,000 / 5,000 / 10,000 in their own order."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.checksums import checksum_of_each
from mnist_cnn.data.download import UNREADABLE, DownloadCallback, damaged, download
from mnist_cnn.data.splits import Splits
from mnist_cnn.errors import DataMissing
from mnist_cnn.ink.image_batches import framed_images
from mnist_cnn.records import Dataset
from mnist_cnn.settings import data_folder

MNIST_FILE = "mnist.npz"
"""What it is called in the data folder."""
MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"

SOURCE = "LeCun, Cortes and Burges, MNIST"

MNIST_SHA256 = "72f393efcb62341c9a05cecb9ecaf56941ec97e3139ad361841a7588a454f51c"

MNIST_PARTS = {
    "train": ("train", slice(0, 55_000)),
    "validation": ("train", slice(55_000, None)),
    "test": ("test", slice(None)),
}
"""Which half of the file each part lies in, and where."""


def load_mnist(url: str = MNIST_URL, progress: DownloadCallback | None = None) -> Splits:
    """MNIST from the data folder, or downloaded into it.

    Raises:
        DataMissing: it is not there and cannot be downloaded, or holds other arrays.
        StorageFailed: there is no room for it.
    """
    path = data_folder() / MNIST_FILE
    if not path.exists():
        download(url, path, _check_download, progress)
    arrays = check_mnist(path)
    return Splits(*(mnist_part(arrays, name) for name in MNIST_PARTS))


def mnist_part(arrays: dict[str, NDArray[np.uint8]], name: str) -> Dataset:
    """A part by its name; from the file's arrays, (n, 28, 28) and (n,), it takes its own rows
    alone."""
    half, rows = MNIST_PARTS[name]
    return Dataset(
        f"mnist-{name}",
        framed_images(arrays[f"x_{half}"][rows]),
        arrays[f"y_{half}"][rows].astype(np.int64),
        SOURCE,
        "CC BY-SA 3.0",
        MNIST_SHA256,
    )


def check_mnist(path: Path, *halves: str) -> dict[str, NDArray[np.uint8]]:
    """The four arrays of the file: images uint8 (n, 28, 28), labels uint8 (n,); or those of a half,
    "train" or "test", alone, where the others are checked and let go.

    Raises:
        DataMissing: they are missing, damaged, or others.
    """
    arrays: dict[str, NDArray[np.uint8]] = {}
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            found = checksum_of_each(_taken(file, halves or ("train", "test"), arrays))
    except UNREADABLE as error:
        raise damaged("MNIST", path) from error
    if found != MNIST_SHA256:
        raise damaged("MNIST", path)
    return arrays


def _check_download(path: Path) -> None:
    try:
        check_mnist(path)
    except DataMissing as error:
        raise DataMissing("what came is not MNIST") from error


def _taken(
    file: Mapping[str, NDArray[np.uint8]],
    halves: tuple[str, ...],
    arrays: dict[str, NDArray[np.uint8]],
) -> Iterator[NDArray[np.uint8]]:
    """One array after the other; `arrays` gets those of the halves that are wanted."""
    for half in ("train", "test"):
        for name in (f"x_{half}", f"y_{half}"):
            array = file[name]
            if half in halves:
                arrays[name] = array
            yield array
            del array
