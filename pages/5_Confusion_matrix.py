"""What a run gets wrong: the matrix, the digits behind each cell, and how well it is calibrated."""

import streamlit as st

from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.runs import notes, serving, store
from mnist_cnn.runs.predictions import measured_runs
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, digit_gallery, layout, matrix_view, robustness_view

layout.page(
    "Confusion matrix", "🔍", "Which digits a network gets wrong: click a cell to see them."
)


def choice() -> tuple[Run, str, LabelledPredictions, str]:
    """The run, the data set and the view, remembered in the address."""
    known = measured_runs()
    if not known:
        st.info("No run yet. Train one first.", icon=":material/info:")
        st.stop()
    ids = list(known)
    live = store.production_id()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = st.selectbox(
            "Run",
            ids,
            ids.index(live) if live in ids else 0,
            format_func=lambda i: f"{'★ ' * (i == live)}{notes.name_of(known[i])} · {i}",
            key="run",
            bind="query-params",
        )
        names = [*cache.predictions(known[run_id]), *labelled_sets.own()]
        name = st.selectbox("Test set", names, key="data", bind="query-params")
        view = st.segmented_control(
            "Show", layout.MATRIX_VIEWS, default="Counts", required=True, key="view"
        )
    predictions = cache.predictions_on(known[run_id], name)
    if not predictions:
        st.info(f"There is nothing in {name}; please choose another.", icon=":material/info:")
        st.stop()
    return known[run_id], name, predictions, view


def close_up(run: Run, name: str, predictions: LabelledPredictions) -> None:
    """The digit that the address asks for, from close up."""
    if (row := digit_gallery.picked(predictions)) is None:
        return
    measured = list(measured_runs().values())[:6]
    others = {o.id: cache.predictions_on(o, name) for o in measured if o.id != run.id}
    same = {i: a for i, a in others.items() if a and len(a.labels) == len(predictions.labels)}
    images, classifier = cache.test_images(name), serving.classifier_of(run)
    digit_gallery.close_up(row, images, predictions, classifier, same)
    digit_gallery.likest(name, row)


def the_cell(name: str, predictions: LabelledPredictions) -> None:
    picked = st.query_params.get("cell", "")
    if len(picked) == 2 and picked.isascii() and picked.isdigit():
        true, predicted = map(int, picked)
        st.markdown(f"**{true} taken for {predicted}**, the most confident first")
        digit_gallery.gallery(predictions.in_cell(true, predicted), name, predictions, picked)
    else:
        st.caption("Click a cell of the matrix to see its digits here.")


def hardest_errors(name: str, predictions: LabelledPredictions) -> None:
    digit_gallery.gallery(predictions.hardest(), name, predictions, "hardest")


def suspected_label_errors(name: str, predictions: LabelledPredictions) -> None:
    st.caption("Labels that the network believes least, against what it believes instead.")
    digit_gallery.gallery(predictions.suspect_labels(), name, predictions, "suspects")


try:
    run, name, predictions, view = choice()
    left, right = st.columns([3, 2])
    with left:
        matrix_view.matrix(predictions, view)
    with right:
        matrix_view.tables(predictions)
    close_up(run, name, predictions)
    parts = {
        "The cell": lambda: the_cell(name, predictions),
        "Hardest errors": lambda: hardest_errors(name, predictions),
        "Suspected label errors": lambda: suspected_label_errors(name, predictions),
        "Calibration": lambda: matrix_view.calibration(predictions),
        "Robustness": lambda: robustness_view.robustness_test(run.id, name, predictions.labels),
        "Epoch by epoch": lambda: matrix_view.per_epoch(run.id),
    }
    tabs = st.tabs(list(parts), key="part", on_change="rerun", bind="query-params")
    for tab, show in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                show()
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
