"""Two or more runs on the same test set, and on the same drawing."""

from typing import NoReturn

import streamlit as st

from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.runs import store
from mnist_cnn.runs.predictions import measured_runs
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, comparison, digit_gallery, layout, run_differences, run_names
from mnist_cnn.ui.canvas import drawing_canvas, undo
from mnist_cnn.ui.canvas_companion import key_pressed

CANVAS = 280

layout.page("Compare models", "Which network is better, and on which digits they differ.")


def choice() -> tuple[list[Run], str, dict[str, LabelledPredictions]]:
    """At least two runs and a test set that all of them have answered."""
    known = measured_runs()
    if len(known) < 2:
        st.info("Two runs are needed to compare; please train another one.", icon=":material/info:")
        st.page_link("pages/3_Train.py", label="Train a network", icon=":material/school:")
        st.stop()
    live = store.production_id()
    others = [run_id for run_id in known if run_id != live]
    first = [live, others[0]] if live in known else others[:2]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ids = run_names.choose_some(known, first, most=4)
        if len(ids) < 2:
            stop("Please choose at least two runs.")
        saved = [cache.predictions(known[run_id]) for run_id in ids]
        shared = [name for name in saved[0] if all(name in own for own in saved)]
        if not (names := shared + labelled_sets.own()):
            stop("These runs were not measured on the same test set; please choose others.")
        name = st.selectbox("Test set", names, key="data", bind="query-params", width=260)
    found = {run_id: cache.predictions_on(known[run_id], name) for run_id in ids}
    predictions = {run_id: own for run_id, own in found.items() if own}
    if len(predictions) < len(ids):
        stop(f"There is nothing in {name}; please choose another.")
    if not comparison.of_the_same(list(predictions.values())):
        stop(f"These runs answered other digits under the name {name}; please choose another.")
    return [known[run_id] for run_id in ids], name, predictions


def stop(why: str) -> NoReturn:
    st.info(why, icon=":material/info:")
    st.stop()


@st.fragment
def drawing(chosen: list[Run], titles: dict[str, str]) -> None:
    if key_pressed("compare") == "Backspace":
        undo("compare")
    headline = st.empty()
    try:
        with st.container(horizontal=True, gap="large"):
            with st.container(width=CANVAS + 4):
                strokes = drawing_canvas("compare", CANVAS, CANVAS)
            with st.container(width="stretch"):
                headline.markdown(comparison.one_drawing(chosen, titles, strokes))
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")


def numbers(
    chosen: list[Run],
    titles: dict[str, str],
    name: str,
    predictions: dict[str, LabelledPredictions],
) -> None:
    st.subheader(f"On {name}")
    comparison.table(chosen, titles, predictions)
    first, second, *_ = chosen
    layout.open_tab(
        {
            f"Where {titles[first.id]} and {titles[second.id]} differ": lambda: comparison.pair(
                first, second, titles, predictions, name
            ),
            "How they learnt": lambda: run_differences.curves(chosen, titles),
            "Settings that differ": lambda: run_differences.settings(chosen, titles),
        },
        "tab",
    )


try:
    chosen, name, predictions = choice()
    titles = run_names.short(chosen)
    comparison.therefore(chosen, titles, predictions, name)
    drawing(chosen, titles)
    numbers(chosen, titles, name, predictions)
    first = predictions[chosen[0].id]
    if (row := digit_gallery.picked(first)) is not None:
        others = {titles[run.id]: predictions[run.id] for run in chosen[1:]}
        digit_gallery.close_up(row, name, first, chosen[0], others)
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
