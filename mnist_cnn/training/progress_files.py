"""What a run, whole or in the making, tells of how it learned."""

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.json_files import read_json
from mnist_cnn.runs.store import new_folder

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ValidationError:
    """A validation digit, uint8 (28, 28), its label, and what it was read as."""

    image: NDArray[np.uint8]
    label: int
    predicted: int


def validation_errors(run_id: str) -> list[ValidationError]:
    """Some validation digits that the network of the last epoch misread, uint8 (28, 28) each; none
    once the run is whole."""
    known = read_json(new_folder(run_id) / "validation_errors.json").get("errors", [])
    try:
        return [
            ValidationError(
                np.frombuffer(base64.b64decode(e["image"]), np.uint8).reshape(28, 28),
                int(e["label"]),
                int(e["predicted"]),
            )
            for e in known
        ]
    except (ValueError, KeyError, TypeError):
        return []


def history(run_id: str) -> "pd.DataFrame":
    """A row per epoch: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, seconds."""
    return _table(run_id, "history.csv")


def curve(run_id: str) -> "pd.DataFrame":
    """A row per two-hundredth of the training: epoch with its fraction, loss, accuracy,
    learning_rate."""
    return _table(run_id, "curve.csv")


def validation_matrices(run_id: str) -> list[list[list[int]]]:
    """Per epoch the confusion matrix of the validation digits, (true, predicted) counts; none where
    a run has kept none."""
    return list(read_json(new_folder(run_id) / "confusion.json").get("validation", []))


def _table(run_id: str, name: str) -> "pd.DataFrame":
    """Empty where the file is not there or cut short."""
    import pandas as pd

    try:
        content = (new_folder(run_id) / name).read_bytes()
        return pd.read_csv(io.BytesIO(content), on_bad_lines="skip")
    except (OSError, ValueError):
        return pd.DataFrame({"epoch": []})
