"""Draw, upload or photograph a digit and see it read."""

from collections.abc import Sequence

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.ink.strokes import extent
from mnist_cnn.models.pipeline import predict_image, predict_strokes
from mnist_cnn.records import BLANK, PredictionResult, Stroke
from mnist_cnn.runs import serving
from mnist_cnn.ui import cache, correction, layout
from mnist_cnn.ui.canvas import drawing_canvas, hand_over, pen_width_control

CANVAS = 280
SMALLEST = 12  # ink that spans fewer canvas pixels than this is a slip of the pen


@st.fragment
def reader() -> None:
    """The whole conversation: ink on the left, what was read on the right."""
    with st.container(horizontal=True, gap="large"):
        left = st.container(width=CANVAS + 4)
        right = st.container(width="stretch")
    reading, trouble = None, ""
    with left:
        way = st.segmented_control(
            "Way in", list(WAYS_IN), default="Draw", required=True, label_visibility="collapsed"
        )
        headline = layout.headline()
        try:
            ink = WAYS_IN[way]()
            classifier = serving.production_classifier()
            predict = predict_strokes if way == "Draw" else predict_image
            reading = predict(classifier, ink) if ink is not None else None
            if reading and way == "Upload":
                st.image(ink, width=CANVAS, caption="Your picture")
        except DigitsError as error:
            trouble = str(error)
    headline.markdown(layout.in_one_line(reading) if reading else INVITATIONS[way])
    with right:
        answer(reading, trouble, ink if reading and way == "Draw" else ())
    if way == "Draw":
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            pen_width_control("home")
            st.toggle("Read each stroke as I draw", value=True, key="live")


def drawn() -> tuple[Stroke, ...] | None:
    strokes = drawing_canvas("home", CANVAS, CANVAS)
    live = st.session_state.get("live", True)
    asked = live or st.button("Predict", type="primary", disabled=not strokes)
    if not asked or not strokes:
        return None
    if extent(strokes) < SMALLEST:
        st.info("That is too little ink to read; please draw larger.", icon=":material/edit:")
        return None
    return strokes


def uploaded() -> bytes | None:
    file = st.file_uploader("PNG, JPEG, BMP, GIF or WEBP", label_visibility="collapsed")
    return file.getvalue() if file else None


def photographed() -> bytes | None:
    photo = st.camera_input("Camera", label_visibility="collapsed")
    return photo.getvalue() if photo else None


def answer(reading: PredictionResult | None, trouble: str, strokes: Sequence[Stroke]) -> None:
    prediction = reading.prediction if reading else BLANK
    if trouble:
        st.error(trouble, icon=":material/error:")
    if reading and (message := serving.fallback_message(reading.run_id)):
        st.warning(message, icon=":material/healing:")
    layout.verdict(prediction)
    layout.probability_bars(prediction.probabilities)
    if reading:
        if prediction.symbols > 1 and strokes:
            number_instead()
        elif prediction.probabilities:
            correction.control(reading, strokes)
        with st.container(horizontal=True, vertical_alignment="center"):
            layout.seen_image(reading.image)
            st.caption(
                f"What the network saw: 28 × 28 pixels. Read in {1000 * reading.seconds:.1f} ms."
            )
        layout.read_by(reading.run_id)
        layout.probability_table(prediction.probabilities)


def number_instead() -> None:
    if st.button("Read it as a number", icon=":material/arrow_forward:", type="primary"):
        hand_over("home", "line")
        st.switch_page("pages/1_Numbers_and_equations.py")


WAYS_IN = {"Draw": drawn, "Upload": uploaded, "Camera": photographed}
INVITATIONS = {
    "Draw": "Draw one digit, 0 to 9, in the box.",
    "Upload": "Choose an image of one digit: PNG, JPEG, BMP, GIF or WEBP.",
    "Camera": "Hold one digit up, so that it fills most of the picture.",
}

layout.page("Draw a digit", "✏️")
reader()
cache.settle_imports()
