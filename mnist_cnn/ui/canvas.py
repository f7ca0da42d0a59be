"""A drawing canvas with its own Undo and Clear, whose content survives a change of page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from mnist_cnn.ink.strokes import from_canvas
from mnist_cnn.records import Stroke
from mnist_cnn.ui import kept_choice
from mnist_cnn.ui.canvas_companion import narrow

PEN_WIDTHS = {"Fine": 0.03, "Medium": 0.06, "Broad": 0.09}
"""As shares of the canvas' shorter side."""
PEN = "Medium"
MARGIN = 16
"""Pixels at each side of a phone's page."""

Objects = list[dict[str, Any]]


@dataclass
class _Drawing:
    """What one canvas holds. A new `generation` makes the browser start it anew from `initial`."""

    objects: Objects = field(default_factory=list)
    initial: Objects = field(default_factory=list)
    cleared: Objects = field(default_factory=list)
    generation: int = 0
    number: int = 0

    def restart(self, objects: Objects) -> None:
        self.objects = self.initial = objects
        self.generation += 1

    def undo(self) -> None:
        if self.objects:
            self.restart(self.objects[:-1])
        elif self.cleared:
            self.number -= 1  # it is the drawing of before
            self.restart(self.cleared)
            self.cleared = []

    def clear(self) -> None:
        self.cleared = self.objects or self.cleared
        self.number += 1
        self.restart([])


def fitting(width: int, height: int, phone_height: int | None = None) -> tuple[int, int]:
    """The width and height in pixels of a canvas that is meant to be so large: on a phone as wide
    as its page, and as high as wide or as said."""
    if not (page := narrow()):
        return width, height
    own = min(page - 2 * MARGIN, width)
    return own, phone_height or own


def drawing_canvas(name: str, width: int, height: int) -> tuple[Stroke, ...]:
    """White ink on black. The strokes, each (points, 2) in canvas pixels, anew after each stroke.

    Raises:
        BadStrokes: the drawing is too large or cannot be read; Clear still works.
    """
    drawing = _drawing(name)
    key = _key(name, width)
    if key not in st.session_state:  # first shown, or shown again after another page
        drawing.initial = drawing.objects
    pen = PEN_WIDTHS[kept_choice.chosen(f"{name} pen", PEN)]
    sent = _sent(
        drawing,
        stroke_width=round(pen * min(width, height)),
        stroke_color="#ffffff",
        background_color="#000000",
        width=width,
        height=height,
        initial_drawing={"objects": drawing.initial},
        key=key,
    )
    objects = sent.get("objects") if isinstance(sent, dict) else None
    drawing.objects = list(objects) if isinstance(objects, list) else []
    _buttons(drawing)
    return from_canvas(sent)


def _sent(drawing: _Drawing, **options: Any) -> Any:
    """What the browser sends for a canvas; where the canvas itself cannot make anything of it, what
    is no drawing, and the canvas begins anew at the next rerun."""
    try:
        return st_canvas(**options).json_data
    except (AttributeError, TypeError, ValueError, LookupError, RecursionError):
        drawing.restart([])
        return "no drawing"


def strokes_on(name: str) -> tuple[Stroke, ...]:
    """What was on a canvas when it was last heard of: strokes (points, 2) in canvas pixels."""
    return from_canvas({"objects": _drawing(name).objects})


def over_drawing(
    name: str, width: int, answer: Mapping[str, float | str] | None
) -> dict[str, float | str] | None:
    """What `key_pressed` shows over the drawing, for the very drawing that it answers."""
    if not answer:
        return None
    return {**answer, "canvas": _key(name, width), "strokes": len(_drawing(name).objects)}


def clear(name: str) -> None:
    """Empties a canvas; what was on it is done with."""
    _drawing(name).clear()
    _drawing(name).cleared = []


def undo(name: str) -> None:
    """Takes the last stroke of a canvas back."""
    _drawing(name).undo()


def put(name: str, strokes: Sequence[Stroke], width: int, height: int) -> None:
    """Puts strokes, (points, 2) in any unit, on a canvas of that many pixels, in its middle and as
    large as they fit, in place of what was there, which Undo brings back."""
    drawing = _drawing(name)
    drawing.clear()
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), np.ptp(points, axis=0)
    space = np.array([width, height])
    scale = float((0.7 * space / np.maximum(size, 1e-9)).min())
    moved = [(stroke - corner - size / 2) * scale + space / 2 for stroke in strokes]
    pen = round(PEN_WIDTHS[PEN] * min(width, height))
    drawing.restart([_object(stroke, pen) for stroke in moved])


def hand_over(name: str, other: str, width: int, height: int) -> None:
    """Puts what is on one canvas on another, which has that many pixels."""
    strokes = strokes_on(name)
    if strokes:
        put(other, strokes, width, height)


def pen_width_control(name: str) -> None:
    """Chooses how broad the pen of a canvas looks; what is read does not depend on it."""
    kept_choice.begin(f"{name} pen", PEN)
    st.segmented_control("Pen", list(PEN_WIDTHS), required=True, key=f"{name} pen")


def drawing_number(name: str) -> int:
    """Changes with every drawing that is begun, and not where a stroke is taken back."""
    return _drawing(name).number


def _key(name: str, width: int) -> str:
    return f"{name} canvas {_drawing(name).generation} {width}"


def _drawing(name: str) -> _Drawing:
    drawing: _Drawing = st.session_state.setdefault(f"{name} drawing", _Drawing())
    return drawing


def _object(stroke: Stroke, pen: int) -> dict[str, Any]:
    """A stroke as the canvas keeps what was drawn on it."""
    (left, top), (right, bottom) = stroke.min(axis=0), stroke.max(axis=0)
    points = stroke.round(1).tolist()
    path = [["M", *points[0]], *(["L", *point] for point in points[1:])]
    return {
        "type": "Path",
        "path": path,
        "originX": "center",
        "originY": "center",
        "left": float(left + right) / 2,
        "top": float(top + bottom) / 2,
        "width": float(right - left),
        "height": float(bottom - top),
        "fill": None,
        "stroke": "#ffffff",
        "strokeWidth": pen,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
    }


def _buttons(drawing: _Drawing) -> None:
    undoable = bool(drawing.objects or drawing.cleared)
    with st.container(horizontal=True):
        st.button("Undo", icon=":material/undo:", on_click=drawing.undo, disabled=not undoable)
        st.button("Clear", icon=":material/delete:", on_click=drawing.clear)
