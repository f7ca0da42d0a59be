"""Which network answers people: the one in production, or the last good one before it."""

from collections.abc import Callable, Iterator

from mnist_cnn import registry, runs
from mnist_cnn.classifier import Classifier, load_classifier
from mnist_cnn.errors import RunError


def _loaded(run_id: str) -> Classifier:
    return load_classifier(runs.open_run(run_id))


def production_classifier(load: Callable[[str], Classifier] = _loaded) -> Classifier:
    """The classifier of the run in production; where that is damaged, of the one before it.

    Args:
        load: from a run's id to its classifier, for callers that keep those they have loaded.

    Raises:
        RunNotFound, RunDamaged: no run can answer; says what is wrong with the one in production.
    """
    try:
        return load(runs.production_run().id)
    except RunError:
        for run_id in _good_before():
            try:
                return load(run_id)
            except RunError:
                continue
        raise


def stand_in(run_id: str) -> str:
    """One sentence where another run answered than the one in production, else nothing."""
    production = runs.production_id()
    if production in (None, run_id):
        return ""
    return f"Run {production}, in production, is damaged; run {run_id} answers for it."


def _good_before() -> Iterator[str]:
    """The runs that were in production before, the last first."""
    seen = {runs.production_id()}
    for promotion in reversed(registry.promotions()):
        for run_id in (promotion.after, promotion.before):
            if run_id and run_id not in seen:
                seen.add(run_id)
                yield run_id
