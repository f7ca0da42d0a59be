"""What stands beside the drawing canvases of a page.

It takes the component's own toolbar away, names the canvas, lets keys draw, writes an answer over
the drawing, and tells how wide a phone is.
"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from mnist_cnn.ui.own_component import component

LABEL = (
    "Drawing area. Draw with the mouse, a finger or a pen; or press Space to put the pen down and "
    "lift it, and the arrow keys to move it. Backspace takes the last stroke back."
)
"""What is said of every canvas."""

_companion = component(Path(__file__).with_name("canvas.js"))


RESTED = "Rest"
"""In place of a key: the pen has been up for a while."""


def key_pressed(
    name: str,
    rest: float = 0,
    answer: Mapping[str, float | str] | None = None,
    keys: str = "",
) -> str:
    """The key pressed on the page's canvas for this run: a digit, Enter, Backspace; or none.

    Args:
        rest: after so many seconds without the pen it is `RESTED`; 0 for never.
        answer: stands over the drawing until the next stroke begins: a `text`, the `size` of its
            font, and where its baseline begins, `x` and `y`, all in the canvas' pixels; the
            `canvas` by its key, and how many `strokes` it answers.
        keys: what other keys do here, in a sentence.
    """
    result = _companion(
        key=f"{name} companion",
        data={
            "label": f"{LABEL} {keys}".strip(),
            "narrow": narrow(),
            "rest": round(1000 * rest),
            "answer": answer and dict(answer),
        },
        on_key_change=lambda: None,
        on_narrow_change=lambda: _keep_width(name),
        height="content",
    )
    return str(result.get("key") or "")


def narrow() -> int:
    """The width in CSS pixels of a phone's page; 0 where the page is no phone's."""
    known = st.session_state.get("narrow")
    if known is not None:
        return int(known)
    return 360 if "Mobi" in (st.context.headers.get("User-Agent") or "") else 0


def _keep_width(name: str) -> None:
    told = st.session_state[f"{name} companion"].get("narrow")
    if isinstance(told, int | float) and 0 <= told < 640:
        st.session_state["narrow"] = int(told)
