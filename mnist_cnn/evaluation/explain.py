"""Which digits a network gets wrong, and what in a digit made it answer so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.evaluation.scores import LabelledLogits
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import FloatArray

PATCH = 5
"""Pixels that are covered at a time, in width and height."""


@dataclass(frozen=True)
class LabelledPredictions:
    """What a run predicted on a test set: (n, 10) probabilities, and what follows from them."""

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, logits: LabelledLogits, calibration: Calibration) -> "LabelledPredictions":
        probabilities = metrics.softmax(logits.logits, calibration.temperature)
        return cls(probabilities, logits.labels)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(n,): the likeliest digit of each image."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """(n,): the probability of that digit."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,): whether it is the label."""
        return np.asarray(self.predicted == self.labels)

    @property
    def matrix(self) -> NDArray[np.int64]:
        """(10, 10) counts: true, predicted."""
        return metrics.confusion_matrix(self.labels, self.predicted)

    def in_cell(self, true: int, predicted: int) -> NDArray[np.intp]:
        """(k,): the rows of one cell of the matrix, the most confident first."""
        rows = np.flatnonzero((self.labels == true) & (self.predicted == predicted))
        return rows[np.argsort(-self.confidence[rows], kind="stable")]

    def hardest(self) -> NDArray[np.intp]:
        """(k,): the rows of all mistakes, the most confident first."""
        rows = np.flatnonzero(~self.right)
        return rows[np.argsort(-self.confidence[rows], kind="stable")]

    def suspect_labels(self, count: int = 50) -> NDArray[np.intp]:
        """(count,): rows whose label the network believes least, against what it believes instead.

        The normalised margin of confident learning (Northcutt et al., 2021), from probabilities
        that the network gives to images it has not learned from.
        """
        own = self.probabilities[np.arange(len(self.labels)), self.labels]
        others = self.probabilities.copy()
        others[np.arange(len(self.labels)), self.labels] = -1
        return np.argsort(own - others.max(axis=1), kind="stable")[:count]

    def confused_pairs(self) -> list[tuple[int, int, int]]:
        """(true, predicted, images) of every kind of mistake, the most frequent first."""
        matrix = self.matrix
        cells = [(t, r, int(matrix[t, r])) for t in range(10) for r in range(10) if t != r]
        return sorted((cell for cell in cells if cell[2]), key=lambda cell: -cell[2])


def nearest(
    image: NDArray[np.uint8], others: NDArray[np.uint8], count: int = 8
) -> NDArray[np.intp]:
    """The rows of `others`, uint8 (n, 28, 28), that look most like an image, the likest first.

    By the distance of the pictures at half their size, which forgives a shift of a pixel.
    """

    def halved(images: NDArray[np.uint8]) -> FloatArray:
        parts = images.reshape(len(images), 14, 2, 14, 2).astype(np.float32)
        return parts.mean(axis=(2, 4)).reshape(len(images), -1)

    wanted = halved(image[None])
    distances = [
        ((halved(others[start : start + 5000]) - wanted) ** 2).sum(axis=1)
        for start in range(0, len(others), 5000)
    ]
    return np.argsort(np.concatenate(distances or [np.zeros(0)]), kind="stable")[:count]


def evidence(
    classifier: Classifier, image: NDArray[np.uint8], digit: int, other: int | None = None
) -> FloatArray:
    """(28, 28): how much the logit of `digit` falls where ink of an image, uint8 (28, 28), is
    covered, against that of another digit, by default the best other.

    Every place is covered with paper in turn, all in one batch. Positive: speaks for the digit.
    Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014.
    """
    grey = image.astype(np.float32) / 255
    places = [(y, x) for y in range(29 - PATCH) for x in range(29 - PATCH)]
    covered = np.repeat(grey[None], len(places) + 1, axis=0)
    for number, (y, x) in enumerate(places, start=1):
        covered[number, y : y + PATCH, x : x + PATCH] = 0
    logits = classifier.raw_logits(covered)
    rivals = np.delete(logits, digit, axis=1) if other is None else logits[:, [other]]
    others = rivals.max(axis=1)
    margins = logits[:, digit] - others
    total, times = np.zeros((28, 28), np.float32), np.zeros((28, 28), np.float32)
    for (y, x), margin in zip(places, margins[1:], strict=True):
        total[y : y + PATCH, x : x + PATCH] += margins[0] - margin
        times[y : y + PATCH, x : x + PATCH] += 1
    return total / times
