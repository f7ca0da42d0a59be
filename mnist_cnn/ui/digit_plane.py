"""Thousands of digits as dots in a plane: one is tapped, or some are circled."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import streamlit as st

from mnist_cnn.ui.own_component import component
from mnist_cnn.ui.test_digits import Surveyed

COLOURS = (
    *("#4cc2ff", "#ffc857", "#8bd17c", "#ff8fa3", "#c4a7ff"),
    *("#ffa94d", "#76e4dc", "#e2e8f0", "#b5bd00", "#ff6b6b"),
)
"""Of the digits from 0 to 9: the theme's."""

KEY = "digit plane"

_plane = component(Path(__file__).with_suffix(".js"))


def show(
    found: Surveyed,
    own: Mapping[str, float | str] | None,
    picked: int | None,
    on_dot: Callable[[int], None],
    on_lasso: Callable[[list[int]], None],
) -> None:
    """The dots, wrong ones marked; `own` is one's drawing, with its place `x` and `y` from 0 to 1
    and a `text`."""
    dots = np.round(65535 * found.plane.dots.clip(0, 1)).astype("<u2")
    labels, read = found.predictions.labels, found.predictions.predicted
    wrong = int((labels != read).sum())
    _plane(
        key=KEY,
        data={
            "mark": f"{found.name} {hash(found.plane.dots.tobytes())}",
            "dots": _letters(dots.tobytes()),
            "labels": _letters(labels.astype(np.uint8).tobytes()),
            "read": _letters(read.astype(np.uint8).tobytes()),
            "colours": COLOURS,
            "own": dict(own) if own else None,
            "picked": picked,
            "label": f"{len(labels):,} test digits as dots, {wrong} of them misread; arrow keys go "
            "from dot to dot, Enter shows one",
        },
        on_dot_change=lambda: _told(on_dot, on_lasso, len(labels)),
        on_lasso_change=lambda: _told(on_dot, on_lasso, len(labels)),
        height="content",
    )


def _letters(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _told(on_dot: Callable[[int], None], on_lasso: Callable[[list[int]], None], count: int) -> None:
    """Passes on what the browser says, as far as it can be."""
    told = st.session_state[KEY]
    dot, lasso = told.get("dot"), told.get("lasso")
    if isinstance(dot, int | float) and 0 <= dot < count:
        on_dot(int(dot))
    elif isinstance(lasso, list):
        on_lasso([int(r) for r in lasso if isinstance(r, int | float) and 0 <= r < count])
