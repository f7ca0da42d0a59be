"""What was predicted, in words and large."""

import html

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnist_cnn.records import Prediction, PredictionResult

COLOURS = {"ok": "#4cc2ff", "unsure": "#ffc857"}
"""Of the large digit, by status; grey where there is none."""
CERTAIN, SURE = 0.999, 0.95


def verdict(prediction: Prediction) -> None:
    """The digit, large, and beside it how sure the network is."""
    answer, words = in_words(prediction)
    shown = "–" if prediction.digit is None else str(prediction.digit)
    colour = COLOURS.get(prediction.status, "#9aa4b2")
    st.html(
        f'<div style="display:flex;align-items:center;gap:1.2rem;min-height:6rem">'
        f'<div role="status" aria-label="Answer" style="font-size:5.5rem;line-height:1;'
        f'font-weight:700;min-width:3.6rem;text-align:center;color:{colour}">{shown}</div>'
        f'<div><div style="font-size:1.25rem;font-weight:600">{html.escape(answer)}</div>'
        f'<div style="opacity:.8">{html.escape(words)}</div></div></div>'
    )


def small_verdict(prediction: Prediction) -> None:
    """The same in one row, for a phone."""
    answer, words = in_words(prediction)
    shown = "–" if prediction.digit is None else str(prediction.digit)
    colour = COLOURS.get(prediction.status, "#9aa4b2")
    st.html(
        f'<div style="display:flex;align-items:center;gap:.8rem;min-height:2.6rem">'
        f'<div role="status" aria-label="Answer" style="font-size:2.4rem;line-height:1;'
        f'font-weight:700;min-width:1.8rem;text-align:center;color:{colour}">{shown}</div>'
        f'<div style="line-height:1.25"><b>{html.escape(answer)}</b><br>'
        f'<span style="opacity:.8">{html.escape(words)}</span></div></div>'
    )


def headline() -> DeltaGenerator:
    """The place above a canvas for what was read. It is always as high, so that the canvas stays
    put."""
    return st.container(height=70, border=False)


def in_one_line(result: PredictionResult) -> str:
    """The verdict as a line of Markdown."""
    prediction = result.prediction
    answer, words = in_words(prediction)
    if prediction.status == "ok":
        return f"**{prediction.digit}** · {answer.lower()}, {words}"
    return f"{answer}. {words}" if prediction.status == "blank" else f"**{answer}** · {words}"


def in_words(prediction: Prediction) -> tuple[str, str]:
    """How sure the network is, and in a few more words."""
    if prediction.status == "blank":
        return "Nothing to read yet", "The larger the digit, the better it is read."
    per_cent = f"{prediction.confidence:.1%} confident".replace("100.0%", "over 99.9%")
    first, second = prediction.likeliest[:2]
    if prediction.symbols > 1:
        seen = {2: "two", 3: "three", 4: "four"}.get(prediction.symbols, "several")
        return f"I see {seen} symbols side by side", "use Numbers and equations for them"
    if prediction.status == "not_a_digit":
        return "This does not look like a digit", f"the nearest would be a {first}"
    if prediction.status == "unsure":
        return f"{first}, but it could be a {second}", per_cent
    if prediction.confidence >= CERTAIN:
        return "Certain", per_cent
    return "Sure" if prediction.confidence >= SURE else "Probably", per_cent
