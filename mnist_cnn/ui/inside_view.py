"""The workbench of the page that looks inside: the drawing on the left, beside it one section."""

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.records import BLANK
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import (
    canvas,
    evidence_view,
    inside_link,
    invitation,
    layer_view,
    layout,
    learning_steps,
    neighbours_view,
)
from mnist_cnn.ui.canvas_companion import key_pressed
from mnist_cnn.ui.looking import CANVAS, Look
from mnist_cnn.ui.verdict import verdict

SIDE = 260

SECTIONS = {
    "Layer by layer": layer_view.show,
    "Why this digit": evidence_view.show,
    learning_steps.SECTION: learning_steps.show,
    "Among others": neighbours_view.show,
}
"""What there is to see; only what is chosen is made."""


@st.fragment
def workbench(run: Run) -> None:
    """The drawing, its answer, and the section that is chosen."""
    width, height = canvas.fitting(SIDE, SIDE, SIDE)
    inside_link.drawn_from_address(width, height)
    left, right = layout.side_by_side(width + 4)
    with left:
        look = _drawing(run, width, height)
    with right:
        section = st.segmented_control(
            "See",
            list(SECTIONS),
            default=next(iter(SECTIONS)),
            required=True,
            label_visibility="collapsed",
            key="see",
            wrap=True,
            bind="query-params",
        )
        if look is None:
            return
        try:
            SECTIONS[section](look)
        except DigitsError as error:
            st.error(str(error), icon=":material/error:")
        if section != learning_steps.SECTION:  # that one has its own, which follows the slider
            inside_link.share(look, section)


def _drawing(run: Run, width: int, height: int) -> Look | None:
    """The canvas and what is answered; nothing where something is wrong with either."""
    if key_pressed(CANVAS) == "Backspace":
        canvas.undo(CANVAS)
    try:
        look = Look.at(run, canvas.drawing_canvas(CANVAS, width, height))
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")
        return None
    prediction = look.result.prediction if look.result else BLANK
    verdict(prediction, small=True)
    known = prediction.status in ("ok", "unsure")
    layout.probability_bars(prediction.probabilities if known else (), compact=True)
    if look.result is None:
        invitation.show(CANVAS, width, height, with_film=False)
    return look
