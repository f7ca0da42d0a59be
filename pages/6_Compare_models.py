"""Two or more runs on the same test set, and on the same drawing."""

import streamlit as st

from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.runs import serving, store
from mnist_cnn.runs.predictions import measured_runs
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, comparison, digit_gallery, layout
from mnist_cnn.ui.canvas import drawing_canvas

CANVAS = 280

layout.page("Compare models", "⚖️", "Which network is better, and on which digits they differ.")


def choice() -> tuple[list[Run], str, dict[str, LabelledPredictions]]:
    """At least two runs and a test set that all of them have answered."""
    known = measured_runs()
    if len(known) < 2:
        st.info("Two runs are needed to compare; please train another one.")
        st.page_link("pages/3_Train.py", label="Train a network", icon=":material/school:")
        st.stop()
    live = store.production_id()
    others = [run_id for run_id in known if run_id != live]
    first = [live, others[0]] if live in known else others[:2]
    ids = st.multiselect(
        "Runs: A, B, …",
        list(known),
        first,
        format_func=lambda run_id: comparison.title(known[run_id]),
        max_selections=4,
        key="runs",
        bind="query-params",
    )
    if len(ids) < 2:
        st.info("Please choose at least two runs.")
        st.stop()
    saved = [cache.predictions(known[run_id]) for run_id in ids]
    shared = [name for name in saved[0] if all(name in own for own in saved)]
    if not (names := shared + labelled_sets.own()):
        st.info("These runs were not measured on the same test set.")
        st.stop()
    name = st.selectbox("Test set", names, key="data", bind="query-params")
    predictions = {run_id: cache.predictions_on(known[run_id], name) for run_id in ids}
    return [known[run_id] for run_id in ids], name, {i: a for i, a in predictions.items() if a}


@st.fragment
def drawing(chosen: list[Run]) -> None:
    st.subheader("One drawing, read by all of them")
    try:
        with st.container(horizontal=True, gap="large"):
            with st.container(width=CANVAS + 4):
                strokes = drawing_canvas("compare", CANVAS, CANVAS)
            with st.container(width="stretch"):
                comparison.one_drawing(chosen, strokes)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")


try:
    chosen, name, predictions = choice()
    comparison.table(chosen, predictions)
    comparison.pair(chosen[0], chosen[1], predictions, name)
    first = predictions[chosen[0].id]
    if (row := digit_gallery.picked(first)) is not None:
        others = {comparison.title(run): predictions[run.id] for run in chosen[1:]}
        classifier = serving.classifier_of(chosen[0])
        images = cache.test_images(name)
        digit_gallery.close_up(row, images, first, classifier, others)
        digit_gallery.likest(name, row)
    drawing(chosen)
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
