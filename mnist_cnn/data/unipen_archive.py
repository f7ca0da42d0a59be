"""UNIPEN's archive to drawings: its digits, signs, whole numbers and other letters, by writer code.

The archive is read twice from end to end: what its segments are, then the ink that they point to.
"""

import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_cnn.data import unipen_files
from mnist_cnn.data.download import UNREADABLE
from mnist_cnn.data.unipen_files import Segment
from mnist_cnn.errors import DataMissing
from mnist_cnn.records import Drawing, Stroke

ROOT = "train_r01_v07/"

DIGITS_BY_DONOR = {
    **{"apa": 692, "apb": 2033, "app": 1046, "art": 170, "ceb": 16, "gmd": 1145},
    **{"ibm": 1571, "imp": 257, "pri": 78, "syn": 4554, "tos": 543, "val": 1462},
}
"""Who gave the single letters and digits that are taken, and how many digits, as the archive says
itself. Other donors' writing is kept out of training, so that networks can be judged by it; the
seven digits of the donor lou hold no ink of a digit."""

NUMBER_DONORS = ("apa", "apb", "apc", "apd", "ape", "app", "art", "ceb", "hpb", "pap", "par")

SIGNS = "+-=()/.,*:"
DIGITS = "0123456789"

OTHER = "the archive is cut off, or of another version"

MOST_OF_A_WRITER = 120
"""So many letters of each: a few writers gave most of them."""

LOST_BELOW = 0.57
"""A digit of the donor ibm that is lower than this share of what its writer's usually are has lost
strokes."""


@dataclass(frozen=True)
class _Found:
    """A segment of the archive, and where its ink is."""

    file: str
    collection: str
    segment: Segment
    includes: tuple[str, ...]
    writer: str | None

    @property
    def donor(self) -> str:
        return self.file.split("/")[1]


def read_archive(archive: Path) -> dict[str, list[Drawing]]:
    """The drawings of each collection: digits, signs, numbers and not_digits. Strokes are of shape
    (points, 2), in the tablets' units, y growing downwards, from 0 on both axes.

    Raises:
        DataMissing: it is cut off, or of another version.
    """
    found = _find(archive)
    drawn, names = _draw(archive, found)
    codes = _codes((found[index].donor, names[index]) for index in drawn)
    collections: dict[str, list[Drawing]] = {
        name: [] for name in ("digits", "signs", "numbers", "not_digits")
    }
    for index, strokes in sorted(drawn.items()):
        segment = found[index]
        code = codes[segment.donor, names[index]]
        collections[segment.collection].append(Drawing(strokes, segment.segment.label, code))
    num_digits = len(collections["digits"])
    if num_digits != sum(DIGITS_BY_DONOR.values()) or not all(collections.values()):
        raise DataMissing(OTHER)  # writers would have other numbers, and be in other parts
    collections["digits"] = _without_lost_ink(collections["digits"])
    collections["not_digits"] = _some_of_each_writer(collections["not_digits"])
    return collections


def _find(archive: Path) -> list[_Found]:
    """Every segment that is taken, in the order of the files' paths."""
    found = []
    for path, text in sorted(_texts(archive, "data/")):
        category, donor = path.split("/")[:2]
        for segment in unipen_files.segments(text):
            if collection := _collection(category, donor, segment.label):
                included = tuple(unipen_files.includes(text))
                writer = unipen_files.writer_id(text)
                found.append(_Found(path, collection, segment, included, writer))
    if Counter(row.donor for row in found if row.collection == "digits") != DIGITS_BY_DONOR:
        raise DataMissing(OTHER)
    return found


def _collection(category: str, donor: str, label: str) -> str | None:
    """Where a segment belongs, if it is taken."""
    if category in ("7", "8"):
        return "numbers" if donor in NUMBER_DONORS and _is_number(label) else None
    if donor not in DIGITS_BY_DONOR or len(label) != 1:
        return None
    if category == "1a":
        return "digits" if label in DIGITS else None
    if category == "1d" and label in SIGNS:
        return "signs"
    return "not_digits" if category in ("1b", "1c", "1d") else None


def _is_number(label: str) -> bool:
    """Two digits or more, and nothing but what is written with numbers."""
    return set(label) <= set(DIGITS + SIGNS + " $") and sum(label.count(d) for d in DIGITS) >= 2


def _draw(
    archive: Path, found: list[_Found]
) -> tuple[dict[int, tuple[Stroke, ...]], dict[int, str]]:
    """The strokes of each segment that has ink, and what its writer is called in the archive."""
    users = defaultdict(list)
    for index, row in enumerate(found):
        for path in row.includes:
            users[path].append(index)
    drawn, names = {}, {index: row.writer for index, row in enumerate(found) if row.writer}
    for path, text in _texts(archive, "include/"):
        if path in users:
            ink, writer = unipen_files.components(text), unipen_files.writer_id(text)
            for index in users[path]:
                if strokes := unipen_files.strokes(ink, found[index].segment.components):
                    drawn[index] = strokes
                if writer and (ink or index not in names):
                    names[index] = writer
    return drawn, {index: names.get(index, row.file) for index, row in enumerate(found)}


def _texts(archive: Path, folder: str) -> Iterator[tuple[str, str]]:
    """The files of a folder of the archive: each its path from there, and what it holds."""
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in members:
                path = member.name.partition(ROOT)[2]
                if not path.startswith(folder) or path.count("/") < 2:
                    continue
                if file := members.extractfile(member):
                    yield path.removeprefix(folder), file.read().decode("latin-1")
    except UNREADABLE as error:
        raise DataMissing(f"the archive is cut off or damaged: {error}") from error


def _codes(writers: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A code like `apb/007` for each donor and name: writers are numbered in their names' order,
    so that no name is kept."""
    codes = {}
    numbers: Counter[str] = Counter()
    for donor, name in sorted(set(writers)):
        numbers[donor] += 1
        codes[donor, name] = f"{donor}/{numbers[donor]:03}"
    return codes


def _without_lost_ink(digits: list[Drawing]) -> list[Drawing]:
    heights = defaultdict(list)
    for digit in digits:
        heights[digit.writer].append(_height(digit))
    least = {writer: LOST_BELOW * np.median(of_writer) for writer, of_writer in heights.items()}
    return [
        digit
        for digit in digits
        if not (digit.writer or "").startswith("ibm/") or _height(digit) >= least[digit.writer]
    ]


def _height(digit: Drawing) -> float:
    return float(max(stroke[:, 1].max() for stroke in digit.strokes))


def _some_of_each_writer(drawings: list[Drawing]) -> list[Drawing]:
    """At most `MOST_OF_A_WRITER`, spread evenly over what each has written."""
    written = Counter(drawing.writer for drawing in drawings)
    seen: Counter[str | None] = Counter()
    some = []
    for drawing in drawings:
        total, place = written[drawing.writer], seen[drawing.writer]
        seen[drawing.writer] += 1
        share = min(1.0, MOST_OF_A_WRITER / total)
        if int((place + 1) * share) > int(place * share):
            some.append(drawing)
    return some
