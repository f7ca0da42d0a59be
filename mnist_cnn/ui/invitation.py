"""What stands where nothing was drawn yet: a digit that draws itself, and some to try."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_cnn.records import Stroke
from mnist_cnn.ui import canvas

SELF_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" width="120"
height="120">
<style>path{fill:none;stroke:#4cc2ff;stroke-width:9;stroke-linecap:round;stroke-linejoin:round;
stroke-dasharray:190;stroke-dashoffset:190;animation:draw 1.6s .5s ease-in-out forwards}
@keyframes draw{to{stroke-dashoffset:0}}
@media (prefers-reduced-motion:reduce){path{animation:none;stroke-dashoffset:0}}</style>
<rect width="120" height="120" rx="10" fill="#000"/>
<path d="M30 30 C52 26 72 26 90 29 C80 50 64 66 56 98"/></svg>"""
"""Once, and not at all for people who asked their system for no motion."""

SAMPLES: dict[str, tuple[Sequence[Sequence[float]], ...]] = {
    "a crossed 7": (
        ((2, 1), (5, 0.8), (8, 1), (6.4, 4), (4.6, 9)),
        ((3.4, 4.8), (7.4, 4.6)),
    ),
    "an open 4": (((3, 0), (2, 5), (8, 4.6)), ((6.6, 1.5), (5.8, 10))),
    "a slim 8": (
        (
            *((5.5, 1.2), (4, 0.4), (2.8, 1.8), (3.8, 4), (5.4, 6), (5.2, 8.6), (3.6, 9.4)),
            *((2.4, 8), (3.2, 5.8), (5, 3.8), (5.9, 2), (5.5, 1.2)),
        ),
    ),
}


def show(name: str, width: int, height: int, with_film: bool) -> None:
    """Three digits to tap, which are put on the canvas of that many pixels."""
    if with_film:
        st.image(SELF_DRAWING, width=120, alt="A seven that draws itself")
    st.caption("Draw a digit in the box, or try")
    with st.container(horizontal=True, gap="small"):
        for words, strokes in SAMPLES.items():
            st.button(
                words,
                key=f"{name} sample {words}",
                on_click=canvas.put,
                args=(name, _strokes(strokes), width, height),
            )


def _strokes(points: Sequence[Sequence[Sequence[float]]]) -> list[Stroke]:
    return [np.array(stroke, np.float64) for stroke in points]
