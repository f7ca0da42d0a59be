"""How the descriptor's projection is fitted: a linear discriminant within writers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import ClassLabels

DIMENSIONS = 24

SHRINKAGE = 0.1
"""The share of a ball in the scatter within writers (Friedman, 1989)."""

MOST = 10
"""One writer's drawings of one digit weigh no more than so many."""

Descriptors = NDArray[np.float32]


def fitted_projection(writers: Sequence[tuple[Descriptors, ClassLabels]]) -> Descriptors:
    """(402, 24) from each writer's raw descriptors (n, 402) and labels (n,).

    Squared distances between projected descriptors are about 1 where a writer means the same
    digit.
    """
    everything = np.concatenate([descriptors for descriptors, _ in writers])
    spread = everything.std(axis=0) + 1e-3
    total = np.cov((everything / spread).T)
    within = _scatter_within(writers, spread)
    ball = np.eye(len(within)) * np.trace(within) / len(within)
    values, vectors = np.linalg.eigh((1 - SHRINKAGE) * within + SHRINKAGE * ball)
    whitening = vectors / np.sqrt(values)
    _, directions = np.linalg.eigh(whitening.T @ total @ whitening)
    chosen = whitening @ directions[:, -DIMENSIONS:]
    return np.asarray(chosen / spread[:, None] / np.sqrt(2 * DIMENSIONS), np.float32)


def _scatter_within(
    writers: Sequence[tuple[Descriptors, ClassLabels]], spread: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(402, 402): how one person's drawings of one digit differ."""
    scatter = np.zeros((len(spread), len(spread)))
    count = 0.0
    for descriptors, labels in writers:
        for digit in range(10):
            same = descriptors[labels == digit] / spread
            if len(same) < 2:
                continue
            off = same - same.mean(axis=0)
            weight = min(len(same), MOST)
            scatter += off.T @ off / len(same) * weight
            count += weight * (1 - 1 / len(same))
    return scatter / max(count, 1.0)
