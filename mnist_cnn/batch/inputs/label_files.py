"""Labels in files of their own, and the images that they belong to."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.errors import BadInput

Labels = NDArray[np.float64]


class LabelFiles:
    """The labels that came with a batch, each a name with its values (n,)."""

    def __init__(self) -> None:
        self._found: dict[str, Labels] = {}
        self._used: set[str] = set()
        self._of_pictures: dict[str, int] = {}

    def add(self, name: str, labels: Labels) -> None:
        """Keeps the labels (n,) of a file."""
        self._found[name] = labels

    def add_pictures(self, labels: Mapping[str, int]) -> None:
        """Keeps the labels of pictures, by their paths."""
        self._of_pictures |= labels

    def of_picture(self, path: str) -> int | None:
        """The label of a picture, where a table beside it names one."""
        return self._of_pictures.get(path)

    def of(self, name: str, count: int) -> Labels | None:
        """The labels (n,) of the file of images with this name, of which there are so many.

        Raises:
            BadInput: several files might be meant.
        """
        part = _part(name)
        fitting = [
            found
            for found, labels in self._found.items()
            if len(labels) == count and _part(found) in (part, "")
        ]
        if len(fitting) > 1:
            likeness = [_likeness(name, found) for found in fitting]
            best = max(likeness)
            fitting = [f for f, like in zip(fitting, likeness, strict=True) if like == best]
        if len(fitting) > 1:
            raise BadInput(
                f"The {count:,} labels of {fitting[0]} and of {fitting[1]} may both belong to it; "
                "please give those that do, alone."
            )
        self._used.update(fitting)
        return self._found[fitting[0]] if fitting else None

    def unused(self) -> Sequence[tuple[str, str]]:
        """The files whose labels belong to nothing, each with a sentence about it."""
        return [
            (name, f"It holds {len(labels):,} labels, and no file of as many images came with it.")
            for name, labels in self._found.items()
            if name not in self._used
        ]


def _part(name: str) -> str:
    """The part of a data set that a file belongs to, by its name; empty where that says nothing."""
    found = re.search(r"train|t10k|test|val", PurePosixPath(name).name.lower())
    return found[0].replace("t10k", "test") if found else ""


def _likeness(images: str, labels: str) -> float:
    """How much of two names is the same; those in one folder before all others."""
    one, other = PurePosixPath(images), PurePosixPath(labels)
    alike = SequenceMatcher(None, one.name.lower(), other.name.lower()).ratio()
    return alike + (one.parent == other.parent)
