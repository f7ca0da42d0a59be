"""UNIPEN: digits, signs, whole numbers and other letters as pen strokes, by some 250 writers.

Its licence asks that writers are not named and that its strokes are not passed on for money: they
are downloaded by whoever trains, and codes alone stand for the writers.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from mnist_cnn.data.checksums import drawings_checksum
from mnist_cnn.data.conversions import check_known, keep, read_drawings
from mnist_cnn.data.download import DownloadCallback, downloaded
from mnist_cnn.data.pen_digits import framed_drawings
from mnist_cnn.data.splits import WriterSplits, split_by_writer
from mnist_cnn.data.unipen_archive import read_archive
from mnist_cnn.ink.stroke_files import write_strokes
from mnist_cnn.records import Dataset, Drawing
from mnist_cnn.settings import data_folder

Collection = Literal["digits", "signs", "numbers", "not_digits"]

UNIPEN_FILES: dict[str, str] = {
    "digits": "unipen_digits.jsonl.gz",
    "signs": "unipen_signs.jsonl.gz",
    "numbers": "unipen_numbers.jsonl.gz",
    "not_digits": "unipen_not_digits.jsonl.gz",
}
"""What the collections are called in the data folder."""

UNIPEN_SHA256 = {
    "digits": "ecf6eca8e6605117ffc22330f0f5add89eb9db99b028aeea82e21f99399d5558",
    "signs": "8bad0e44888cad3edc807db16f82ae11c80e08276e93d04fe3348ed3c7757ba3",
    "numbers": "031ede85cbfc2da84d0d969d5ebe1c4189e18c23d9357b5dd94039d9e787f935",
    "not_digits": "3bdc0943e9341f73962fb63c971dc548cdb29679e86b1e2dd7d71b2d8db69fc8",
}

UNIPEN_URL = "https://zenodo.org/records/1195803/files/unipen-CDROM-train_r01_v07.tgz"

SOURCE = (
    "UNIPEN Train-R01/V07, Guyon, Schomaker, Plamondon, Liberman, Janet, 1994, "
    "DOI 10.5281/zenodo.1195803"
)
LICENCE = (
    "CC BY 4.0; the notice in the archive (1999) forbids commercial distribution of the data, and "
    "the foundation's conditions of use allow training and ask not to name writers and donors"
)

CONDITIONS = (
    "Who builds a commercial product on a network that learned from it should read the conditions "
    "of use of the UNIPEN foundation first; its strokes are in no file that ships."
)
"""What goes with every network that learned from it."""


def load_unipen(
    name: Collection, progress: DownloadCallback | None = None, url: str = UNIPEN_URL
) -> WriterSplits:
    """A collection from the data folder; where it is not there, all four are downloaded and
    converted into it.

    Raises:
        DataMissing: it is not there and cannot be downloaded, or holds something else.
        StorageFailed: there is no room for it.
    """
    path = data_folder() / UNIPEN_FILES[name]
    if not path.exists():
        _download_unipen(url, path, progress)
    what = "this collection of UNIPEN"
    drawings = read_drawings(what, path)
    found = drawings_checksum(drawings)
    check_known(what, path, found, UNIPEN_SHA256[name])
    return split_by_writer(drawings, found)


def framed_unipen_digits(part: str) -> Dataset:
    """The digits of a part as a network sees them: uint8 (n, 28, 28), and labels (n,). The notes
    hold the writer of each.

    Raises:
        DataMissing: they are not there and cannot be downloaded, or differ from the recorded.
    """
    drawings: list[Drawing] = getattr(load_unipen("digits"), part)
    return replace(
        framed_drawings(f"unipen-digits-{part}", drawings),
        source=SOURCE,
        licence=LICENCE,
        notes={"writers": [drawing.writer for drawing in drawings]},
    )


def _download_unipen(url: str, path: Path, progress: DownloadCallback | None) -> None:
    """Makes those of the four files that are not there."""
    for name, drawings in downloaded(url, path, read_archive, progress).items():
        converted = path.with_name(UNIPEN_FILES[name])
        if not converted.exists():
            found = drawings_checksum(drawings)
            keep(converted, partial(write_strokes, drawings), found, UNIPEN_SHA256[name])
