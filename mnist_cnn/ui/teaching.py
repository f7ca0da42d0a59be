"""Teaching one's hand: a digit is asked for, written, and the next one comes by itself."""

import random

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.ink.strokes import extent
from mnist_cnn.ui import cache, canvas, layout, my_hand
from mnist_cnn.ui.canvas_companion import RESTED, key_pressed, narrow
from mnist_cnn.ui.ways_in import SMALLEST

CANVAS, PHONE = 380, 300
NAME = "hand"
REST = 0.9
"""Seconds without the pen after which a digit counts as done."""


@st.fragment
def teach() -> None:
    """The digit that is asked for, the canvas, and what was written so far."""
    try:  # nothing around a fragment catches what it raises
        _teach()
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")


def _teach() -> None:
    pressed = key_pressed(NAME, REST)
    trouble = ""
    if pressed == "Backspace":
        canvas.undo(NAME)
    elif pressed in (RESTED, "Enter"):
        trouble = _accept()
    asked = _asked()
    done = st.session_state["hand written"]
    st.progress(len(done) / 10 if asked else 1.0, text=f"{len(done)} of 10 digits written")
    if not asked:
        _round_is_over()
        return
    st.html(
        '<div style="display:flex;align-items:center;gap:.7rem;min-height:3.4rem">'
        '<span style="font-size:1.2rem">Write a</span>'
        f'<span role="status" aria-label="Asked for" style="font-size:3rem;line-height:1;'
        f'font-weight:700;color:#4cc2ff">{asked[0]}</span>'
        '<span style="opacity:.8">the way you always do</span></div>'
    )
    if trouble:
        st.warning(trouble, icon=":material/edit:")
    canvas.drawing_canvas(NAME, *canvas.fitting(CANVAS, CANVAS, PHONE))
    with st.container(horizontal=True, gap="small"):
        st.button("Skip it", icon=":material/skip_next:", on_click=_skip)
        st.button(
            "Take the last back", icon=":material/undo:", on_click=_take_back, disabled=not done
        )
    _strip(done)


def _asked() -> list[int]:
    """The digits that are still asked for, the next one first."""
    if "hand asked" not in st.session_state:
        _new_round()
    asked: list[int] = st.session_state["hand asked"]
    return asked


def _new_round() -> None:
    st.session_state["hand asked"] = random.sample(range(10), 10)
    st.session_state["hand written"] = []


def _accept() -> str:
    """Takes what is on the canvas as the digit that is asked for; or says why not."""
    asked, written = _asked(), canvas.strokes_on(NAME)
    if not asked or not written:
        return ""
    canvas.clear(NAME)
    if extent(written) < SMALLEST:
        return "That was too little ink; please write it larger."
    drawing = TaughtDrawing.of_strokes(asked.pop(0), written)
    st.session_state["hand written"].append(drawing)
    my_hand.of_session().teach([drawing])
    return ""


def _skip() -> None:
    if _asked():  # a second click may come before the button has gone
        _asked().pop(0)
    canvas.clear(NAME)


def _take_back() -> None:
    if not st.session_state["hand written"]:
        return
    last: TaughtDrawing = st.session_state["hand written"].pop()
    my_hand.of_session().forget(last)
    _asked().insert(0, last.label)
    canvas.clear(NAME)


def _round_is_over() -> None:
    written: list[TaughtDrawing] = st.session_state["hand written"]
    _strip(written)
    if written:
        alone = cache.digits_alone(written)
        right = sum(read == drawing.label for read, drawing in zip(alone, written, strict=True))
        st.success(
            f"Done. Without your hand {right} of these {len(written)} were "
            "read right; from now on Home, Numbers and Batch read you with it.",
            icon=":material/check_circle:",
        )
    with st.container(horizontal=True):
        if layout.primary_button("Write them once more", icon=":material/replay:"):
            _new_round()
            st.rerun()
        st.page_link("Home.py", label="Try it on Home", icon=":material/edit:")
    if st.session_state.get("hand shown") != len(my_hand.of_session().drawings):
        st.session_state["hand shown"] = len(my_hand.of_session().drawings)
        st.rerun()  # what is below the canvas counts these too


def in_colour(label: int, alone: int | None) -> str:
    """A digit as Markdown, orange where it is misread without the hand."""
    return str(label) if alone == label else f":orange[**{label}**]"


def _strip(written: list[TaughtDrawing]) -> None:
    """What was written in this round, small."""
    if not written:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for drawing, alone in zip(written, cache.digits_alone(written), strict=True):
            with st.container(width=34 if narrow() else 48, gap="xxsmall"):
                st.image(
                    layout.enlarged(drawing.image, 2),
                    width=32 if narrow() else 44,
                    alt=f"your {drawing.label}",
                )
                st.caption(in_colour(drawing.label, alone))
