"""A line of writing as it was read: boxes over the strokes, the text, and ways to mend it."""

import math
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from mnist_cnn.expressions import arithmetic
from mnist_cnn.expressions.line import Line, Symbol, corrected
from mnist_cnn.models.classes import SYMBOLS, UNKNOWN


def in_words(line: Line) -> str:
    """The text and what it comes to, as Markdown; large where it can be worked out."""
    if line.trouble:
        return line.trouble
    if line.remark:
        return f"**{_shown(line.text)}** · {line.remark}"
    value = arithmetic.evaluate(line.text)
    text = _shown(line.text)
    result = value.exact + (f" = {value.decimal}" if value.decimal else "")
    if value.asked:
        return f"#### {text}{result}"
    if value.rounded:
        return f"#### {text} is true, rounded: exactly it is {result}"
    if value.holds is not None:
        return f"#### {text} {'is true' if value.holds else f'is false: it is {result}'}"
    return f"#### {text}" + (f" = {result}" if line.text != value.exact else "")


def _shown(text: str) -> str:
    """A text for Markdown: its signs are no markup, and several lines stand in one."""
    return text.replace("\n", " ⏎ ").replace("$", "\\$").replace("*", "\\*")


def chips(line: Line, correct: Callable[[int, str], None]) -> None:
    """A button for each symbol, which opens on what else it could be."""
    with st.container(horizontal=True, gap="small"):
        for place, symbol in enumerate(line.symbols):
            if not symbol.strokes:
                continue
            sure = ":blue" if symbol.confidence >= 0.9 else ":orange"
            with st.popover(f"{sure}[{symbol.text}]", key=f"symbol {place}"):
                number = line.written.index(symbol) + 1
                st.caption(f"Symbol {number}: {symbol.confidence:.0%} sure. It is …")
                likeliest = [text for text, _ in symbol.alternatives if text != UNKNOWN]
                others = [text for text in SYMBOLS if text not in (*likeliest, UNKNOWN)]
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
    text.code(line.text + line.answer, language=None)
    latex.caption("As LaTeX")
    latex.code(arithmetic.latex(line.text), language="latex")
    with st.expander("How the strokes were grouped"):
        if line.second:
            st.markdown(f"Second best: **{line.second}**, {_times(line.margin)} less likely")
        st.dataframe(_table(line.written, "taken"), hide_index=True)
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
