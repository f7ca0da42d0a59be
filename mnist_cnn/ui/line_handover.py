"""From a picture or a drawing of several symbols to the page that reads them together."""

import streamlit as st

from mnist_cnn.records import Stroke
from mnist_cnn.ui import canvas, layout

PAGE = "pages/1_Numbers_and_equations.py"
WIDE, HIGH, PHONE_HIGH = 700, 240, 260
"""Width and height in pixels of that page's canvas."""


def line_canvas() -> tuple[int, int]:
    """Width and height in pixels of the canvas for a line, here."""
    return canvas.fitting(WIDE, HIGH, PHONE_HIGH)


def way_on(ink: tuple[Stroke, ...] | bytes) -> None:
    """A button that takes what was written, strokes (points, 2) or an image file, there."""
    if not layout.primary_button("Read it as a number", icon=":material/arrow_forward:"):
        return
    if isinstance(ink, bytes):
        st.session_state["line way"], st.session_state["line picture"] = "Upload", ink
    else:
        st.session_state["line way"] = "Draw"
        canvas.hand_over("home", "line", *line_canvas())
    st.switch_page(PAGE)


def handed_picture() -> bytes | None:
    """The picture that was brought along, until it is put away."""
    content: bytes | None = st.session_state.get("line picture")
    if content is not None and st.button("Another picture", icon=":material/close:"):
        del st.session_state["line picture"]
        st.rerun()
    return content
