"""The classifier of a run."""

from mnist_cnn.errors import RunDamaged
from mnist_cnn.models.calibration import Calibration, calibration_of
from mnist_cnn.models.classifier import INT8, Classifier
from mnist_cnn.runs.store import Run


def load_calibration(run: Run) -> Calibration:
    """How a run's logits become verdicts.

    Raises:
        RunDamaged: its calibration cannot be used.
    """
    return calibration_of(run.calibration, run.id)


def load_classifier(run: Run, int8: bool = False) -> Classifier:
    """The classifier of a whole run; with `int8` its rounded copy, where it has one.

    Raises:
        RunDamaged: the run's network or calibration cannot be used.
    """
    name = INT8 if int8 and INT8 in run.manifest["sha256"] else "model.tflite"
    return Classifier(
        run.read(name), load_calibration(run), run.id, run.kind, branches=branches_of(run)
    )


def branches_of(run: Run) -> int:
    """How many branches its recipe gave the network; 1 where there is none, or it cannot be told
    from it."""
    try:
        architecture = (run.config.get("recipe") or {}).get("architecture")
    except RunDamaged:
        return 1
    found = architecture.get("branches") if isinstance(architecture, dict) else None
    return found if isinstance(found, int) else 1
