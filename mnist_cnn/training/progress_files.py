"""What a run, whole or in the making, tells of how it learned."""

import io
from typing import TYPE_CHECKING

from mnist_cnn.runs.store import new_folder
from mnist_cnn.storage import read_json

if TYPE_CHECKING:
    import pandas as pd


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
