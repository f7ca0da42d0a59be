"""Write a number or an equation and see it read, symbol by symbol."""

from collections.abc import Sequence

import streamlit as st

from mnist_cnn import reader, serving
from mnist_cnn.errors import DigitsError
from mnist_cnn.images import read_image
from mnist_cnn.reader import Line
from mnist_cnn.records import Stroke
from mnist_cnn.ui import cache, layout, line_view
from mnist_cnn.ui.canvas import drawing_canvas, pen_width_control

WIDE, NARROW = (700, 220), (328, 260)
"""Width and height in pixels. On a telephone the component's hidden toolbar takes no touches to the
right of the upper edge, so there is room to write below it."""
HEADLINE = 66
INVITATION = "Write a number or an equation on one line: `2026`, `12+7=` or `3×4=12`."


@st.fragment
def conversation() -> None:
    way = st.segmented_control(
        "Way in",
        ["Draw", "Upload", "Camera"],
        default="Draw",
        required=True,
        label_visibility="collapsed",
    )
    headline = st.container(height=HEADLINE, border=False)  # of one height: the canvas stays put
    strokes: Sequence[Stroke] = ()
    line = None
    try:
        if way == "Draw":
            with st.container(horizontal=True):
                strokes = drawing_canvas("line", *(NARROW if layout.on_a_phone() else WIDE))
            line = reader.read_strokes_line(strokes, serving.line_networks()) if strokes else None
        else:
            line = pictured(way)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")
    if line:
        line = line_view.mended(line, corrections(line, strokes))
    headline.markdown(f"#### {line_view.in_words(line)}" if line else INVITATION)
    if line and line.symbols:
        line_view.boxes(line, strokes)
        line_view.chips(line, correct)
        line_view.details(line)
    if way == "Draw":
        pen_width_control("line")


def pictured(way: str) -> Line | None:
    """The line in an uploaded or photographed picture."""
    take = st.file_uploader if way == "Upload" else st.camera_input
    file = take("A number or an equation: PNG, JPEG, BMP, GIF or WEBP")
    if file is None:
        return None
    if way == "Upload":
        st.image(file, width=WIDE[0])
    return reader.read_ink_line(read_image(file.getvalue()), serving.line_networks())


def corrections(line: Line, strokes: Sequence[Stroke]) -> dict[int, str]:
    """What the person has put right in this very writing."""
    writing = line.text + str(len(strokes))
    if st.session_state.get("corrected writing") != writing:
        st.session_state["corrected writing"], st.session_state["corrections"] = writing, {}
    known: dict[int, str] = st.session_state["corrections"]
    return known


def correct(place: int, text: str) -> None:
    st.session_state["corrections"][place] = text


layout.page("Numbers and equations", "🧮")
conversation()
cache.settle_imports()
