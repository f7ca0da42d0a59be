"""Robustness: how far a digit may be bent before it is misread."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation import robustness
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.runs import serving, store
from mnist_cnn.ui import cache, charts, layout, run_names, verdict
from mnist_cnn.ui.canvas import drawing_canvas, undo
from mnist_cnn.ui.canvas_companion import key_pressed

SAMPLE = 500

CANVAS = 200


@st.fragment
def robustness_test(run_id: str, name: str, labels: NDArray[np.int64]) -> None:
    """A curve over a sample of the test set, whose labels are (n,), and one own drawing under the
    same distortion."""
    images = cache.test_images(name)
    kind = st.segmented_control(
        "Distortion", list(robustness.CORRUPTIONS), default="Rotation", required=True
    )
    try:
        with st.container():  # of its own, so that the canvas below it keeps its place
            if images is None:
                st.caption(f"The curve needs the pictures of {name}: fetch them above.")
            else:
                _sample(run_id, kind, name, images, labels)
        _own_drawing(run_id, kind)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")


def _sample(
    run_id: str, kind: str, name: str, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    titles = run_names.titles(store.list_runs())
    others = [other for other in titles if other != run_id]
    rival = st.selectbox(
        "Compare with",
        others,
        index=None,
        format_func=titles.__getitem__,
        placeholder="no other run",
        width=260,
    )
    chosen = [run_id, *([rival] if rival else [])]
    key = f"robustness {kind} {' '.join(chosen)} {name} {labelled_sets.version(name)}"
    if st.button(
        "Run the test",
        icon=":material/play_arrow:",
        help=f"On {SAMPLE} digits, by the int8 copy of the network where its run has one, without "
        "test-time augmentation.",
    ):
        st.session_state[key] = []
    if key not in st.session_state:
        return
    axis = f"{kind} ({robustness.CORRUPTIONS[kind].unit})"
    place = st.empty()
    rows = np.random.default_rng(0).permutation(len(labels))[:SAMPLE]
    found: list[dict[str, Any]] = st.session_state[key]  # kept, should a touch elsewhere break in
    if found:
        _curve(place, found, axis)
    for one in chosen:
        known = [row[axis] for row in found if row["Run"] == titles[one]]
        classifier = serving.classifier_of(store.open_run(one), int8=True)
        for amount, accuracy in robustness.accuracy_curve(
            classifier, images[rows], labels[rows], kind, known
        ):
            found.append({"Run": titles[one], axis: amount, "Accuracy": accuracy})
            _curve(place, found, axis)
    layout.as_table(pd.DataFrame(found), key)


def _curve(place: DeltaGenerator, found: list[dict[str, Any]], axis: str) -> None:
    chart = charts.overlaid_curves(pd.DataFrame(found), axis, "Accuracy", ".0%")
    place.altair_chart(chart, width="stretch")


def _own_drawing(run_id: str, kind: str) -> None:
    steps = robustness.CORRUPTIONS[kind]
    amount = st.select_slider(
        f"A digit of your own: {kind.lower()} ({steps.unit})",
        steps.amounts,
        value=min(steps.amounts, key=lambda value: abs(value - (1 if kind == "Scale" else 0))),
    )
    if key_pressed("robustness") == "Backspace":
        undo("robustness")
    with st.container(horizontal=True, gap="large"):
        with st.container(width=CANVAS + 4):
            strokes = drawing_canvas("robustness", CANVAS, CANVAS)
        with st.container(width="stretch"):
            if not strokes:
                st.caption("Draw a digit and move the slider.")
                return
            image = robustness.corrupted(normalize_strokes(strokes)[None], kind, amount)[0]
            prediction = serving.classifier_of(store.open_run(run_id)).predict(image)
            layout.seen_image(image, scale=5)
            verdict.verdict(prediction)
