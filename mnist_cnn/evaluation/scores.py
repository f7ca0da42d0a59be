"""How well a network reads: its scores per data set, and the calibration of its verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import ClassLabels, Dataset, FloatArray

BATCH = 100
"""Images read at once: more of them would raise what a training takes at its peak."""


@dataclass(frozen=True)
class LabelledLogits:
    """What a network answered to a data set: (n, 10) logits beside (n,) labels."""

    logits: FloatArray
    labels: ClassLabels

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,): whether the greatest logit is the label's."""
        return np.asarray(self.logits.argmax(axis=1) == self.labels)

    def scores(self, calibration: Calibration) -> dict[str, Any]:
        """Accuracy with its 95 % interval, per-class accuracy, calibration, and what was kept.

        `turned_away` is the share answered with "not a digit"; `kept` those with status ok.
        """
        probabilities = metrics.softmax(self.logits, calibration.temperature)
        predicted = probabilities.argmax(axis=1)
        confidence = probabilities.max(axis=1)
        right = predicted == self.labels
        is_digit = metrics.log_sum_exp(self.logits) >= calibration.min_evidence
        kept = is_digit & (confidence >= calibration.min_confidence)
        total = len(right)
        classes = [right[self.labels == k] for k in range(self.logits.shape[1])]
        return {
            "images": total,
            "accuracy": _rounded(right.mean()),
            "accuracy_95": [_rounded(x) for x in metrics.wilson_interval(int(right.sum()), total)],
            "per_class": [_rounded(c.mean()) if len(c) else None for c in classes],
            "ece": _rounded(metrics.calibration_error(confidence, right)),
            "nll": _rounded(metrics.negative_log_likelihood(probabilities, self.labels)),
            "turned_away": _rounded(1 - is_digit.mean()),
            "unsure": _rounded((is_digit & ~kept).mean()),
            "accuracy_kept": _rounded(right[kept].mean()) if kept.any() else None,
        }


def compute_logits(classifier: Classifier, images: NDArray[np.uint8]) -> FloatArray:
    """(n, 10) logits of uint8 (n, 28, 28)."""
    parts = [
        classifier.compute_logits(images[start : start + BATCH].astype(np.float32) / 255)
        for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 10), np.float32)


def evaluate(classifier: Classifier, datasets: Iterable[Dataset]) -> dict[str, dict[str, Any]]:
    """`LabelledLogits.scores` per data set."""
    return {
        dataset.name: LabelledLogits(
            compute_logits(classifier, dataset.images), dataset.labels
        ).scores(classifier.calibration)
        for dataset in datasets
    }


REJECTED = 0.95
"""The share of validation letters that is to be rejected, as far as digits allow."""


MISTAKES = 0.003
"""The share of sure answers that may be wrong, on validation data: UNIPEN's labels alone are wrong
so often, and with less, plain digits are called unsure."""


def calibrate(
    validation: Iterable[LabelledLogits], letters: FloatArray | None = None
) -> Calibration:
    """The temperature and thresholds that fit digits that the network did not learn from.

    The temperature gives the least negative log-likelihood, each data set weighing the same.
    The evidence asked for is `_min_evidence`. The confidence
    asked for is the least at which all sets together have at most `MISTAKES` among their answers:
    in a single set of a thousand, three mistakes more or less would move it by far.

    Args:
        letters: (n, 10) logits of what people wrote that is no digit.
    """
    readings = [reading for reading in validation if len(reading.labels)]
    heights = np.concatenate([r.logits.max(axis=1) - r.logits.mean(axis=1) for r in readings])
    unit = max(1.0, float(np.median(heights)) / 50)  # networks from elsewhere may be far off
    temperatures = unit * np.geomspace(1 / 64, 64, 241)
    temperature = float(
        min(
            temperatures,
            key=lambda t: sum(
                metrics.negative_log_likelihood(metrics.softmax(r.logits, t), r.labels)
                for r in readings
            ),
        )
    )
    evidence = _min_evidence(readings, letters)
    together = LabelledLogits(
        np.concatenate([r.logits for r in readings]), np.concatenate([r.labels for r in readings])
    )
    confidence = _min_confidence_for(together, temperature)
    return Calibration(_rounded(temperature), _rounded(evidence), _rounded(confidence))


def _min_evidence(readings: list[LabelledLogits], letters: FloatArray | None) -> float:
    """The least evidence for a digit that is asked for.

    Of a thousand digits 995 keep their answer in the data set that fares worst: strangers are
    rejected no oftener than MNIST. Where too few letters are rejected by that, they are traded
    for digits: it rises until 95 of 100 letters are rejected, as long as 990 of a thousand digits
    of each set keep their answer.
    """
    evidences = [metrics.log_sum_exp(reading.logits) for reading in readings]
    kept, least_kept = (
        min(float(np.quantile(evidence, share)) for evidence in evidences)
        for share in (0.005, 0.01)
    )
    if letters is None or not len(letters):
        return kept
    rejecting = float(np.quantile(metrics.log_sum_exp(letters), REJECTED))
    return max(kept, min(rejecting, least_kept))


def _min_confidence_for(readings: LabelledLogits, temperature: float) -> float:
    """The least confidence above which at most the share `MISTAKES` is wrong."""
    probabilities = metrics.softmax(readings.logits, temperature)
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence)
    wrong = np.cumsum(probabilities.argmax(axis=1)[order] != readings.labels[order])
    good = np.flatnonzero(wrong <= MISTAKES * np.arange(1, len(order) + 1))
    lowest = float(confidence[order[good[-1]]]) if len(good) else 0.99
    return min(max(lowest, 0.5), 0.99)


def _rounded(value: float) -> float:
    return round(float(value), 5)
