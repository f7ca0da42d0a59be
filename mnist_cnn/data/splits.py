"""How collections are divided for good into training, validation and test parts."""

from dataclasses import dataclass

from mnist_cnn.records import Dataset

VALIDATION_WRITERS = tuple(f"pendigits-{n}" for n in (21, 22, 23, 24))

TEST_WRITERS = tuple(f"pendigits-{n}" for n in (25, 26, 27, 28, 29, 30))


@dataclass(frozen=True)
class Splits:
    """One collection, divided for good: nothing that is chosen may look at `test`."""

    train: Dataset
    validation: Dataset
    test: Dataset


def writer_part(writer: str | None) -> str:
    """Which part of the pen digits a writer belongs to: train, validation or test."""
    if writer in TEST_WRITERS:
        return "test"
    return "validation" if writer in VALIDATION_WRITERS else "train"
