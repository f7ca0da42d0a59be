"""A personal hand: what one person's drawings teach, without touching anybody else's reading.

Of each digit the taught drawing that is nearest adds to the digit's logit, the more the nearer it
is; far from everything that was taught the network's word stands alone. How near it is also says
how likely it is a digit at all. Learning is keeping: there is nothing to train.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.hands.descriptor import describe
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.ink.strokes import on_grid
from mnist_cnn.metrics import log_sum_exp
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import ClassLabels, FloatArray, Prediction, Stroke

WEIGHT, REACH = 14.0, 3.3
"""What a taught drawing adds to its digit's logit where it is the very same, and the squared
distance from which on it adds nothing."""

NEAR, FAR = 0.6, 2.0
"""Up to the first squared distance a drawing is as surely a digit as the taught one; from the
second on that says nothing for it, and a little against it."""

SURE = 6.0
"""The evidence for a digit, in nats, that a taught drawing stands for."""


@dataclass(frozen=True)
class TaughtDrawing:
    """What somebody wrote and says that it is: a digit, its image uint8 (28, 28), and its strokes,
    (points, 2) each, where it was drawn."""

    label: int
    image: NDArray[np.uint8]
    strokes: tuple[Stroke, ...] = ()

    @classmethod
    def of_strokes(cls, label: int, strokes: Sequence[Stroke]) -> "TaughtDrawing":
        """From pen strokes, (points, 2) each in any unit; it looks as it will from a file."""
        kept = on_grid(strokes)
        return cls(label, to_uint8(normalize_strokes(kept)), kept)


class HandClassifier(Classifier):
    """A network that listens to a hand. Its logits take the drawings into account; how they become
    a verdict is as the network's calibration says."""

    def __init__(self, network: Classifier, drawings: Sequence[TaughtDrawing]) -> None:
        self.network = network
        self.calibration = network.calibration
        self.run_id = network.run_id
        self.drawings = tuple(drawings)
        self.labels: ClassLabels = np.array([d.label for d in drawings], np.int64)
        images = np.stack([d.image for d in drawings]).astype(np.float32) / 255
        self.taught_logits = network.compute_logits(images)
        self.taught = describe(images, self.taught_logits)

    def compute_logits(self, images: FloatArray) -> FloatArray:
        """(n, 10) for float32 (n, 28, 28) in [0, 1], where the network is unsure by test-time
        augmentation; the hand is heard in both cases."""
        return self._heard(images, self.network.compute_logits(images))

    def predict_batch(self, images: FloatArray) -> list[Prediction]:
        """Verdicts on many normalized images, (n, 28, 28) in [0, 1]: a hand is heard by all
        branches."""
        return self.predict_many(images, len(images) or 1)

    def raw_logits(self, images: FloatArray) -> FloatArray:
        """(n, 10) for float32 (n, 28, 28) in [0, 1], without test-time augmentation."""
        return self._heard(images, self.network.raw_logits(images))

    def _heard(self, images: FloatArray, logits: FloatArray) -> FloatArray:
        if not len(images):
            return logits
        distances = squared_distances(describe(images, logits), self.taught)
        return adjusted(logits, nearest(distances, self.labels))


def squared_distances(
    vectors: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, m) between (n, 24) and (m, 24)."""
    products = -2 * vectors @ others.T
    sums = (vectors**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None, :]
    return np.maximum(products + sums, 0)


def nearest(distances: NDArray[np.float32], labels: ClassLabels) -> NDArray[np.float32]:
    """(n, 10): of each digit the least of (n, m) distances to drawings with labels (m,); infinite
    where it was not taught."""
    found = np.full((len(distances), 10), np.inf, np.float32)
    order = labels.argsort(kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    found[:, labels[order][starts]] = np.minimum.reduceat(distances[:, order], starts, axis=1)
    return found


def adjusted(logits: FloatArray, distances: NDArray[np.float32]) -> FloatArray:
    """(n, 10) logits that heed the hand, from the network's (n, 10) and the squared distance to
    what was taught of each digit, (n, 10)."""
    moved = logits + WEIGHT * np.maximum(0, 1 - distances / REACH)
    evidence = log_sum_exp(logits)
    of_digit = distances[np.arange(len(logits)), moved.argmax(axis=1)]
    near = np.clip((FAR - of_digit) / (FAR - NEAR), 0, 1)
    away = np.where(np.isinf(of_digit), 0, np.clip(2 * (of_digit - FAR), 0, 1))
    evidence += near * np.maximum(0, SURE - evidence) - away
    return np.asarray(moved + (evidence - log_sum_exp(moved))[:, None], np.float32)
