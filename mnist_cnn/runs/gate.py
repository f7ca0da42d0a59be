"""What a run must show before it may answer people."""

import numpy as np

from mnist_cnn.data.canary import canary
from mnist_cnn.errors import RunError, RunRefused
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.store import Run

MIN_READ = 0.9
"""The share of the canary digits that a run must read right."""

MARGIN = 0.005
"""How far below the production run's accuracy a run may lie on each data set, as a share."""


def check(run: Run, production: str | None, reason: str = "") -> None:
    """Passes a run that is whole, sane, and not worse than the one in production.

    Args:
        production: the id of the run to compare it with, None for no comparison.
        reason: why it may be promoted although it is worse. It overrides nothing else.

    Raises:
        RunDamaged: a file is missing or changed, or the network cannot be loaded.
        RunRefused: it answers nonsense, misreads the canary, or is worse without a reason.
    """
    for name in run.manifest["sha256"]:
        run.read(name)
    _check_canary(run)
    worse = worse_than(run, production)
    if worse and not reason.strip():
        raise RunRefused(
            f"Run {run.id} is worse than the one in production: {'; '.join(worse)}. To promote it "
            "all the same, please give a reason.",
            reason_helps=True,
        )


def worse_than(run: Run, production: str | None) -> list[str]:
    """Where a run lies below the production run by more than the margin, in words."""
    if production is None or production == run.id:
        return []
    try:
        known = store.open_run(production).evaluation["datasets"]
    except RunError:
        return []  # nothing whole to fall behind
    words = []
    for name, scores in run.evaluation.get("datasets", {}).items():
        if name in known and scores["accuracy"] < known[name]["accuracy"] - MARGIN:
            words.append(f"{name} {scores['accuracy']:.2%} against {known[name]['accuracy']:.2%}")
    return words


def _check_canary(run: Run) -> None:
    images, labels = canary()
    logits = load_classifier(run).compute_logits(images)
    if not np.isfinite(logits).all():
        raise RunRefused(f"Run {run.id} answers with what is no number; it cannot be promoted.")
    read = float((logits.argmax(axis=1) == labels).mean())
    if read < MIN_READ:
        raise RunRefused(
            f"Run {run.id} reads {read:.0%} of {len(labels)} plainly written digits, at least "
            f"{MIN_READ:.0%} are asked for; it cannot be promoted."
        )
