"""Write a number or an equation and see it read, symbol by symbol."""

from collections.abc import Sequence

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.expressions import reader
from mnist_cnn.ink.decode import TOLD_FORMATS
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.settings import MAX_FILE_MB
from mnist_cnn.ui import (
    cache,
    layout,
    line_answer,
    line_corrections,
    line_handover,
    line_tapping,
    line_view,
    my_hand,
    picture_part,
)
from mnist_cnn.ui.canvas import drawing_canvas, over_drawing, pen_width_control, undo
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
    st.session_state.setdefault("line way", "Draw")
    way = st.segmented_control(
        "Way in",
        ["Draw", "Upload", "Camera"],
        required=True,
        label_visibility="collapsed",
        key="line way",
    )
    place, invitation = headline(), SHORT_INVITATION if narrow() else INVITATION
    written: Sequence[Stroke] | FloatArray | None = None
    line = None
    try:
        if way == "Draw":
            written = drawing_canvas("line", *line_handover.line_canvas())
            line = reader.read_strokes_line(written, my_hand.line_networks()) if written else None
        else:
            written = pictured(way)
            if written is not None:
                line = reader.read_ink_line(written, my_hand.line_networks())
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")
    if line:
        line = line_corrections.mended(line, written)
    place.markdown(line_view.in_words(line) if line else invitation)
    if way == "Draw":
        width, height = line_handover.line_canvas()
        answer = line_answer.placed(line, width, height) if line else None
        with place:
            pressed = key_pressed("line", answer=over_drawing("line", width, answer))
        if pressed == "Backspace":
            undo("line")
            st.rerun(scope="fragment")
    if line and line.symbols and written is not None:
        line_tapping.show(line, written, line_corrections.put_right, answered=way == "Draw")
        line_corrections.take_back_button(line)
        line_view.details(line)
        my_hand.credit()
    if way == "Draw":
        pen_width_control("line")


def pictured(way: str) -> FloatArray | None:
    """The ink of an uploaded or photographed picture."""
    from mnist_cnn.ink import page  # SciPy, which strokes need none of

    if way == "Upload" and (content := line_handover.handed_picture()):
        return page.read_image(content)
    words = f"A number or an equation: {TOLD_FORMATS}"
    if way == "Upload":
        file = st.file_uploader(words, max_upload_size=MAX_FILE_MB)
    else:
        file = st.camera_input(words)
    if not file:
        return None
    picture_part.tell_frames(file.getvalue())
    return page.read_image(file.getvalue())


layout.page("Numbers and equations", small=bool(narrow()))
conversation()
cache.settle_imports()
