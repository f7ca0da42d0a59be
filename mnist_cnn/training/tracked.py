"""What trackers of experiments are told of a training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs.store import Run


@dataclass(frozen=True)
class Tracked:
    """The training that is told of: its run's id and name, and what it learns from and how."""

    run_id: str
    name: str
    parameters: dict[str, Any]


class Tracker(Protocol):
    """Where a training is told. Any of these may fail in its library's own way."""

    def begin(self, tracked: Tracked) -> None: ...

    def epoch(self, number: int, metrics: dict[str, float], picture: NDArray[np.uint8]) -> None:
        """An epoch's numbers, and its confusion matrix as a picture of shape (height, width)."""

    def end(self, run: Run | None, stopped: bool) -> None:
        """The whole run; or None where it came to none, because a person stopped it or not."""


def parameters(recipe: Recipe) -> dict[str, Any]:
    """A recipe's settings, those within others by `group.name`; nothing of this machine."""
    flat: dict[str, Any] = {}
    for key, value in recipe.as_dict().items():
        inside = value.items() if isinstance(value, dict) else [("", value)]
        flat |= {f"{key}.{name}" if name else key: shown for name, shown in inside}
    return {
        key: ",".join(map(str, value)) if isinstance(value, list | tuple) else value
        for key, value in flat.items()
    }


def scores(run: Run) -> dict[str, float]:
    """What trackers are told of a whole run's scores, by test set and kind."""
    return {
        f"{name}/{kind}": float(found[kind])
        for name, found in run.evaluation["datasets"].items()
        for kind in ("accuracy", "ece", "nll")
        if found.get(kind) is not None
    }


def matrix_picture(matrix: Sequence[Sequence[int]], cell: int = 16) -> NDArray[np.uint8]:
    """A confusion matrix (classes, classes) as a picture of shape (height, width): a row for each
    true class, the darker the larger its share there; the root of it, so that mistakes are seen."""
    counts = np.asarray(matrix, np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    dark = np.round(255 * (1 - np.sqrt(shares))).astype(np.uint8)
    return np.kron(dark, np.ones((cell, cell), np.uint8))
