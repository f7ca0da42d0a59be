"""Draw, upload or photograph a digit and see it read."""

import streamlit as st

from mnist_cnn.errors import DigitsError, RunNotFound
from mnist_cnn.models.pipeline import predict_image, predict_strokes
from mnist_cnn.records import BLANK, PredictionResult
from mnist_cnn.runs import serving
from mnist_cnn.ui import (
    cache,
    canvas,
    correction,
    drawings,
    invitation,
    kept_choice,
    layout,
    line_handover,
    my_hand,
    picture_part,
    steps,
    ways_in,
)
from mnist_cnn.ui.canvas_companion import key_pressed, narrow
from mnist_cnn.ui.verdict import verdict
from mnist_cnn.ui.ways_in import Ink

CANVAS = 420


@st.fragment
def reader() -> None:
    """The whole conversation: ink on the left, what was read on the right, or below on a phone."""
    width, height = canvas.fitting(CANVAS, CANVAS)
    left, right = layout.side_by_side(width + 4)
    ink, result, trouble, typed = None, None, None, ""
    with left:
        way = st.segmented_control(
            "Way in",
            list(ways_in.WAYS),
            default="Draw",
            required=True,
            label_visibility="collapsed",
        )
        if way == "Draw":
            typed = key_pressed("home", keys="Digits 0 to 9 say what you wrote.")
        try:
            ink = ways_in.WAYS[way](width, height, typed)
            classifier = my_hand.digits_classifier()
            if isinstance(ink, bytes):
                result = predict_image(classifier, ink, picture_part.chosen(ink))
                picture_part.show(ink, result)
            elif ink is not None:
                result = predict_strokes(classifier, ink)
        except DigitsError as error:
            trouble = error
    with right:
        answer(result, trouble, typed, ink)
        if way == "Draw" and result is None and not trouble:
            invitation.show("home", width, height, with_film=not narrow())
    below(way, ink, result)


def answer(
    result: PredictionResult | None, trouble: DigitsError | None, typed: str, ink: Ink | None
) -> None:
    prediction = result.prediction if result else BLANK
    if trouble:
        st.error(str(trouble), icon=":material/error:")
        if isinstance(trouble, RunNotFound):
            st.page_link("pages/3_Train.py", label="Train a network", icon=":material/school:")
    if result and (message := serving.fallback_message(result.run_id)):
        st.warning(message, icon=":material/healing:")
    verdict(prediction, small=bool(narrow()))
    known = prediction.status in ("ok", "unsure")
    layout.probability_bars(prediction.probabilities if known else (), compact=bool(narrow()))
    if result and ink is not None:
        if prediction.symbols > 1:
            line_handover.way_on(ink)
        elif prediction.probabilities:
            correction.control(result, () if isinstance(ink, bytes) else ink, typed)
        layout.read_by(result.run_id)
        my_hand.credit()


def below(way: str, ink: Ink | None, result: PredictionResult | None) -> None:
    """What one may want to know or set after that."""
    if result and ink is not None:
        steps.explain(ink, result)
        layout.probability_table(result.prediction.probabilities)
        if not isinstance(ink, bytes):
            drawings.remember(canvas.drawing_number("home"), ink, result)
    drawings.show()
    if way == "Draw":
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            canvas.pen_width_control("home")
            kept_choice.begin("live", True)
            st.toggle("Read each stroke as I draw", key="live")


layout.page("" if narrow() else "Draw a digit")
reader()
cache.settle_imports()
