"""Pools of labelled images, drawn from anew each epoch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import ClassLabels

REDRAWN = "redrawn"

Labelled = tuple[NDArray[np.uint8], ClassLabels]
"""Images (n, 28, 28) and their labels (n,)."""


def _none() -> NDArray[np.uint8]:
    return np.zeros((0, 28, 28), np.uint8)


@dataclass(frozen=True)
class Pool:
    """Images of one kind, uint8 (n, 28, 28), with labels (n,), and how many of them an epoch
    shows. Symbols of lines come with what stands around them, (n, 28, 28, 3)."""

    name: str
    images: NDArray[np.uint8]
    labels: ClassLabels
    per_epoch: int


@dataclass(frozen=True)
class Validation:
    """What a network is calibrated by: digits (and signs) of each collection, and letters, uint8
    (n, 28, 28), that people wrote and that are to be rejected."""

    collections: list[Labelled]
    letters: NDArray[np.uint8] = field(default_factory=_none)


@dataclass(frozen=True)
class TrainingData:
    """Everything that a run may look at while it learns; no test set is in here.

    Labels of what the network is to turn away are one more than its last class. `validation` are
    digits (and signs) only, by data set, (n, 28, 28) and (n,); `validation_not_digits` are
    generated images that show none, `validation_letters` what people wrote that is none.
    """

    pools: list[Pool]
    validation: dict[str, Labelled]
    validation_not_digits: NDArray[np.uint8]
    description: dict[str, Any]
    validation_letters: NDArray[np.uint8] = field(default_factory=_none)

    @property
    def images_per_epoch(self) -> int:
        return sum(min(pool.per_epoch, len(pool.labels)) for pool in self.pools)

    def epoch(
        self, random: np.random.Generator, branch: int = 0
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """A shuffled draw for a branch: for each image its pool (n,), and its row there (n,).

        Branches after the first are shown as many scans, the first pool, in place of redrawn ones:
        what they have not learned from the same they do not get wrong the same.
        """
        owners, draws = [], []
        for number, pool in enumerate(self.pools):
            owner = 0 if branch and pool.name == REDRAWN else number
            count = min(pool.per_epoch, len(pool.labels))
            draws.append(random.permutation(len(self.pools[owner].labels))[:count])
            owners.append(np.full(count, owner))
        order = random.permutation(self.images_per_epoch)
        return np.concatenate(owners)[order], np.concatenate(draws)[order]

    def batch(
        self, owners: NDArray[np.intp], rows: NDArray[np.intp]
    ) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.uint8], ClassLabels]]:
        """Of each pool that an epoch's draw names: which of the draw (n,) are its own, and these
        images uint8 (k, 28, 28), or (k, 28, 28, 3), with their labels (k,)."""
        for number, pool in enumerate(self.pools):
            mine = owners == number
            if mine.any():
                yield mine, pool.images[rows[mine]], pool.labels[rows[mine]]
