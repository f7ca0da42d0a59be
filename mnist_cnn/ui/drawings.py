"""This session's drawings with their predictions, which another run can read again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.records import Prediction, PredictionResult, Stroke
from mnist_cnn.runs import notes, serving, store
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import layout

MAX_KEPT = 24


@dataclass(frozen=True)
class Past:
    """A drawing of strokes (points, 2) as it was last, and what was predicted then."""

    number: int
    strokes: tuple[Stroke, ...]
    result: PredictionResult


def remember(number: int, strokes: Sequence[Stroke], result: PredictionResult) -> None:
    """Keeps the drawing of that number, strokes of (points, 2), in place of how it was before."""
    known: dict[int, Past] = st.session_state.setdefault("past drawings", {})
    known[number] = Past(number, tuple(strokes), result)
    for old in list(known)[:-MAX_KEPT]:
        del known[old]


def latest() -> Past | None:
    """The last drawing of this session."""
    return next(reversed(st.session_state.get("past drawings", {}).values()), None)


def show() -> None:
    """The drawings, the latest first; and what another run makes of them."""
    known: list[Past] = list(st.session_state.get("past drawings", {}).values())[::-1]
    if not known:
        return
    title = f"This session's drawings ({len(known)})"
    with st.expander(title, key="drawings", on_change="rerun") as expander:
        if not expander.open:
            return
        runs = {run.id: run for run in store.list_runs()}
        chosen = st.selectbox(
            "Read them again with",
            list(runs),
            index=None,
            placeholder="another run",
            format_func=lambda run_id: f"{notes.name_of(runs[run_id])}, {runs[run_id].day}",
        )
        try:
            _gallery(known, runs[chosen] if chosen else None)
        except DigitsError as error:
            st.error(str(error), icon=":material/error:")


def _gallery(known: Sequence[Past], run: Run | None) -> None:
    again: list[Prediction | None] = [None] * len(known)
    if run:
        images = np.stack([past.result.image for past in known])
        again = [*serving.classifier_of(run).predict_many(images)]
        before = [past.result.prediction.digit for past in known]
        differ = sum(b != a.digit for b, a in zip(before, again, strict=True) if a)
        st.caption(f"{notes.name_of(run)} reads {differ} of {len(known)} otherwise.")
    with st.container(horizontal=True, gap="small"):
        for past, other in zip(known, again, strict=True):
            prediction = past.result.prediction
            words = _short(prediction.digit)
            if other is not None and other.digit != prediction.digit:
                words = f"{words} → {_short(other.digit)}"
            picture = layout.enlarged(past.result.image, 2)
            with st.container(width=64, gap="xsmall"):
                st.image(picture, clamp=True, width=56, alt=f"a drawing read as {words}")
                st.caption(f"**{words}** {prediction.confidence:.0%}")


def _short(digit: int | None) -> str:
    return "none" if digit is None else str(digit)
