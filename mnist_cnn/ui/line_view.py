"""A line of writing as it was read: boxes over the strokes, the text, and ways to mend it."""

import html
import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from mnist_cnn.errors import BadExpression
from mnist_cnn.expressions import arithmetic
from mnist_cnn.expressions.line import UNKNOWN, Line, Symbol, corrected
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.ui import layout

SURE, UNSURE, LOST = "#4cc2ff", "#ffc857", "#ff8fa3"


def in_words(line: Line) -> str:
    """The text and what it comes to, as Markdown; large where it can be worked out."""
    if line.trouble:
        return line.trouble
    try:
        value = arithmetic.evaluate(line.text)
    except BadExpression as error:
        return f"**{line.text}** · {error}"
    result = value.exact + (f" = {value.decimal}" if value.decimal else "")
    if value.asked:
        return f"#### {line.text}{result}"
    if value.rounded:
        return f"#### {line.text} is true, rounded: exactly it is {result}"
    if value.holds is not None:
        return f"#### {line.text} {'is true' if value.holds else f'is false: it is {result}'}"
    return f"#### {line.text}" + (f" = {result}" if line.text != value.exact else "")


def boxes(line: Line, written: Sequence[Stroke] | FloatArray) -> None:
    """The strokes, (points, 2) each, or a picture's ink, (height, width), with a box and the
    symbol over every group, coloured by confidence."""
    edges = [symbol.box for symbol in line.symbols]
    left, top = min(e[0] for e in edges), min(e[1] for e in edges)
    right, bottom = max(e[2] for e in edges), max(e[3] for e in edges)
    size = max(bottom - top, 0.15 * (right - left), 1)
    letter = 0.28 * size
    view = (
        left - 0.1 * size,
        top - 0.5 * size,
        right - left + 0.2 * size,
        0.7 * size + bottom - top,
    )
    parts = [_ink(written)] if isinstance(written, np.ndarray) else _lines(written, 0.05 * size)
    for symbol in line.symbols:
        x, y, to_x, to_y = symbol.box
        pad = 0.06 * size
        parts.append(
            f'<rect x="{x - pad:.1f}" y="{y - pad:.1f}" width="{to_x - x + 2 * pad:.1f}" '
            f'height="{to_y - y + 2 * pad:.1f}" rx="{pad:.1f}" fill="none" '
            f'stroke="{_colour(symbol)}" stroke-width="{0.015 * size:.1f}"/>'
            f'<text x="{(x + to_x) / 2:.1f}" y="{y - 1.6 * pad:.1f}" text-anchor="middle" '
            f'font-size="{letter:.1f}" font-family="sans-serif" fill="{_colour(symbol)}">'
            f"{html.escape(symbol.text)}</text>"
        )
    box = " ".join(f"{number:.1f}" for number in view)
    wide, high = (f"{7 * number / size:.0f}rem" for number in view[2:])
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{wide}" '
        f'height="{high}">'
        f'<rect x="{view[0]:.1f}" y="{view[1]:.1f}" width="100%" height="100%" fill="black"/>'
        f"{''.join(parts)}</svg>"
    )
    st.image(picture, width="content")


def _lines(strokes: Sequence[Stroke], width: float) -> list[str]:
    return [
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in stroke)}" fill="none" '
        f'stroke="#f2f4f8" stroke-width="{width:.1f}" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
        for stroke in strokes
    ]


def _ink(ink: FloatArray) -> str:
    height, width = ink.shape
    link = layout.picture_link((255 * ink).astype(np.uint8))
    return f'<image href="{link}" width="{width}" height="{height}"/>'


def chips(line: Line, correct: Callable[[int, str], None]) -> None:
    """A button for each symbol, which opens on what else it could be."""
    with st.container(horizontal=True, gap="small"):
        for place, symbol in enumerate(line.symbols):
            sure = ":blue" if symbol.confidence >= 0.9 else ":orange"
            with st.popover(f"{sure}[{symbol.text}]", key=f"symbol {place}"):
                st.caption(f"Symbol {place + 1}: {symbol.confidence:.0%} sure. It is …")
                likeliest = [text for text, _ in symbol.alternatives if text in SYMBOLS]
                others = [text for text in SYMBOLS if text not in likeliest]
                with st.container(horizontal=True, gap="xsmall"):
                    for text in [*likeliest, *others]:
                        st.button(
                            text,
                            key=f"symbol {place} is {text}",
                            on_click=correct,
                            args=(place, text),
                            type="primary" if text == symbol.text else "secondary",
                        )


def details(line: Line) -> None:
    """The text to copy, what came second, and the groups that lost."""
    text, latex = st.columns(2)
    text.caption("As text")
    text.code(line.text, language=None)
    latex.caption("As LaTeX")
    latex.code(arithmetic.latex(line.text), language="latex")
    with st.expander("How the strokes were grouped"):
        if line.second:
            st.markdown(f"Second best: **{line.second}**, {_times(line.margin)} less likely")
        st.dataframe(_table(line.symbols, "taken"), hide_index=True)
        if line.rejected:
            st.caption("Groups of strokes that were tried and lost, the nearest first")
            st.dataframe(_table(line.rejected, "not taken"), hide_index=True)
    st.caption(f"Read in {1000 * line.seconds:.1f} ms.")


def _times(margin: float) -> str:
    """How many times less likely something is that lies so many nats behind."""
    return f"{math.exp(margin):,.0f} times" if margin < math.log(1000) else "over 1,000 times"


def mended(line: Line, changes: dict[int, str]) -> Line:
    """The line with a person's corrections in it."""
    for place, text in changes.items():
        if place < len(line.symbols):
            line = corrected(line, place, text)
    return line


def _table(symbols: Sequence[Symbol], word: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Symbol": [symbol.text for symbol in symbols],
            "Confidence": [f"{symbol.confidence:.1%}" for symbol in symbols],
            "Strokes": [", ".join(str(n + 1) for n in symbol.strokes) for symbol in symbols],
            "": word,
        }
    )


def _colour(symbol: Symbol) -> str:
    if symbol.text == UNKNOWN:
        return LOST
    return SURE if symbol.confidence >= 0.9 else UNSURE
