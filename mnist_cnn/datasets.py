"""The handwriting that networks learn from and are measured on.

| name | what |
|---|---|
| mnist | 60,000 + 10,000 scanned digits; split 55,000 / 5,000 / 10,000 in their own order |
| pen-digits | 7,494 digits as pen strokes by 30 writers; split by writer 20 / 4 / 6 |
| bundled-digits | 1,797 scanned digits of 8×8 pixels that scikit-learn carries inside |
"""

import contextlib
import hashlib
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.errors import BadStrokes, DataMissing
from mnist_cnn.images import normalize, normalize_strokes
from mnist_cnn.records import Dataset, Drawing
from mnist_cnn.settings import data_folder
from mnist_cnn.strokes import PEN_WIDTH, read_strokes, write_strokes

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "72f393efcb62341c9a05cecb9ecaf56941ec97e3139ad361841a7588a454f51c"
MNIST_PARTS = {
    "train": ("train", slice(0, 55_000)),
    "validation": ("train", slice(55_000, None)),
    "test": ("test", slice(None)),
}
"""Which half of the file each part lies in, and where."""

PEN_DIGITS_URL = (
    "https://archive.ics.uci.edu/static/public/81/pen+based+recognition+of+handwritten+digits.zip"
)
PEN_DIGITS_SHA256 = "986663c8b1d8cb3300c6b5dfd383699dc62372c4f8d586fcc70defb9cce44309"

VALIDATION_WRITERS = tuple(f"pendigits-{n}" for n in (21, 22, 23, 24))
TEST_WRITERS = tuple(f"pendigits-{n}" for n in (25, 26, 27, 28, 29, 30))

Progress = Callable[[int, int], None]
"""Told the bytes received and the bytes expected (0 where the server does not say)."""


@dataclass(frozen=True)
class Splits:
    """One collection, divided for good: nothing that is chosen may look at `test`."""

    train: Dataset
    validation: Dataset
    test: Dataset


@dataclass(frozen=True)
class PenDigits:
    """The pen digits as drawings, divided so that no writer is in two parts."""

    train: list[Drawing]
    validation: list[Drawing]
    test: list[Drawing]
    checksum: str = PEN_DIGITS_SHA256


def load_mnist(url: str = MNIST_URL, progress: Progress | None = None) -> Splits:
    """MNIST from the data folder, or downloaded into it.

    Raises:
        DataMissing: it is not there and cannot be downloaded, or holds other arrays.
    """
    path = data_folder() / "mnist.npz"
    if not path.exists():
        _download(url, path, _check_mnist, progress)
    arrays = _check_mnist(path)
    return Splits(*(_mnist_part(arrays, name) for name in MNIST_PARTS))


def _mnist_part(arrays: dict[str, NDArray[np.uint8]], name: str) -> Dataset:
    half, rows = MNIST_PARTS[name]
    return Dataset(
        f"mnist-{name}",
        framed_images(arrays[f"x_{half}"][rows]),
        arrays[f"y_{half}"][rows].astype(np.int64),
        "LeCun, Cortes and Burges, MNIST",
        "CC BY-SA 3.0",
        MNIST_SHA256,
    )


def load_bundled_digits() -> Splits:
    """scikit-learn's digits, enlarged and framed; split 1,297 / 200 / 300. Needs no network."""
    from sklearn.datasets import load_digits  # takes a second, and few callers need it

    small, labels = load_digits(return_X_y=True)
    everything = Dataset(
        "bundled-digits",
        np.stack([_to_uint8(normalize(_enlarged(image.reshape(8, 8) / 16))) for image in small]),
        labels.astype(np.int64),
        "UCI Optical Recognition of Handwritten Digits, test part, as in scikit-learn",
        "CC BY 4.0",
        checksum(small, labels),
    )
    return Splits(
        everything.part("bundled-digits-train", slice(0, 1297)),
        everything.part("bundled-digits-validation", slice(1297, 1497)),
        everything.part("bundled-digits-test", slice(1497, None)),
    )


def one_of_each() -> NDArray[np.uint8]:
    """uint8 (10, 28, 28): the first bundled digit of each kind, always at hand."""
    train = load_bundled_digits().train
    return np.stack([train.images[train.labels == digit][0] for digit in range(10)])


def load_pen_digits(url: str = PEN_DIGITS_URL, progress: Progress | None = None) -> PenDigits:
    """The UCI pen digits from the data folder, or downloaded and converted into it.

    Raises:
        DataMissing: they are not there and cannot be downloaded, or differ from the recorded.
    """
    path = data_folder() / "pen_digits.jsonl.gz"
    if not path.exists():
        _download_pen_digits(url, path, progress)
    drawings = _check_pen_digits(path)
    parts: dict[str, list[Drawing]] = {"train": [], "validation": [], "test": []}
    for drawing in drawings:
        parts[writer_part(drawing.writer)].append(drawing)
    return PenDigits(parts["train"], parts["validation"], parts["test"])


TEST_SETS = ("mnist-test", "pen-digits-test", "bundled-digits-test")


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
    files = {"mnist-test": "mnist.npz", "pen-digits-test": "pen_digits.jsonl.gz"}
    if test_set not in TEST_SETS:
        return None
    if test_set in files and not (data_folder() / files[test_set]).exists():
        return None
    try:
        if test_set == "mnist-test":  # this part alone: to frame the others takes time and memory
            return _mnist_part(_check_mnist(data_folder() / files[test_set]), part)
        if test_set == "pen-digits-test":
            return framed_drawings(f"pen-digits-{part}", getattr(load_pen_digits(), part))
        bundled: Dataset = getattr(load_bundled_digits(), part)
        return bundled
    except DataMissing as error:
        print(error, file=sys.stderr)
        return None


def fetch_test_set(name: str, progress: Progress | None = None) -> None:
    """Downloads what `local_test_set` needs.

    Raises:
        DataMissing: it is not to be had.
    """
    if name == "mnist-test":
        load_mnist(progress=progress)
    elif name == "pen-digits-test":
        load_pen_digits(progress=progress)


def writer_part(writer: str | None) -> str:
    """Which part of the pen digits a writer belongs to: train, validation or test."""
    if writer in TEST_WRITERS:
        return "test"
    return "validation" if writer in VALIDATION_WRITERS else "train"


def framed_drawings(
    name: str, drawings: Sequence[Drawing], pen_width: float = PEN_WIDTH
) -> Dataset:
    """Labelled drawings as a network sees them. Labels must be digits."""
    images = [_to_uint8(normalize_strokes(d.strokes, pen_width)) for d in drawings]
    return Dataset(
        name,
        np.stack(images) if images else np.zeros((0, 28, 28), np.uint8),
        np.array([int(d.label or -1) for d in drawings], np.int64),
        "pen strokes",
        "",
        drawings_checksum(drawings),
    )


def framed_images(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`normalize` over many (28, 28) uint8 images, quick for those it would not change.

    MNIST is already framed: all but a few of its images come back as they were.
    """
    framed = images.copy()
    for index in np.flatnonzero(~_already_framed(images)):
        framed[index] = _to_uint8(normalize(images[index].astype(np.float32)))
    return framed


def checksum(*arrays: NDArray[np.generic]) -> str:
    """SHA-256 over the arrays' shapes, types and values, however they were stored."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def drawings_checksum(drawings: Iterable[Drawing]) -> str:
    """SHA-256 over the labels, writers and points of drawings."""
    digest = hashlib.sha256()
    for drawing in drawings:
        digest.update(f"{drawing.label} {drawing.writer} {len(drawing.strokes)}".encode())
        for stroke in drawing.strokes:
            digest.update(f"{stroke.shape}".encode() + stroke.astype(np.float64).tobytes())
    return digest.hexdigest()


def _already_framed(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Those with their peak at 255, 20 px on the longer side and their mass in the middle."""
    mass = images.sum(axis=(1, 2), dtype=np.float64).clip(1)
    middle = np.ones(len(images), bool)
    sides = []
    for axis in (1, 2):
        profile = images.max(axis=3 - axis) > 0.03 * 255
        first = profile.argmax(axis=1)
        last = 28 - profile[:, ::-1].argmax(axis=1)
        faint_outside = (images.max(axis=3 - axis) > 0) & ~profile
        weights = images.sum(axis=3 - axis, dtype=np.float64)
        centre = weights @ np.arange(0.5, 28) / mass
        middle &= (np.floor(centre) == 14) & ~faint_outside.any(axis=1)
        sides.append(last - first)
    return middle & (np.maximum(*sides) == 20) & (images.max(axis=(1, 2)) == 255)


def _to_uint8(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(image * 255).astype(np.uint8)


def _enlarged(image: NDArray[np.float64]) -> NDArray[np.float32]:
    from scipy import ndimage

    return np.clip(ndimage.zoom(np.pad(image, 1), 6, order=3), 0, 1).astype(np.float32)


def _check_mnist(path: Path) -> dict[str, NDArray[np.uint8]]:
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in names}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise _damaged("MNIST", path) from error
    if checksum(*arrays.values()) != MNIST_SHA256:
        raise _damaged("MNIST", path)
    return arrays


def _check_pen_digits(path: Path) -> list[Drawing]:
    drawings = []
    for row in read_strokes(path):
        if isinstance(row, BadStrokes):
            raise _damaged("the pen digits", path) from row
        drawings.append(row)
    if drawings_checksum(drawings) != PEN_DIGITS_SHA256:
        raise _damaged("the pen digits", path)
    return drawings


def _damaged(what: str, path: Path) -> DataMissing:
    return DataMissing(
        f"{path} does not hold {what} as expected; please delete it, and it is downloaded again."
    )


def _download_pen_digits(url: str, path: Path, progress: Progress | None) -> None:
    archive = path.with_name("pen_digits.zip")
    _download(url, archive, _check_archive, progress)
    try:
        with _replacing(path) as temporary:
            write_strokes(_unipen_drawings(_check_archive(archive)), temporary)
            _check_pen_digits(temporary)
    finally:
        archive.unlink(missing_ok=True)


def _check_archive(path: Path) -> str:
    """The UNIPEN text inside the UCI archive."""
    from unlzw3 import unlzw

    try:
        with zipfile.ZipFile(path) as archive:
            return unlzw(archive.read("pendigits-orig.tra.Z")).decode("ascii")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged("the UCI pen digits", path) from error


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


def _download(
    url: str, path: Path, check: Callable[[Path], object], progress: Progress | None
) -> None:
    """Fetches into place: three tries, checked before the file gets its name."""
    reason: Exception | None = None
    for attempt in range(3):
        try:
            with _replacing(path) as temporary:
                _fetch(url, temporary, progress)
                check(temporary)
            return
        except (OSError, DataMissing) as error:
            reason = error
            time.sleep(0.5 * attempt)
    raise DataMissing(
        f"{path.name} is not in {path.parent} and could not be downloaded from {url} ({reason}); "
        f"please put the file there, or set MNIST_CNN_DATA to the folder that holds it."
    ) from reason


def _fetch(url: str, path: Path, progress: Progress | None) -> None:
    received = 0
    with urllib.request.urlopen(url, timeout=30) as answer, open(path, "wb") as file:
        expected = int(answer.headers.get("Content-Length") or 0)
        while block := answer.read(1 << 16):
            file.write(block)
            received += len(block)
            if progress:
                progress(received, expected)
    if expected and received != expected:
        raise urllib.error.ContentTooShortError(f"got {received} of {expected} bytes", b"")  # type: ignore[arg-type]


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its name if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
