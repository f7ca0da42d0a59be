"""The scores that networks are judged by, from arrays to numbers."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import ClassLabels

Scores = NDArray[np.floating[Any]]

NUM_BINS = 15


def softmax(logits: Scores, temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities along the last axis of (…, classes) logits, which sum to 1."""
    scaled = np.asarray(logits, np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def log_sum_exp(logits: Scores) -> NDArray[np.float64]:
    """Along the last axis of (…, classes) logits: the log-odds of "a digit" against "none", whose
    logit is zero, in nats."""
    return np.asarray(np.logaddexp.reduce(np.asarray(logits, np.float64), axis=-1))


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share. Wilson, Probable inference, 1927."""
    if total == 0:
        return 0.0, 1.0
    z = 1.959964
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + (z / total / 2) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion_matrix(
    labels: ClassLabels, predicted: ClassLabels, num_classes: int = 10
) -> NDArray[np.int64]:
    """(true, predicted) counts."""
    cells = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes).astype(np.int64)


def calibration_error(confidence: Scores, right: NDArray[np.bool_]) -> float:
    """Expected calibration error, as a share, over 15 bins of equal width, from (n,) confidences
    and whether each was right. Guo et al., 2017."""
    if len(confidence) == 0:
        return 0.0
    bins = _bins(confidence)
    gaps = np.bincount(bins, weights=confidence - right, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _bins(confidence: Scores) -> NDArray[np.int64]:
    return np.minimum((confidence * NUM_BINS).astype(np.int64), NUM_BINS - 1)


def negative_log_likelihood(probabilities: Scores, labels: ClassLabels) -> float:
    """Mean of -ln p(true class), in nats, from (n, classes) probabilities and (n,) labels."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(chosen, 1e-12, 1)).mean())


def auroc(positive: Scores, negative: Scores) -> float:
    """How often a positive scores above a negative, ties counting half; scores (n,) and (m,)."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    not_above = np.searchsorted(ordered, positive, "right")
    return float((below + not_above).sum() / (2 * len(positive) * len(negative)))


def rejected(positive: Scores, negative: Scores, kept: float = 0.98) -> float:
    """The share of negatives, (m,) scores, below that which keeps the share `kept` of the
    positives, (n,) scores."""
    return float((negative < np.quantile(positive, 1 - kept)).mean())


def per_class(matrix: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Precision, recall, F1 (as shares) and support of each class, (classes,) each, from (true,
    predicted) counts; NaN where a class was never there or predicted."""
    right = np.diag(matrix).astype(np.float64)
    read, there = matrix.sum(axis=0), matrix.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return {
            "precision": right / read,
            "recall": right / there,
            "f1": 2 * right / (read + there),
            "support": there,
        }


def reliability(confidence: Scores, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """For each bin of confidence that has any images: its mean confidence, accuracy and images;
    from (n,) confidences and whether each was right."""
    bins = _bins(confidence)
    return [
        {
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(right[inside].mean()),
            "images": int(inside.sum()),
        }
        for number in range(NUM_BINS)
        if (inside := bins == number).any()
    ]


def accuracy_by_share_kept(
    confidence: Scores, right: NDArray[np.bool_], points: int = 101
) -> list[dict[str, float]]:
    """Accuracy on the surest images, for shares rejected from none to half of them; from (n,)
    confidences and whether each was right."""
    order = np.argsort(-confidence, kind="stable")
    correct = np.cumsum(right[order])
    rows = []
    for rejected_share in np.linspace(0, 0.5, points):
        kept = max(1, round(len(order) * (1 - rejected_share)))
        rows.append(
            {"rejected": float(rejected_share), "accuracy": float(correct[kept - 1] / kept)}
        )
    return rows


@dataclass(frozen=True)
class Comparison:
    """Two networks on the same images: how many only one of them reads.

    `difference` is B's accuracy less A's, `interval` its 95 % interval (Wald, paired), `p_value`
    McNemar's exact test of both being equally good.
    """

    only_a: int
    only_b: int
    total: int
    p_value: float
    difference: float
    interval: tuple[float, float]


def compare(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> Comparison:
    """From whether each image was read right by A and by B, (n,) each. McNemar, 1947; exact,
    two-sided."""
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    total, differing = len(right_a), only_a + only_b
    few = min(only_a, only_b)
    tail = sum(math.comb(differing, k) for k in range(few + 1))
    p_value = min(1.0, float(Fraction(2 * tail, 2**differing)))
    difference = (only_b - only_a) / total
    spread = math.sqrt(max(differing - (only_b - only_a) ** 2 / total, 0.0)) / total
    half = 1.959964 * spread
    interval = (difference - half, difference + half)
    return Comparison(only_a, only_b, total, p_value, difference, interval)
