"""Write a number or an equation and see it read, symbol by symbol."""

from collections.abc import Sequence

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.expressions import reader
from mnist_cnn.expressions.line import Line
from mnist_cnn.ink.extract import read_image
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.ui import (
    cache,
    layout,
    line_corrections,
    line_handover,
    line_picture,
    line_view,
    my_hand,
)
from mnist_cnn.ui.canvas import drawing_canvas, pen_width_control, undo
from mnist_cnn.ui.canvas_companion import key_pressed, narrow
from mnist_cnn.ui.verdict import headline

INVITATION = (
    "Write a number or an equation: `2026`, `12+7=`, `3×4=12`, a power, a fraction over a bar, "
    "a date, a price or a phone number."
)
SHORT_INVITATION = "Write a number or an equation: `12+7=`, `3×4=12`, a date, a price."
"""Two lines on a phone."""


@st.fragment
def conversation() -> None:
    way = st.segmented_control(
        "Way in",
        ["Draw", "Upload", "Camera"],
        default="Draw",
        required=True,
        label_visibility="collapsed",
        key="line way",
    )
    place, invitation = headline(), SHORT_INVITATION if narrow() else INVITATION
    written: Sequence[Stroke] | FloatArray | None = None
    line = None
    try:
        if way == "Draw":
            if key_pressed("line") == "Backspace":
                undo("line")
            written = drawing_canvas("line", *line_handover.line_canvas())
            line = reader.read_strokes_line(written, my_hand.line_networks()) if written else None
        else:
            written = pictured(way)
            if written is not None:
                line = reader.read_ink_line(written, my_hand.line_networks())
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")
    if line:
        changes = corrections(line)
        line_corrections.learn(line, written, changes)
        line = line_view.mended(line, changes)
    place.markdown(line_view.in_words(line) if line else invitation)
    if line and line.symbols and written is not None:
        line_picture.show(line, written)
        line_view.chips(line, correct)
        line_view.details(line)
        my_hand.credit()
    if way == "Draw":
        pen_width_control("line")


def pictured(way: str) -> FloatArray | None:
    """The ink of an uploaded or photographed picture."""
    if way == "Upload" and (content := line_handover.handed_picture()):
        return read_image(content)
    take = st.file_uploader if way == "Upload" else st.camera_input
    file = take("A number or an equation: PNG, JPEG, BMP, GIF or WEBP")
    return read_image(file.getvalue()) if file else None


def corrections(line: Line) -> dict[int, str]:
    """What the person has put right in this very writing."""
    writing = [symbol.box for symbol in line.symbols]
    if st.session_state.get("corrected writing") != writing:
        st.session_state["corrected writing"], st.session_state["corrections"] = writing, {}
    known: dict[int, str] = st.session_state["corrections"]
    return known


def correct(place: int, text: str) -> None:
    st.session_state["corrections"][place] = text


layout.page("Numbers and equations", small=bool(narrow()))
conversation()
cache.settle_imports()
