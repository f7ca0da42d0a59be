"""How collections are divided for good into training, validation and test parts, by writer."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from mnist_cnn.records import Dataset, Drawing

VALIDATION_WRITERS = (
    *(f"pendigits-{n}" for n in (21, 22, 23, 24)),
    *(f"kensanata/{code}" for code in ("0012_CH3M", "0018_CHXX")),
)

TEST_WRITERS = (
    *(f"pendigits-{n}" for n in (25, 26, 27, 28, 29, 30)),
    *(f"kensanata/{code}" for code in ("0003_CH3M", "0009_CH4M", "0016_CH3F")),
)

TEST_DONORS = ("apb", "apd", "ape")
"""Of UNIPEN. Mostly the same people, so all of them stand on one side; they wrote most of the whole
numbers, which are for testing."""

TEST_SHARE, VALIDATION_SHARE = 8, 12
"""Of a hundred writers of UNIPEN's other donors."""


@dataclass(frozen=True)
class Splits:
    """One collection, divided for good: nothing that is chosen may look at `test`."""

    train: Dataset
    validation: Dataset
    test: Dataset


@dataclass(frozen=True)
class WriterSplits:
    """A collection of drawings, divided so that no writer is in two parts."""

    train: list[Drawing]
    validation: list[Drawing]
    test: list[Drawing]
    checksum: str = ""


def split_by_writer(drawings: Iterable[Drawing], checksum: str) -> WriterSplits:
    """The drawings in their own order, each in its writer's part."""
    parts: dict[str, list[Drawing]] = {"train": [], "validation": [], "test": []}
    for drawing in drawings:
        parts[writer_part(drawing.writer)].append(drawing)
    return WriterSplits(**parts, checksum=checksum)


def writer_part(writer: str | None) -> str:
    """Which part a writer belongs to in every collection: train, validation or test."""
    name = writer or ""
    donor, slash, _ = name.partition("/")
    if name in TEST_WRITERS or donor in TEST_DONORS:
        return "test"
    if name in VALIDATION_WRITERS:
        return "validation"
    if not slash or donor == "kensanata":
        return "train"
    place = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"
