"""How a run learns: its curves, its validation matrix, and the digits that it still misreads."""

import streamlit as st

from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.training import progress_files, watched
from mnist_cnn.ui import charts, drawings, layout, matrix_view


def learning(run_id: str) -> None:
    """The curves and the validation matrix that a run has so far."""
    curve, history = progress_files.curve(run_id), progress_files.history(run_id)
    if len(curve):
        loss, accuracy = st.columns(2)
        loss.altair_chart(charts.live_curve(curve, history, "loss", "Loss", ".3f"), width="stretch")
        accuracy.altair_chart(
            charts.live_curve(curve, history, "accuracy", "Accuracy", ".1%"), width="stretch"
        )
    title = "Confusion matrix of the validation digits, per epoch"
    with st.expander(title, key="validation matrix", on_change="rerun") as expander:
        if expander.open:
            matrix_view.per_epoch(run_id)


def own_drawing(run_id: str, still: bool) -> None:
    """This session's last drawing, and what the network makes of it by now.

    Args:
        still: whether it learns; after that it reads no other drawing.
    """
    past = drawings.latest()
    if past is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Draw a digit, come back, and watch this network learn to read it.")
            st.page_link("Home.py", label="Draw a digit", icon=":material/draw:")
        return
    answers = watched.watch(run_id, past.result.image, still)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        layout.seen_image(past.result.image, scale=2)
        if not answers:
            st.caption("Your last drawing; it is read as soon as the network learns.")
            return
        last = answers[-1]
        st.markdown(
            f"Your last drawing is **{_read_as(last.digit)}** to it by now, "
            f"{last.probability:.0%} sure."
        )
        if before := answers[-6:-1]:
            st.caption(f"Earlier: {' → '.join(_read_as(answer.digit) for answer in before)}.")


def _read_as(digit: int) -> str:
    return f"a {digit}" if digit < 10 else "no digit"


def still_wrong(run_id: str) -> None:
    """Some validation digits that the last epoch's network misread; nothing where none is known."""
    errors = progress_files.validation_errors(run_id)
    if not errors:
        return
    st.caption("Validation digits that it still misreads, what each is → what it reads:")
    with st.container(horizontal=True, gap="small"):
        for error in errors:
            with st.container(width=64, gap="xxsmall"):
                st.image(layout.picture_link(error.image), width=56)
                st.caption(f"{SYMBOLS[error.label]} → {SYMBOLS[error.predicted]}")
