"""Why this digit and not that one: which places of the drawing speak for which."""

import math

import numpy as np
import streamlit as st

from mnist_cnn.evaluation import explain
from mnist_cnn.evaluation.evidence import PlaceEvidence
from mnist_cnn.records import FloatArray
from mnist_cnn.ui import figure, layout
from mnist_cnn.ui import inside_pictures as pictures
from mnist_cnn.ui.looking import Look

ALL = "all others"

BESIDE = (
    '<div style="display:flex;flex-wrap:wrap;gap:1rem 1.4rem;align-items:center">'
    '<div style="flex:1 1 250px;max-width:420px">{}{}</div>'
    '<div style="flex:1 1 220px;max-width:380px">{}</div></div>'
)
COLOURS = (
    '<p style="margin:.4rem 0 0"><span style="color:#4cc2ff">■ blue</span> speaks {}, '
    '<span style="color:#ffa94d">■ orange</span> {}</p>'
)
BAR = (
    '<div style="margin:.35rem 0"><div style="display:flex;justify-content:space-between">'
    "<span>{}</span><b>{:+.2f}</b></div>"
    '<div style="position:relative;height:.55rem;background:#1a1f29;border-radius:3px">'
    '<div style="position:absolute;left:{:.1f}%;width:{:.1f}%;height:100%;background:{};'
    'border-radius:3px"></div></div></div>'
)


def show(look: Look) -> None:
    """The drawing under what speaks for one digit and against another."""
    if look.blank:
        st.caption("Draw a digit: here you see which parts of it speak for which answer.")
        return
    digit, other = _pair(look)
    exact = look.evidence
    if exact is None:
        _by_covering(look, digit, other)
        return
    places, rest = exact.of(digit) if other is None else exact.against(digit, other)
    names = (f"for {digit}", f"for {ALL if other is None else other}")
    picture = pictures.over_ink(look.image, places, exact.sight.start, exact.sight.step, names)
    figure.show(
        BESIDE.format(picture, COLOURS.format(*names), _sum(places, rest, digit, other)), "evidence"
    )
    _in_words(look, float(places.sum()) + rest, digit, other)
    _maps(look, exact, digit, other)


def _pair(look: Look) -> tuple[int, int | None]:
    """The two digits, by default the likeliest two; the address remembers which were chosen."""
    asked = st.query_params.get("pair", "")
    first, second = look.likeliest[:2]
    if len(asked) == 2 and asked[0].isdecimal() and asked.isascii():
        first, second = int(asked[0]), int(asked[1]) if asked[1].isdecimal() else -1
    digits = list(range(10))
    now = f"{first}{second}"
    with st.container(horizontal=True, gap="medium"):
        digit = st.segmented_control(
            "Why this …", digits, default=first, required=True, wrap=True, key=f"why {now}"
        )
        choices = [-1, *(d for d in digits if d != digit)]
        other = st.segmented_control(
            "… and not that",
            choices,
            default=second if second in choices else -1,
            required=True,
            wrap=True,
            format_func=lambda d: ALL if d < 0 else str(d),
            key=f"not {now} {digit}",
        )
    if (digit, other) != (first, second):
        st.query_params["pair"] = f"{digit}{other if other >= 0 else '-'}"
    if asked:
        st.button(
            "The likeliest two again",
            icon=":material/restart_alt:",
            on_click=_forget_pair,
        )
    return digit, None if other < 0 else other


def _forget_pair() -> None:
    st.query_params.pop("pair", None)


def _sum(places: FloatArray, rest: float, digit: int, other: int | None) -> str:
    """The evidence as bars that add up to a difference of logits, as HTML."""
    against = "the mean" if other is None else str(other)
    gains, losses = float(places[places > 0].sum()), float(places[places < 0].sum())
    rows = (
        (f"places for {digit}", gains),
        (f"places for {against}", losses),
        ("biases, for any picture", rest),
        (f"<b>logit {digit} − logit {against}</b>", gains + losses + rest),
    )
    most = max(abs(value) for _, value in rows) or 1.0
    return "".join(
        BAR.format(
            words,
            value,
            50 if value >= 0 else 50 - 50 * abs(value) / most,
            50 * abs(value) / most,
            "#4cc2ff" if value >= 0 else "#ffa94d",
        )
        for words, value in rows
    )


def _in_words(look: Look, total: float, digit: int, other: int | None) -> None:
    if other is not None:
        winner, loser = (digit, other) if total > 0 else (other, digit)
        temperature = look.classifier.calibration.temperature
        times = math.exp(min(abs(total) / temperature, 30))
        odds = f"{times:,.0f}" if times > 9.5 else f"{times:.1f}"
        odds = "over a million" if times > 1e6 else odds
        st.markdown(f"It holds **{winner}** for {odds} times as likely as {loser}.")
    st.caption(
        "Exact, not estimated: behind its last maps this network only adds up, so each place has "
        "its share of the logits. A place also sees what lies around it."
    )
    if look.result and look.likeliest[0] != int(look.logits.argmax()):
        st.caption("Being unsure it looked five times; this is its first look.")


def _maps(look: Look, exact: PlaceEvidence, digit: int, other: int | None) -> None:
    """The last maps that say most about the two."""
    rival = exact.maps.mean(axis=1) if other is None else exact.maps[:, other]
    says = exact.maps[:, digit] - rival
    order = np.argsort(-np.abs(says), kind="stable")[:5]
    words = ", ".join(f"{_name(look, *exact.names[i])} ({says[i]:+.2f})" for i in order.tolist())
    st.caption(f"Of the last maps these say most: {words}.")


def _name(look: Look, node: str, number: int) -> str:
    """A map as the sheet of maps calls it: `branch 2, map 33`."""
    assert look.network
    branch = look.network.by_name[node].branch.split("/")[0].replace("_", " ")
    return f"{layout.plain(branch)}, map {number}" if branch else f"map {number}"


def _by_covering(look: Look, digit: int, other: int | None) -> None:
    """For networks whose end is not linear: what changes where ink is covered."""
    heat = explain.evidence(look.classifier, look.pixels, digit, other)
    names = (f"for {digit}", f"for {'the others' if other is None else other}")
    picture = pictures.over_ink(look.image, heat, 0, 1, names)
    figure.show(picture + COLOURS.format(*names), "evidence")
    why = (
        "this network cannot be looked into"
        if look.trouble
        else "this network does not just add up what known places of its last maps say"
    )
    st.caption(
        f"Estimated: {why}, so {explain.PATCH} × {explain.PATCH} pixels are covered at a time and "
        "the change of the logits is shown."
    )
