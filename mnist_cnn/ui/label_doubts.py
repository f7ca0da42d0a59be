"""What a person says of a digit of a test set: learn from it, or its label is wrong."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from mnist_cnn.data import corrections, local_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import DigitsError
from mnist_cnn.ui import auth

TROUBLE, CHANGES = "label doubts trouble", "label doubts changes"


@st.fragment
def control(shown: Correction, test_set: str) -> None:
    """Keeps an image with its own label or another one, with undo; only for whoever may.

    `shown` is the image as its test set labels it and as a run predicted it.
    """
    if not auth.actor():
        return
    kept = next((own for own in corrections.load() if own.id == shown.id), None)
    place = st.empty()  # always there, so that the buttons below keep theirs
    if kept:
        place.markdown(saved(kept, test_set))
    with st.container(horizontal=True, vertical_alignment="center"):
        if kept:
            undo = (corrections.take_back, kept)
            st.button("Undo", icon=":material/undo:", on_click=_settle, args=undo)
        else:
            st.button(
                "Learn from this",
                icon=":material/school:",
                help=f"Saves it as a {shown.label} among the corrections, which *Train* learns "
                "from.",
                on_click=_settle,
                args=(_keep, shown),
            )
        _other_label(kept or shown)
    if message := st.session_state.pop(TROUBLE, ""):
        st.error(message, icon=":material/error:")


def _other_label(correction: Correction) -> None:
    # new keys after each change: the browser would else answer again with what was said before
    key = f"label of {correction.id} {st.session_state.get(CHANGES, 0)}"
    with st.popover("This label is wrong", icon=":material/flag:", key=f"{key} popover"):
        others = [digit for digit in range(10) if digit != correction.label]
        st.pills("Which digit is it?", others, key=key, on_change=_relabel, args=(correction, key))


def _relabel(correction: Correction, key: str) -> None:
    digit = st.session_state[key]
    if digit is not None:
        _settle(_keep, replace(correction, label=digit))


def _keep(correction: Correction) -> None:
    corrections.add([correction])


def _settle(change: Callable[[Correction], None], correction: Correction) -> None:
    """Runs before the page is shown again; what went wrong is said there."""
    st.session_state[CHANGES] = st.session_state.get(CHANGES, 0) + 1
    try:
        change(correction)
    except DigitsError as error:
        st.session_state[TROUBLE] = str(error)


def saved(kept: Correction, test_set: str) -> str:
    """What is said of an image once it is kept; `held_out` ones are never learned from."""
    words = f"Saved as a **{kept.label}** ({len(corrections.load()):,} saved). "
    if kept.held_out:
        return words + "One in five is only measured on, and this is one of them."
    if test_set in local_sets.TEST_SETS:
        return words + (
            f"*Train* can learn from it; such a run looks a little better on {test_set} than it is."
        )
    return words + "*Train* can learn from it."
