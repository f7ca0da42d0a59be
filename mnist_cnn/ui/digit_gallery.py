"""Digits of a test set as pictures to click on, and one of them from close up."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn.data import local_sets
from mnist_cnn.evaluation import explain
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import FloatArray
from mnist_cnn.ui import auth, cache, layout

PER_PAGE = 24


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
    if not len(rows):
        st.caption("There is no such digit.")
        return
    images = cache.test_images(name)
    if images is None:
        _offer_pictures(name)
    shown = PER_PAGE
    if len(rows) > PER_PAGE:
        shown = st.slider("Show", PER_PAGE, min(len(rows), 240), PER_PAGE, PER_PAGE, key=key)
    with st.container(horizontal=True, gap="small"):
        for row in map(int, rows[:shown]):
            with st.container(width=92, gap="xsmall"):
                if images is not None:
                    st.image(np.kron(images[row], np.ones((3, 3), np.uint8)), width=84)
                st.button(
                    f"{predictions.labels[row]} → {predictions.predicted[row]}",
                    key=f"{key} {row}",
                    on_click=_pick,
                    args=(row,),
                    width=84,
                )
                st.caption(f"#{row} · {predictions.confidence[row]:.0%}")


def close_up(
    row: int,
    images: NDArray[np.uint8] | None,
    predictions: LabelledPredictions,
    classifier: Classifier,
    others: dict[str, LabelledPredictions],
) -> None:
    """One digit of `images`, uint8 (n, 28, 28): its image, its probabilities, where the evidence
    lies, what other runs say."""
    predicted = int(predictions.predicted[row])
    with st.container(border=True):
        st.markdown(f"**Image #{row}**: a {predictions.labels[row]}, predicted {predicted}")
        left, right = st.columns([1, 1])
        with left:
            if images is not None:
                heat = explain.evidence(classifier, images[row], predicted)
                with st.container(horizontal=True):
                    layout.seen_image(images[row].astype(np.float32) / 255, scale=6)
                    st.image(_coloured(images[row], heat), width=168)
                st.caption(
                    f"Right: blue speaks for {predicted}, orange against it; found by covering "
                    f"{explain.PATCH} × {explain.PATCH} pixels at a time."
                )
            if others:
                st.caption("The same digit, read by other runs")
                rows = [
                    {
                        "Run": name,
                        "Predicted": int(a.predicted[row]),
                        "Confidence": f"{a.confidence[row]:.1%}",
                    }
                    for name, a in others.items()
                ]
                st.dataframe(rows, hide_index=True)
        with right:
            layout.probability_bars(predictions.probabilities[row].tolist())
            layout.probability_table(predictions.probabilities[row].tolist())


def likest(name: str, row: int) -> None:
    """The training digits that look most like it: what the network had to go by."""
    found = cache.nearest_training_digits(name, row)
    if found is None:
        return
    st.caption("The training digits that look most like it, and what they are")
    with st.container(horizontal=True, gap="small"):
        for image, label in zip(*found, strict=True):
            enlarged = np.kron(image, np.ones((2, 2), np.uint8))
            st.image(enlarged, caption=str(label), width=56)


def _offer_pictures(name: str) -> None:
    """Where the pictures of a test set are not on this machine: fetches them, if one may."""
    st.info(f"The pictures of {name} are not on this machine; the numbers need none.")
    if auth.actor() and st.button("Fetch the pictures", icon=":material/download:"):
        bar = st.progress(0.0, "Downloading …")

        def progress(done: int, total: int) -> None:
            bar.progress(min(1.0, done / (total or done or 1)), "Downloading …")

        local_sets.fetch_test_set(name, progress)
        cache.forget_images()
        st.rerun()


def picked(predictions: LabelledPredictions) -> int | None:
    """The digit that the address asks for, if there is such a one."""
    row = st.query_params.get("image", "")
    known = row.isascii() and row.isdigit() and int(row) < len(predictions.labels)
    return int(row) if known else None


def _pick(row: int) -> None:
    st.query_params["image"] = str(row)


def _coloured(image: NDArray[np.uint8], heat: FloatArray, scale: int = 6) -> FloatArray:
    """The digit in grey, tinted blue where it speaks for the answer and orange where against."""
    strength = heat / max(float(np.abs(heat).max()), 1e-6)
    grey = 0.35 * image.astype(np.float32)[..., None] / 255
    for_it = np.clip(strength, 0, 1)[..., None] * np.array([0.30, 0.76, 1.0])
    against = np.clip(-strength, 0, 1)[..., None] * np.array([1.0, 0.66, 0.30])
    return np.kron(np.clip(grey + for_it + against, 0, 1), np.ones((scale, scale, 1)))
