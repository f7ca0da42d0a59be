"""The picture of a line as it was read: a tap on a symbol opens what else it could be."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from mnist_cnn.expressions.line import Line
from mnist_cnn.expressions.symbol import Symbol
from mnist_cnn.models.classes import SYMBOLS, UNKNOWN
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.ui import line_picture
from mnist_cnn.ui.own_component import component

KEY = "line tapping"

_picture = component(Path(__file__).with_suffix(".js"))


def show(
    line: Line,
    written: Sequence[Stroke] | FloatArray,
    put_right: Callable[[Symbol, str], None],
    answered: bool = False,
) -> None:
    """The picture, whose symbols are buttons; `put_right` is told what the person says of one.

    Args:
        written: strokes (points, 2) each, or a picture's ink (height, width).
        answered: whether the answer stands elsewhere already.
    """
    symbols = line.written
    _picture(
        key=KEY,
        data={
            "picture": line_picture.drawn(line, written, answered),
            "symbols": [
                {
                    "box": str(symbol.box),
                    "text": symbol.text,
                    "name": name,
                    "choices": choices(symbol),
                }
                for symbol, name in zip(symbols, line_picture.names(line), strict=True)
            ],
        },
        on_chosen_change=lambda: _chosen(symbols, put_right),
        height="content",
    )


def choices(symbol: Symbol) -> tuple[list[str], list[str]]:
    """What a symbol can be: the likeliest, and all others."""
    likeliest = [text for text, _ in symbol.alternatives if text != UNKNOWN]
    return likeliest, [text for text in SYMBOLS if text not in (*likeliest, UNKNOWN)]


def _chosen(symbols: Sequence[Symbol], put_right: Callable[[Symbol, str], None]) -> None:
    """Passes on what the browser says was chosen: the symbol's place, and what it is."""
    if chosen := st.session_state[KEY].get("chosen"):
        place, text = chosen
        if any(text in row for row in choices(symbols[place])):
            put_right(symbols[place], text)
