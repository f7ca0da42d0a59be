"""The few shapes of data that travel between floors."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ClassLabels = NDArray[np.int64]

FloatArray = NDArray[np.floating[Any]]

Stroke = NDArray[np.float64]
"""The path of the pen from down to up: shape (points, 2), x then y, y growing downwards."""

Part = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a picture, in shares of its sides."""

Status = Literal["ok", "unsure", "not_a_digit", "blank"]


@dataclass(frozen=True)
class Drawing:
    """One handwritten thing as the pen wrote it: strokes of (points, 2), in any unit of length."""

    strokes: tuple[Stroke, ...]
    label: str | None = None
    writer: str | None = None


@dataclass(frozen=True)
class Prediction:
    """What a network says of one image.

    `probabilities` are ten calibrated numbers that sum to 1, or empty for a blank image;
    `confidence` is the greatest of them. `symbols` is how many stand side by side, where that is
    certain.
    """

    status: Status
    digit: int | None
    confidence: float
    probabilities: tuple[float, ...]
    symbols: int = 1

    @property
    def likeliest(self) -> list[int]:
        """The ten digits, the most probable first; empty for a blank image."""
        return sorted(range(len(self.probabilities)), key=lambda k: -self.probabilities[k])

    def as_dict(self) -> dict[str, Any]:
        """The form that the command line and the API answer with."""
        return {
            "digit": self.digit,
            "confidence": round(self.confidence, 6),
            "probabilities": [round(p, 6) for p in self.probabilities],
            "status": self.status,
        }


BLANK = Prediction("blank", None, 0.0, ())


@dataclass(frozen=True)
class PredictionResult:
    """A prediction with how it came about: the (28, 28) image seen, by which run, how fast.

    Of a picture, `part` is what was taken for the digit, `others` are pieces that may be digits
    too, and `turned` is by how many degrees, against the clock, it was turned to be read.
    """

    prediction: Prediction
    image: FloatArray
    run_id: str
    seconds: float
    part: Part | None = None
    others: tuple[Part, ...] = ()
    turned: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The form that the command line and the API answer with."""
        part = {"part": [round(edge, 4) for edge in self.part]} if self.part else {}
        return self.prediction.as_dict() | part | ({"turned": self.turned} if self.turned else {})


@dataclass(frozen=True)
class Dataset:
    """Labelled images, already (28, 28): `images` uint8 (n, 28, 28), `labels` int64 (n,)."""

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    source: str
    licence: str
    checksum: str
    notes: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, name: str, chosen: Any) -> "Dataset":
        """The rows that `chosen` (an index array, mask or slice) picks, under another name.

        A copy, so that a part does not keep the whole in memory.
        """
        return Dataset(
            name,
            self.images[chosen].copy(),
            self.labels[chosen].copy(),
            self.source,
            self.licence,
            self.checksum,
            self.notes,
        )
