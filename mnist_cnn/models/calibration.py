"""How logits become a verdict."""

from dataclasses import asdict, dataclass
from typing import Any

from mnist_cnn.errors import RunDamaged
from mnist_cnn.metrics import log_sum_exp, softmax
from mnist_cnn.records import FloatArray, Prediction, Status

FORMER_NAMES = {"least_evidence": "min_evidence", "least_confidence": "min_confidence"}
"""What its numbers were called in the files of older runs."""


BOUNDS = {"temperature": (0.01, 1e8), "min_evidence": (-1e9, 1e8), "min_confidence": (0.0, 1.0)}
"""From where to where its numbers may lie."""

SURE_AT_SIGHT = 0.98
"""A picture that is read with less confidence is looked at more closely."""


@dataclass(frozen=True)
class Calibration:
    """How logits become a verdict; every number is fitted on validation data.

    `temperature` divides the logits before the softmax. An image whose log-odds of being a digit
    lie below `min_evidence` is none; one whose confidence lies below `min_confidence` is
    unsure.
    """

    temperature: float = 1.0
    min_evidence: float = -1e9
    min_confidence: float = 0.0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)

    def verdict(self, logits: FloatArray) -> Prediction:
        """The prediction for one image's logits, of shape (10,)."""
        return self.verdicts(logits[None])[0]

    def verdicts(self, logits: FloatArray) -> list[Prediction]:
        """The predictions for many images' logits, of shape (n, 10)."""
        probabilities = softmax(logits, self.temperature)
        evidence, digits = log_sum_exp(logits).tolist(), probabilities.argmax(axis=1).tolist()
        predictions = []
        for found, digit, row in zip(evidence, digits, probabilities.tolist(), strict=True):
            status: Status = "ok"
            if found < self.min_evidence:
                status = "not_a_digit"
            elif row[digit] < self.min_confidence:
                status = "unsure"
            known = None if status == "not_a_digit" else digit
            predictions.append(Prediction(status, known, row[digit], tuple(row)))
        return predictions


def calibration_of(values: dict[str, Any], run_id: str) -> Calibration:
    """What a run's `calibration.json` says.

    Raises:
        RunDamaged: it lacks a number, or holds one that cannot be.
    """
    known = {FORMER_NAMES.get(name, name): value for name, value in values.items()}
    numbers = {}
    for name, (low, high) in BOUNDS.items():
        number = known.get(name)
        fits = isinstance(number, int | float) and not isinstance(number, bool)
        if number is None or not fits or not low <= number <= high:  # so is what is no number
            raise RunDamaged(
                f"Run {run_id} is damaged: the {name} in its calibration.json is "
                f"{str(number)[:20]}; expected a number from {low:g} to {high:g}."
            )
        numbers[name] = float(number)
    return Calibration(**numbers)
