"""The ways in which a digit comes to the first page: drawn, uploaded, photographed."""

import streamlit as st

from mnist_cnn.ink.decode import TOLD_FORMATS
from mnist_cnn.ink.strokes import extent
from mnist_cnn.records import Stroke
from mnist_cnn.settings import MAX_FILE_MB
from mnist_cnn.ui import canvas, kept_choice, layout

SMALLEST = 12
"""Ink that spans fewer canvas pixels than this is a slip of the pen."""

Ink = tuple[Stroke, ...] | bytes
"""Strokes of (points, 2) in canvas pixels, or an image file."""


def drawn(width: int, height: int, typed: str) -> Ink | None:
    """What stands on the canvas of that many pixels, once it is to be read."""
    if typed == "Backspace":
        canvas.undo("home")
    strokes = canvas.drawing_canvas("home", width, height)
    this = [stroke.tobytes() for stroke in strokes]
    live = kept_choice.chosen("live", True)
    if typed == "Enter" or (not live and layout.primary_button("Predict", disabled=not strokes)):
        st.session_state["asked for"] = this  # until there is another stroke
    if not strokes or not (live or st.session_state.get("asked for") == this):
        return None
    if extent(strokes) < SMALLEST:
        st.info("That is too little ink to read; please draw larger.", icon=":material/edit:")
        return None
    return strokes


def uploaded(*_: object) -> Ink | None:
    words = f"A picture with a digit in it: {TOLD_FORMATS}"
    file = st.file_uploader(words, max_upload_size=MAX_FILE_MB)
    return file.getvalue() if file else None


def photographed(*_: object) -> Ink | None:
    photo = st.camera_input("Hold one digit up; the picture stays in this server's memory")
    return photo.getvalue() if photo else None


WAYS = {"Draw": drawn, "Upload": uploaded, "Camera": photographed}
