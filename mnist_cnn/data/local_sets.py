"""The collections that are on this machine, by name and part."""

import sys
from collections.abc import Callable, Iterable

from mnist_cnn.data.bhmsds import BHMSDS_FILE
from mnist_cnn.data.bundled_digits import load_bundled_digits
from mnist_cnn.data.download import DownloadCallback
from mnist_cnn.data.mnist import MNIST_FILE, MNIST_PARTS, check_mnist, load_mnist, mnist_part
from mnist_cnn.data.pen_digits import PEN_DIGITS_FILE, framed_drawings, load_pen_digits
from mnist_cnn.data.swiss_numbers import (
    SWISS_NUMBERS_FILE,
    framed_swiss_numbers,
    load_swiss_numbers,
)
from mnist_cnn.data.unipen import UNIPEN_FILES, framed_unipen_digits, load_unipen
from mnist_cnn.errors import DigitsError
from mnist_cnn.records import Dataset
from mnist_cnn.settings import data_folder

DOWNLOADED = {
    "mnist": (MNIST_FILE,),
    "pen-digits": (PEN_DIGITS_FILE,),
    "unipen": tuple(UNIPEN_FILES[name] for name in ("digits", "signs", "not_digits")),
    "swiss-numbers": (SWISS_NUMBERS_FILE,),
    "bhmsds": (BHMSDS_FILE,),
}
"""The collections that are downloaded, and the files in the data folder that trainings need."""

FILES = {
    "mnist-test": MNIST_FILE,
    "pen-digits-test": PEN_DIGITS_FILE,
    "unipen-digits-test": UNIPEN_FILES["digits"],
    "swiss-numbers-test": SWISS_NUMBERS_FILE,
}
"""What holds each test set that is downloaded."""

TEST_SETS = (
    *("mnist-test", "pen-digits-test", "bundled-digits-test"),
    *("unipen-digits-test", "swiss-numbers-test"),
)


def to_download(collections: Iterable[str]) -> tuple[str, ...]:
    """Those of the collections that have to be downloaded first."""
    return tuple(
        name
        for name in collections
        if not all((data_folder() / file).exists() for file in DOWNLOADED.get(name, ()))
    )


def is_here(test_set: str) -> bool:
    """Whether the file of a test set is on this machine, or comes with a package."""
    file = FILES.get(test_set)
    return file is None or (data_folder() / file).exists()


def local_test_sets() -> list[Dataset]:
    """Every test set that is on this machine; nothing is downloaded for it."""
    return [found for name in TEST_SETS if (found := local_test_set(name))]


def local_validation_sets() -> list[Dataset]:
    """What may be chosen by, of every collection that is on this machine."""
    return [found for name in TEST_SETS if (found := _local_part(name, "validation"))]


def local_test_set(name: str) -> Dataset | None:
    """A test set by its name, or None where it is not on this machine or damaged."""
    return _local_part(name, "test")


def local_training_set(test_set: str) -> Dataset | None:
    """What networks learn from in the collection of a test set, or None where it is not here."""
    return _local_part(test_set, "train")


def _local_part(test_set: str, part: str) -> Dataset | None:
    if test_set not in TEST_SETS or not is_here(test_set):
        return None
    try:
        return _PARTS[test_set](part)
    except DigitsError as error:
        print(error, file=sys.stderr)
        return None


def _mnist(part: str) -> Dataset:
    """This part alone: to frame the others takes time and memory."""
    half, _ = MNIST_PARTS[part]
    return mnist_part(check_mnist(data_folder() / MNIST_FILE, half), part)


def _pen_digits(part: str) -> Dataset:
    return framed_drawings(f"pen-digits-{part}", getattr(load_pen_digits(), part))


def _bundled_digits(part: str) -> Dataset:
    found: Dataset = getattr(load_bundled_digits(), part)
    return found


_PARTS: dict[str, Callable[[str], Dataset]] = {
    "mnist-test": _mnist,
    "pen-digits-test": _pen_digits,
    "bundled-digits-test": _bundled_digits,
    "unipen-digits-test": framed_unipen_digits,
    "swiss-numbers-test": framed_swiss_numbers,
}
"""What gives one part of a test set's collection: train, validation or test."""


def fetch_test_set(name: str, progress: DownloadCallback | None = None) -> None:
    """Downloads what `local_test_set` needs.

    Raises:
        DataMissing: it is not to be had.
        StorageFailed: there is no room for it.
    """
    if name == "mnist-test":
        load_mnist(progress=progress)
    elif name == "pen-digits-test":
        load_pen_digits(progress=progress)
    elif name == "unipen-digits-test":
        load_unipen("digits", progress)
    elif name == "swiss-numbers-test":
        load_swiss_numbers(progress)
