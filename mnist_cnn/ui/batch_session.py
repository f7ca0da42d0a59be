"""What one session has read of a batch, and what its visitor has put right."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mnist_cnn.batch.results import Result


@dataclass
class Batch:
    """What one session has read; `corrections` are by row."""

    results: list[Result] = field(default_factory=list)
    corrections: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    whole: bool = False
    run_id: str = ""
    note: str = ""
    undone: int = 0

    def undo(self) -> None:
        self.corrections.clear()
        self.note = ""
        self.undone += 1  # a new table: Streamlit keeps what was typed into the old one

    def corrected(self) -> Iterator[Result]:
        """The results with a person's corrections in them, which count as certain."""
        for row, result in enumerate(self.results):
            digit = self.corrections.get(row)
            if digit is None or result.prediction is None:
                yield result
            else:
                sure = tuple(float(k == digit) for k in range(10))
                changed = replace(
                    result.prediction, status="ok", digit=digit, confidence=1.0, probabilities=sure
                )
                yield replace(result, prediction=changed)
