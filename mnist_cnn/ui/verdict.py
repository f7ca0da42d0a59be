"""What was predicted, in words and large."""

import html

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnist_cnn.records import Prediction, PredictionResult

COLOURS = {"ok": "#4cc2ff", "unsure": "#ffc857"}
"""Of the large digit, by status; grey where there is none."""
CERTAIN, SURE = 0.999, 0.95


LARGE = (
    '<div style="display:flex;align-items:center;gap:1.2rem;min-height:6rem">'
    '<div role="status" aria-label="Answer" style="font-size:5.5rem;line-height:1;'
    'font-weight:700;min-width:3.6rem;text-align:center;color:{colour}">{digit}</div>'
    '<div><div style="font-size:1.25rem;font-weight:600">{answer}</div>'
    '<div style="opacity:.8">{words}</div></div></div>'
)
IN_A_ROW = (
    '<div style="display:flex;align-items:center;gap:.8rem;min-height:2.6rem">'
    '<div role="status" aria-label="Answer" style="font-size:2.4rem;line-height:1;'
    'font-weight:700;min-width:1.8rem;text-align:center;color:{colour}">{digit}</div>'
    '<div style="line-height:1.25"><b>{answer}</b><br>'
    '<span style="opacity:.8">{words}</span></div></div>'
)


def verdict(prediction: Prediction, small: bool = False) -> None:
    """The digit, large, and beside it how sure the network is; in one row where small."""
    answer, words = in_words(prediction)
    st.html(
        (IN_A_ROW if small else LARGE).format(
            digit="–" if prediction.digit is None else prediction.digit,
            colour=COLOURS.get(prediction.status, "#9aa4b2"),
            answer=html.escape(answer),
            words=html.escape(words),
        )
    )


def headline() -> DeltaGenerator:
    """The place above a canvas for what was read. `layout.STYLE` gives it room for two lines, so
    that the canvas stays put; it grows with what is longer rather than be scrolled."""
    return st.container(key="headline", gap=None)


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
        return f"I see {seen} symbols side by side", "Use Numbers and equations for them."
    if prediction.status == "not_a_digit":
        return "This does not look like a digit", f"the nearest would be a {first}"
    if prediction.status == "unsure":
        found_elsewhere = prediction.confidence >= SURE
        doubt = f"Perhaps a {first}" if found_elsewhere else f"{first}, but it could be a {second}"
        return doubt, "Is the outline around your digit?" if found_elsewhere else per_cent
    if prediction.confidence >= CERTAIN:
        return "Certain", per_cent
    return "Sure" if prediction.confidence >= SURE else "Probably", per_cent
