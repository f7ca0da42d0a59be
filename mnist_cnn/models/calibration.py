"""How logits become a verdict."""

from dataclasses import asdict, dataclass
from typing import Any

from mnist_cnn.errors import RunDamaged
from mnist_cnn.metrics import log_sum_exp, softmax
from mnist_cnn.records import FloatArray, Prediction, Status

FORMER_NAMES = {"least_evidence": "min_evidence", "least_confidence": "min_confidence"}
"""What its numbers were called in the files of older runs."""


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
        probabilities = softmax(logits, self.temperature)
        evidence = float(log_sum_exp(logits))
        digit = int(probabilities.argmax())
        status: Status = "ok"
        if evidence < self.min_evidence:
            status = "not_a_digit"
        elif probabilities[digit] < self.min_confidence:
            status = "unsure"
        return Prediction(
            status,
            None if status == "not_a_digit" else digit,
            float(probabilities[digit]),
            tuple(probabilities.tolist()),
        )


def calibration_of(values: dict[str, Any], run_id: str) -> Calibration:
    """What a run's `calibration.json` says.

    Raises:
        RunDamaged: it lacks something.
    """
    known = {FORMER_NAMES.get(name, name): value for name, value in values.items()}
    try:
        return Calibration(
            float(known["temperature"]),
            float(known["min_evidence"]),
            float(known["min_confidence"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunDamaged(f"Run {run_id} is damaged: calibration.json lacks {error}.") from error
