"""Digits of a test set as pictures to click on, and one of them from close up."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn.data import local_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation import explain
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import FloatArray
from mnist_cnn.runs import serving
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import auth, cache, label_doubts, layout

PER_PAGE, MORE = 12, 24

TILE = 84
"""Pixels: four stand in a row on a phone."""


def gallery(
    rows: Sequence[int] | NDArray[np.intp],
    name: str,
    predictions: LabelledPredictions,
    key: str,
) -> None:
    """Pictures in a row that wraps, each with its label, the prediction and its confidence.

    `rows` (k,) count from 0 in the test set of that `name`; where it is not on this machine, its
    pictures are offered.
    """
    images = cache.test_images(name)
    if images is None:
        _offer_pictures(name, key)
    more = f"{key} shown"
    shown = st.session_state.get(more, PER_PAGE)
    with st.container(horizontal=True, gap="xsmall"):
        for row in map(int, rows[:shown]):
            with st.container(width=TILE, gap="xsmall"):
                _tile(row, images, predictions, key)
    if (hidden := len(rows) - shown) > 0:
        st.button(
            f"Show {MORE} more of {hidden:,}" if hidden > MORE else f"Show the other {hidden}",
            key=f"{key} more",
            icon=":material/expand_more:",
            on_click=st.session_state.update,
            args=({more: shown + MORE},),
        )


def _tile(
    row: int, images: NDArray[np.uint8] | None, predictions: LabelledPredictions, key: str
) -> None:
    label, predicted = predictions.labels[row], predictions.predicted[row]
    if images is not None:
        picture = layout.enlarged(images[row], 3)
        st.image(picture, width=TILE, alt=f"Image {row}: a {label}, predicted {predicted}")
    st.button(f"{label} → {predicted}", key=f"{key} {row}", on_click=_pick, args=(row,), width=TILE)
    st.caption(f"#{row} · {predictions.confidence[row]:.0%}")


def put_away() -> None:
    """Takes the digit that was looked at out of the address."""
    st.query_params.pop("image", None)


@st.dialog("A digit from close up", width="medium", on_dismiss=put_away)
def close_up(
    row: int,
    name: str,
    predictions: LabelledPredictions,
    run: Run,
    others: dict[str, LabelledPredictions],
) -> None:
    """One digit of a test set: its image, where the evidence lies, its probabilities, what other
    runs, by their titles, say, and what a person says."""
    label, predicted = int(predictions.labels[row]), int(predictions.predicted[row])
    st.markdown(f"**Image #{row}**: a {label}, predicted {predicted}")
    images = cache.test_images(name)
    try:
        left, right = st.columns(2)
        with left:
            if images is not None:
                _evidence(images[row], predicted, serving.classifier_of(run))
                shown = Correction(label, images[row], (), predicted, run.id)
                label_doubts.control(shown, name)
            _by_others(row, others)
        with right:
            layout.probability_bars(predictions.probabilities[row].tolist())
            layout.probability_table(predictions.probabilities[row].tolist())
        likest(name, row)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")


def _evidence(image: NDArray[np.uint8], predicted: int, classifier: Classifier) -> None:
    heat = explain.evidence(classifier, image, predicted)
    with st.container(horizontal=True):
        st.image(layout.enlarged(image, 5), width=140, alt="The digit")
        st.image(
            _coloured(image, heat), width=140, alt=f"What in it speaks for a {predicted}, in blue"
        )
    st.caption(
        f"Right: blue speaks for {predicted}, orange against it; found by covering "
        f"{explain.PATCH} × {explain.PATCH} pixels at a time."
    )


def _by_others(row: int, others: dict[str, LabelledPredictions]) -> None:
    if not others:
        return
    st.caption("The same digit, read by other runs")
    predicted = {
        title: {"Predicted": str(own.predicted[row]), "Confidence": f"{own.confidence[row]:.1%}"}
        for title, own in others.items()
    }
    st.table(pd.DataFrame.from_dict(predicted, orient="index"))


def likest(name: str, row: int) -> None:
    """The training digits that look most like it: what the network had to go by."""
    found = cache.nearest_training_digits(name, row)
    if found is None:
        return
    st.caption("The training digits that look most like it, and what they are")
    with st.container(horizontal=True, gap="small"):
        for image, label in zip(*found, strict=True):
            large = layout.enlarged(image, 2)
            st.image(large, caption=str(label), width=56, alt=f"A {label}")


def _offer_pictures(name: str, key: str) -> None:
    """Where the pictures of a test set are not on this machine: fetches them, if one may."""
    st.info(f"The pictures of {name} are not on this machine; the numbers need none.")
    if auth.actor() and st.button(
        "Fetch the pictures", key=f"{key} fetch", icon=":material/download:"
    ):
        bar = st.progress(0.0, "Downloading …")

        def progress(done: int, total: int) -> None:
            bar.progress(min(1.0, done / total) if total else 0.0, "Downloading …")

        local_sets.fetch_test_set(name, progress)
        cache.forget_images()
        st.rerun()


def picked(predictions: LabelledPredictions) -> int | None:
    """The digit that the address asks for, if there is such a one."""
    return layout.number_in(st.query_params.get("image", ""), len(predictions.labels))


def _pick(row: int) -> None:
    st.query_params["image"] = str(row)


def _coloured(image: NDArray[np.uint8], heat: FloatArray, scale: int = 6) -> FloatArray:
    """The digit in grey, tinted blue where it speaks for the answer and orange where against."""
    strength = heat / max(float(np.abs(heat).max()), 1e-6)
    grey = 0.35 * image.astype(np.float32)[..., None] / 255
    for_it = np.clip(strength, 0, 1)[..., None] * np.array([0.30, 0.76, 1.0])
    against = np.clip(-strength, 0, 1)[..., None] * np.array([1.0, 0.66, 0.30])
    return np.kron(np.clip(grey + for_it + against, 0, 1), np.ones((scale, scale, 1)))
