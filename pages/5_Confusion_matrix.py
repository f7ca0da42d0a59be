"""What a run gets wrong: the matrix, the digits behind each cell, and how well it is calibrated."""

import contextlib
from functools import partial

import streamlit as st

from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import DigitsError, RunDamaged
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.runs import store
from mnist_cnn.runs.predictions import measured_runs
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, digit_gallery, layout, matrix_view, robustness_view, run_names
from mnist_cnn.ui.digit_panel import PARTS

layout.page("Confusion matrix", "Which digits a network gets wrong: click a cell to see them.")


def choice() -> tuple[Run, str, LabelledPredictions, str]:
    """The run, the data set and the view, remembered in the address."""
    known = measured_runs()
    if not known:
        st.info("No run yet. Train one first: it takes less than a minute.", icon=":material/info:")
        st.page_link("pages/3_Train.py", label="Train a network", icon=":material/school:")
        st.stop()
    live = store.production_id()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = run_names.choose_one(known, live if live in known else next(iter(known)))
        names = [*cache.predictions(known[run_id]), *labelled_sets.own()]
        name = st.selectbox("Test set", names, key="data", bind="query-params")
        view = st.segmented_control(
            "Show",
            layout.MATRIX_VIEWS,
            default="Counts",
            format_func=lambda way: way.replace("of ", ""),
            required=True,
            key="view",
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
    titles = run_names.titles(measured)
    others: dict[str, LabelledPredictions] = {}
    for other in [other for other in measured if other.id != run.id]:
        with contextlib.suppress(RunDamaged):  # it says so where it is opened itself
            found = cache.predictions_on(other, name)
            if found and len(found.labels) == len(predictions.labels):
                others[titles[other.id]] = found
    digit_gallery.close_up(row, name, predictions, run, others)


try:
    run, name, predictions, view = choice()
    left, right = st.columns([3, 2])
    with left:
        matrix_view.matrix(predictions, view)
    with right:
        shown = {title: partial(show, name, predictions) for title, show in PARTS.items()}
        layout.open_tab(shown, "digits")
    numbers = {
        "Scores": lambda: matrix_view.tables(predictions),
        "Calibration": lambda: matrix_view.calibration(predictions),
        "Robustness": lambda: robustness_view.robustness_test(run.id, name, predictions.labels),
        "Epoch by epoch": lambda: matrix_view.per_epoch(run.id),
    }
    layout.open_tab(numbers, "part")
    close_up(run, name, predictions)
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
