"""A line of writing as it was read, in words and in numbers."""

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mnist_cnn.expressions import arithmetic
from mnist_cnn.expressions.line import Line
from mnist_cnn.expressions.symbol import Symbol


def in_words(line: Line) -> str:
    """The text and what it comes to, as Markdown; large where it can be worked out."""
    if line.trouble:
        return _shown(line.trouble)
    if line.remark:
        return f"**{_shown(line.text)}** · {_shown(line.remark)}"
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


def details(line: Line) -> None:
    """The text to copy, what came second, and the groups that lost."""
    text, latex = st.columns(2)
    text.caption("As text")
    text.code(line.text + line.answer, language=None)
    latex.caption("As LaTeX")
    latex.code(arithmetic.latex(line.text), language="latex")
    with st.expander("How the strokes were grouped"):
        if line.second:
            second, behind = _shown(line.second), _times(line.margin)
            st.markdown(f"Second best: **{second}**, {behind} less likely")
        st.dataframe(_table(line.written, "taken"), hide_index=True)
        if line.rejected:
            st.caption("Groups of strokes that were tried and lost, the nearest first")
            st.dataframe(_table(line.rejected, "not taken"), hide_index=True)
    st.caption(f"Read in {1000 * line.seconds:.1f} ms.")


def _times(margin: float) -> str:
    """How many times less likely something is that lies so many nats behind."""
    return f"{math.exp(margin):,.0f} times" if margin < math.log(1000) else "over 1,000 times"


def _table(symbols: Sequence[Symbol], word: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Symbol": [symbol.text for symbol in symbols],
            "Confidence": [f"{symbol.confidence:.1%}" for symbol in symbols],
            "Strokes": [", ".join(str(n + 1) for n in symbol.strokes) for symbol in symbols],
            "": word,
        }
    )
