"""What is put right in a line is learnt too, where it is a digit that was drawn."""

from collections.abc import Mapping, Sequence

import streamlit as st

from mnist_cnn.data.corrections import Correction
from mnist_cnn.expressions.line import Line
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.ui import correction


def learn(
    line: Line, written: Sequence[Stroke] | FloatArray | None, changes: Mapping[int, str]
) -> None:
    """Keeps each change once: by place the digit that the person says, of a line that was drawn as
    strokes (points, 2); in a picture (height, width) there are none to learn from."""
    if not isinstance(written, tuple):
        return
    kept: set[tuple[bytes, str]] = st.session_state.setdefault("kept of lines", set())
    for place, text in changes.items():
        if place >= len(line.symbols) or text not in "0123456789":
            continue
        strokes = tuple(written[number] for number in line.symbols[place].strokes)
        image = to_uint8(normalize_strokes(strokes))
        if (image.tobytes(), text) not in kept:
            correction.keep(Correction(int(text), image, strokes, None, line.run_id))
            kept.add((image.tobytes(), text))
            st.toast(f"Your hand has learnt this {text}.", icon=":material/draw:")
