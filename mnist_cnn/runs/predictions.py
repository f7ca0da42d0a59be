"""What runs predicted on their test sets when they were measured."""

import io
import zipfile
import zlib

import numpy as np

from mnist_cnn.errors import RunDamaged
from mnist_cnn.evaluation.scores import LabelledLogits
from mnist_cnn.runs.store import Run, list_runs

PREDICTIONS = "predictions.npz"

BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError)
"""What a damaged ZIP raises while it is read."""


def measured_runs() -> dict[str, Run]:
    """Every whole run that reads digits and keeps what it answered, by its id, the newest first."""
    return {run.id: run for run in list_runs() if PREDICTIONS in run.manifest["sha256"]}


def saved_logits(run: Run) -> dict[str, LabelledLogits]:
    """What a run answered to each test set when it was measured, from its file of predictions.

    Raises:
        RunDamaged: the file is missing, changed, or holds something else.
    """
    content = run.read(PREDICTIONS)
    try:
        with np.load(io.BytesIO(content)) as arrays:
            names = [key.removesuffix("-labels") for key in arrays if key.endswith("-labels")]
            return {
                name: LabelledLogits(
                    arrays[f"{name}-logits"].astype(np.float32),
                    arrays[f"{name}-labels"].astype(np.int64),
                )
                for name in names
            }
    except (*(ValueError, TypeError, KeyError, OSError, EOFError), *BROKEN) as error:
        raise RunDamaged(f"Run {run.id} is damaged: {PREDICTIONS} cannot be read.") from error
