"""Which network answers people: the one in production, or the last good one before it."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from mnist_cnn.errors import RunError
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.store import Run

if TYPE_CHECKING:
    from mnist_cnn.models.classifier import LineNetworks


threadpool_limits(1, "blas")
"""A digit's few sums are done before other threads have woken up, and those keep others waiting."""


@lru_cache(maxsize=8)
def _cached_classifier(run_id: str, folder: Path, int8: bool) -> Classifier:
    return load_classifier(store.open_run(run_id), int8)


def classifier_of(run: Run, int8: bool = False) -> Classifier:
    """The classifier of a whole run, or its int8 copy; the last few that were asked for are kept.

    Raises:
        RunDamaged: the run's network or calibration cannot be used.
    """
    return _cached_classifier(run.id, run.folder, int8)


def production_classifier(kind: str = "digits") -> Classifier:
    """The classifier in production now: a promotion counts from the next drawing on.

    Where the run in production is damaged, it is that of the run before it.

    Raises:
        RunNotFound, RunDamaged: no run can answer; says what is wrong with the one in production.
    """
    try:
        return classifier_of(store.production_run(kind))
    except RunError:
        for run_id in _previous_runs(kind):
            try:
                return classifier_of(store.open_run(run_id))
            except RunError:
                continue
        raise


def line_networks() -> "LineNetworks":
    """Those in production that read numbers and equations together.

    Raises:
        RunNotFound, RunDamaged: one of them is missing.
    """
    from mnist_cnn.models.classifier import LineNetworks  # Home needs none of it

    return LineNetworks(production_classifier("symbols"), production_classifier())


def forget() -> None:
    """Drops what was loaded, so that files are read again."""
    _cached_classifier.cache_clear()


def fallback_message(run_id: str, kind: str = "digits") -> str:
    """One sentence where another run answered than the one in production, else nothing."""
    production = store.production_id(kind)
    if production in (None, run_id):
        return ""
    return f"Run {production}, in production, is damaged; run {run_id} answers for it."


def _previous_runs(kind: str) -> Iterator[str]:
    """The runs that were in production before, the last first."""
    from mnist_cnn.runs import registry  # seldom needed, and Home starts the sooner without it

    seen = {store.production_id(kind)}
    for promotion in reversed([p for p in registry.promotions() if p.kind == kind]):
        for run_id in (promotion.after, promotion.before):
            if run_id and run_id not in seen:
                seen.add(run_id)
                yield run_id
