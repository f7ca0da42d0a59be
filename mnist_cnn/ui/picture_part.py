"""A picture with an outline around what was taken for the digit; another part can be chosen."""

import base64
import io
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from mnist_cnn.ink.decode import decode_image, frames_left_out
from mnist_cnn.models.pipeline import WHOLE
from mnist_cnn.records import FloatArray, Part, PredictionResult
from mnist_cnn.ui.own_component import component

KEY = "picture part"

SHOWN = 640
"""Pixels on the longer side of the picture as it is sent."""

SMALLEST = 0.02
"""A dragged box is at least so wide and high, in shares of the picture."""

SIDES = {90: "to its right side", 270: "to its left side"}
"""To which side a digit lies that is turned so far, against the clock, to be read."""

_picture = component(Path(__file__).with_suffix(".js"))


def chosen(content: bytes) -> Part:
    """The part of a picture that the person has chosen, or the whole."""
    key, part = st.session_state.get("chosen part", (0, WHOLE))
    return part if key == hash(content) else WHOLE


def show(content: bytes, result: PredictionResult) -> None:
    """The picture that was read, and how to read another part of it."""
    grey = decode_image(content)
    height, width = grey.shape
    parts = [result.part, *result.others] if result.part else []
    _picture(
        key=KEY,
        data={
            "picture": _link(grey),
            "size": [width, height],
            "parts": [list(part) for part in parts],
            "partly": chosen(content) != WHOLE,
        },
        on_part_change=lambda: _choose(content),
        height="content",
    )
    tell_frames(content)
    if result.turned:
        st.caption(f"It lies {SIDES[result.turned]}; it was turned by 90° to be read.")


def tell_frames(content: bytes) -> None:
    """Says so where a file holds more pictures than the one that was read."""
    if frames_left_out(content):
        st.caption("Of its frames or pages, the first was read.")


def _choose(content: bytes) -> None:
    """Keeps what the browser says was dragged or tapped; nothing stands for the whole."""
    part = st.session_state[KEY].get("part") or WHOLE
    left, top, right, bottom = (min(max(float(edge), 0.0), 1.0) for edge in part)
    if right - left >= SMALLEST and bottom - top >= SMALLEST:
        st.session_state["chosen part"] = hash(content), (left, top, right, bottom)


def _link(grey: FloatArray) -> str:
    """A grey picture (height, width) as a link that holds it."""
    image = Image.fromarray(np.round(255 * grey).astype(np.uint8))
    image.thumbnail((SHOWN, SHOWN))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
