"""What a training came to: how well its run reads, against the one in production, and what next."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation.scores import LabelledLogits
from mnist_cnn.metrics import Comparison
from mnist_cnn.runs import notes, store
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, changed_digits, layout, run_actions

CORRECTIONS = {
    labelled_sets.CORRECTIONS: "your corrections and hands",
    labelled_sets.UNSEEN_CORRECTIONS: "of these, not learned from",
}


@dataclass(frozen=True)
class Score:
    """How a run reads a test set, and against the run in production where that has read it too."""

    name: str
    accuracy: float
    images: int
    against: Comparison | None


def show(run_id: str, who: str | None) -> None:
    """The card of a whole run."""
    try:
        run = store.open_run(run_id)
    except DigitsError:
        st.caption("This run was deleted.")
        return
    live = _production(run)
    title = notes.name_of(live) if live else ""
    try:
        found = scores(run, live)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")
        return
    with st.container(horizontal=True):
        for score in found:
            _metric(score, title)
    if live is None and not store.in_production(run.id):
        st.caption("No run of this kind answers yet.")
    elif missing := _not_compared(found, live):
        st.caption(
            f":material/info: Not measured on {' and '.join(missing)}, which are not on this "
            f"machine; *{title}* was."
        )
    if live is not None:
        changed_digits.show(run, live)
    _what_next(run, live, who)


def _not_compared(found: list[Score], live: Run | None) -> list[str]:
    """The test sets that only the run in production was measured on."""
    if live is None:
        return []
    known = {score.name for score in found}
    return [_shown(name) for name in live.evaluation.get("datasets", {}) if name not in known]


def scores(run: Run, live: Run | None) -> list[Score]:
    """Of every test set that the run was measured on, of the corrections and of the kept hands.

    Raises:
        RunDamaged: the run's predictions cannot be read.
    """
    right = _right(run)
    before = _right(live) if live else {}
    found = [_score(name, own, before.get(name)) for name, own in right.items()]
    own_sets = labelled_sets.own() if run.kind == "digits" else []
    for name in CORRECTIONS:
        predictions = cache.predictions_on(run, name) if name in own_sets else None
        if predictions is not None:
            lives = cache.predictions_on(live, name) if live else None
            found.append(_score(name, predictions.right, lives.right if lives else None))
    return found


def _score(name: str, right: NDArray[np.bool_], before: NDArray[np.bool_] | None) -> Score:
    same = before is not None and len(before) == len(right)
    against = metrics.compare(before, right) if before is not None and same else None
    return Score(name, float(right.mean()), len(right), against)


def _right(run: Run) -> dict[str, NDArray[np.bool_]]:
    """Whether each image of each test set was read right."""
    saved: dict[str, LabelledLogits] = cache.saved_logits(run.id, str(run.folder))
    return {name: own.right for name, own in saved.items()}


def _production(run: Run) -> Run | None:
    """The whole run in production of the same kind, where it is another one."""
    live = store.production_id(run.kind)
    if live is None or live == run.id:
        return None
    try:
        return store.open_run(live)
    except DigitsError:
        return None


def _shown(name: str) -> str:
    return CORRECTIONS.get(name, name.removesuffix("-test").replace("-", " "))


def _metric(score: Score, live: str) -> None:
    name = _shown(score.name)
    with st.container(width=225, gap="xsmall"):
        if score.against is None:
            st.metric(f"{name} ({score.images:,})", f"{score.accuracy:.2%}")
            return
        result = score.against
        low, high = (100 * end for end in result.interval)
        unclear = low <= 0 <= high
        st.metric(
            f"{name} ({score.images:,})",
            f"{score.accuracy:.2%}",
            f"{100 * result.difference:+.2f} points",
            delta_color="off" if unclear else "normal",
        )
        st.caption(
            f"Against *{live}*, which answers now; 95\u00a0%: {low:+.2f} to {high:+.2f}. "
            f"Only this run reads {result.only_b}, only *{live}* {result.only_a}."
        )


def _what_next(run: Run, live: Run | None, who: str | None) -> None:
    answers = store.in_production(run.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        if who:
            words = "Accept: let it answer" if run.start else "Let it answer"
            run_actions.promote_button(run, who, words, disabled=answers)
        if who and run.start and not answers:
            archived = notes.notes_of(run.id).archived
            run_actions.button(
                "Rejected" if archived else "Reject: keep it for the record",
                "inventory_2",
                lambda: run_actions.archive([run.id], True),
                disabled=archived,
            )
        if live is not None and run.kind == "digits":
            st.page_link(
                "pages/6_Compare_models.py",
                label="Compare",
                icon=":material/balance:",
                query_params=[("runs", live.id), ("runs", run.id)],
            )
        if who and run.config.get("recipe") and not run.start:
            epochs = int(run.config["recipe"]["epochs"])
            st.button(
                f"Train longer ({min(1000, 2 * epochs)} epochs)",
                icon=":material/more_time:",
                on_click=_longer,
                args=(run.id, min(1000, 2 * epochs)),
            )
        layout.run_link(run.id, "All about this run")
    if answers:
        st.caption(":green[✓] It answers from the next drawing on.")
    if who:
        run_actions.reason_to_override(run, who)


def _longer(run_id: str, epochs: int) -> None:
    """Fills the form in with the run's settings and more epochs."""
    st.query_params.pop("preset", None)
    st.query_params["from"] = run_id
    st.query_params["epochs"] = str(epochs)
    st.toast("Its settings are filled in with twice the epochs; press Start.")
