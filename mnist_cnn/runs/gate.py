"""What a run must show before it may answer people."""

import math

import numpy as np

from mnist_cnn import metrics
from mnist_cnn.data import corrections
from mnist_cnn.data.canary import canary
from mnist_cnn.errors import RunError, RunRefused
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.predictions import saved_logits
from mnist_cnn.runs.store import Run

MIN_READ = 0.9
"""The share of the canary digits that a run must read right."""

MIN_ANSWERED = 0.5
"""The share of the canary digits that a run must not turn away."""

MARGIN = 0.005
"""How far below the production run's accuracy a run may lie on each data set, as a share."""

MIN_LEARNED, MIN_HELD_OUT = 0.5, 5
"""The share of the held-out corrections that a run which was taught must read, where there are so
many: what people say of their own digits can be learned; what is made up cannot."""

TAUGHT_MARGIN = 0.001
"""How far a run may lie below the one that it goes on from: it is to learn without forgetting."""


def check(run: Run, production: str | None, reason: str = "") -> None:
    """Passes a run that is whole, sane, and not worse than the one in production.

    Args:
        production: the id of the run to compare it with, None for no comparison.
        reason: why it may be promoted although it is worse. It overrides nothing else.

    Raises:
        RunDamaged: a file is missing or changed, or the network cannot be loaded.
        RunRefused: it answers nonsense, misreads the canary, was taught what does not hang
            together, or is worse without a reason.
    """
    for name in run.manifest["sha256"]:
        run.read(name)
    _check_canary(run)
    if run.start and production is not None:  # a rollback asks for no more than sanity
        _check_learned(run)
    worse = worse_than(run, production)
    if worse and not reason.strip():
        raise RunRefused(
            f"Run {run.id} is worse than the one in production: {'; '.join(worse)}. To promote it "
            "all the same, please give a reason.",
            reason_helps=True,
        )


def worse_than(run: Run, production: str | None) -> list[str]:
    """Where a run lies below the production run by more than the margin, in words. Below a run that
    it goes on from: by more than the margin for that, and than chance explains."""
    if production is None or production == run.id:
        return []
    others = dict.fromkeys(other for other in (production, run.start) if other)
    return [word for other in others for word in _below(run, other, taught=other == run.start)]


def _below(run: Run, other: str, taught: bool) -> list[str]:
    try:
        against = store.open_run(other)
        known = against.evaluation["datasets"]
        allowed = _allowed_after_teaching(run, against) if taught else {}
    except RunError:
        return []  # nothing whole to fall behind
    words = []
    for name, scores in run.evaluation.get("datasets", {}).items():
        margin = allowed.get(name, MARGIN)
        if name in known and scores["accuracy"] < known[name]["accuracy"] - margin:
            words.append(f"{name} {scores['accuracy']:.2%} against {known[name]['accuracy']:.2%}")
    return words


def _allowed_after_teaching(run: Run, start: Run) -> dict[str, float]:
    """How far below its start a run may lie on each test set that both have answered: twice the
    standard error of the paired difference, and no less than the margin."""
    before, after = saved_logits(start), saved_logits(run)
    allowed = {}
    for name in before.keys() & after.keys():
        if len(before[name].labels) == len(after[name].labels):
            found = metrics.compare(before[name].right, after[name].right)
            error = math.sqrt(found.only_a + found.only_b) / found.total
            allowed[name] = max(TAUGHT_MARGIN, 2 * error)
    return allowed


def _check_learned(run: Run) -> None:
    """Whether what it was taught hangs together, by the part that it did not learn from."""
    known = [correction for correction in corrections.with_hands() if correction.held_out]
    if len(known) < MIN_HELD_OUT:
        return
    found = corrections.dataset(known)
    logits = load_classifier(run).compute_logits(found.images.astype(np.float32) / 255)
    share = float((logits.argmax(axis=1) == found.labels).mean())
    if share < MIN_LEARNED:
        raise RunRefused(
            f"Run {run.id} reads {share:.0%} of {len(known)} corrections that it did not learn "
            f"from, at least {MIN_LEARNED:.0%} are asked for: their labels do not fit their "
            "pictures; please look through them."
        )


def _check_canary(run: Run) -> None:
    images, labels = canary()
    classifier = load_classifier(run)
    logits = classifier.compute_logits(images)
    if not np.isfinite(logits).all():
        raise RunRefused(f"Run {run.id} answers with what is no number; it cannot be promoted.")
    verdicts = [classifier.calibration.verdict(row) for row in logits]
    answered = float(np.mean([verdict.digit is not None for verdict in verdicts]))
    if answered < MIN_ANSWERED:
        raise RunRefused(
            f"Run {run.id} says of {1 - answered:.0%} of {len(labels)} plainly written digits that "
            "they are none; it cannot be promoted."
        )
    read = float(
        np.mean([v.likeliest[0] == label for v, label in zip(verdicts, labels, strict=True)])
    )
    if read < MIN_READ:
        raise RunRefused(
            f"Run {run.id} reads {read:.0%} of {len(labels)} plainly written digits, at least "
            f"{MIN_READ:.0%} are asked for; it cannot be promoted."
        )
