"""A drawing canvas with its own Undo and Clear, whose content survives a change of page."""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from mnist_cnn.ink.strokes import from_canvas
from mnist_cnn.records import Stroke

PEN_WIDTHS = {"Fine": 8, "Medium": 16, "Broad": 26}

PEN = "Medium"

Objects = list[dict[str, Any]]


@dataclass
class _Drawing:
    """What one canvas holds. A new `generation` makes the browser start it anew from `initial`."""

    objects: Objects = field(default_factory=list)
    initial: Objects = field(default_factory=list)
    cleared: Objects = field(default_factory=list)
    generation: int = 0

    def restart(self, objects: Objects) -> None:
        self.objects = self.initial = objects
        self.generation += 1

    def undo(self) -> None:
        if self.objects:
            self.restart(self.objects[:-1])
        elif self.cleared:
            self.restart(self.cleared)
            self.cleared = []

    def clear(self) -> None:
        self.cleared = self.objects
        self.restart([])


def drawing_canvas(name: str, width: int, height: int) -> tuple[Stroke, ...]:
    """White ink on black. The strokes, each (points, 2) in canvas pixels, anew after each stroke.

    Raises:
        BadStrokes: the drawing is too large or cannot be read; Clear still works.
    """
    drawing: _Drawing = st.session_state.setdefault(f"{name} drawing", _Drawing())
    key = f"{name} canvas {drawing.generation}"
    if key not in st.session_state:  # first shown, or shown again after another page
        drawing.initial = drawing.objects
    result = st_canvas(
        stroke_width=PEN_WIDTHS[st.session_state.get(f"{name} pen") or PEN],
        stroke_color="#ffffff",
        background_color="#000000",
        width=width,
        height=height,
        initial_drawing={"objects": drawing.initial},
        key=key,
    )
    objects = (result.json_data or {}).get("objects")
    drawing.objects = list(objects) if isinstance(objects, list) else []
    _buttons(drawing)
    return from_canvas(result.json_data)


def hand_over(name: str, other: str) -> None:
    """Puts what is on one canvas on another, in place of what was there, which Undo brings back."""
    drawn: _Drawing | None = st.session_state.get(f"{name} drawing")
    target: _Drawing = st.session_state.setdefault(f"{other} drawing", _Drawing())
    target.clear()
    target.restart(list(drawn.objects) if drawn else [])


def pen_width_control(name: str) -> None:
    """Chooses how broad the pen of a canvas looks; what is read does not depend on it."""
    st.segmented_control("Pen", list(PEN_WIDTHS), default=PEN, required=True, key=f"{name} pen")


def _buttons(drawing: _Drawing) -> None:
    undoable = bool(drawing.objects or drawing.cleared)
    with st.container(horizontal=True):
        st.button("Undo", icon=":material/undo:", on_click=drawing.undo, disabled=not undoable)
        st.button("Clear", icon=":material/delete:", on_click=drawing.clear)
