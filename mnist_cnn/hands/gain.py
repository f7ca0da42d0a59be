"""What a hand gains, each drawing judged by the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.hands.hand import (
    HandClassifier,
    TaughtDrawing,
    adjusted,
    nearest,
    squared_distances,
)
from mnist_cnn.metrics import Comparison
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import FloatArray


@dataclass(frozen=True)
class Gain:
    """How many drawings were taught; how many of them can be judged, since the same digit was
    written at least twice; and how many of those are read right without and with the hand."""

    drawings: int
    judged: int
    right_before: int
    right_after: int
    comparison: Comparison | None

    @property
    def worse(self) -> bool:
        """Whether the drawings themselves say that they are better read without the hand."""
        return self.right_after < self.right_before

    def as_dict(self) -> dict[str, Any]:
        """The form that the command line answers with; shares are null where none was judged."""
        share = self.judged or None
        return {
            "drawings": self.drawings,
            "judged": self.judged,
            "before": share and round(self.right_before / self.judged, 4),
            "after": share and round(self.right_after / self.judged, 4),
            "interval": [round(end, 4) for end in self.comparison.interval]
            if self.comparison
            else None,
            "used": not self.worse,
        }


def learn(network: Classifier, drawings: Sequence[TaughtDrawing]) -> tuple[Classifier, Gain]:
    """A classifier that listens to these drawings, and what that gains. Where it would read them
    worse than the network alone, and where nothing was taught, it is the network itself."""
    if not drawings:
        return network, Gain(0, 0, 0, 0, None)
    taught = HandClassifier(network, drawings)
    gain = _leave_one_out(taught)
    return (network if gain.worse else taught), gain


def _leave_one_out(taught: HandClassifier) -> Gain:
    labels = taught.labels
    distances = squared_distances(taught.taught, taught.taught)
    np.fill_diagonal(distances, np.inf)
    logits = adjusted(taught.taught_logits, nearest(distances, labels))
    siblings = np.bincount(labels, minlength=10)[labels] > 1
    before = _right(taught, taught.taught_logits)[siblings]
    after = _right(taught, logits)[siblings]
    comparison = metrics.compare(before, after) if len(before) else None
    return Gain(len(labels), len(before), int(before.sum()), int(after.sum()), comparison)


def _right(taught: HandClassifier, logits: FloatArray) -> NDArray[np.bool_]:
    """Whether each (n, 10) logits give the digit that was taught."""
    digits = [taught.calibration.verdict(row).digit for row in logits]
    return np.array(
        [digit == label for digit, label in zip(digits, taught.labels, strict=True)], np.bool_
    )
