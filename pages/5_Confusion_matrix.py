"""What a run gets wrong: the matrix, the digits behind each cell, and how honest it is."""

import streamlit as st

from mnist_cnn import evaluation, registry, runs
from mnist_cnn.errors import DigitsError
from mnist_cnn.explain import Answers
from mnist_cnn.runs import Run
from mnist_cnn.ui import cache, digit_gallery, layout, matrix_view, stress_view

layout.page(
    "Confusion matrix", "🔍", "Which digits a network gets wrong: click a cell to see them."
)


def choice() -> tuple[Run, str, Answers, str]:
    """The run, the data set and the view, remembered in the address."""
    known = evaluation.measured_runs()
    if not known:
        st.info("No run yet. Train one first.", icon=":material/info:")
        st.stop()
    ids = list(known)
    live = runs.production_id()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = st.selectbox(
            "Run",
            ids,
            ids.index(live) if live in ids else 0,
            format_func=lambda i: f"{'★ ' * (i == live)}{registry.name_of(known[i])} · {i}",
            key="run",
            bind="query-params",
        )
        answers = cache.answers(known[run_id])
        name = st.selectbox("Test set", list(answers), key="data", bind="query-params")
        view = st.segmented_control(
            "Show", layout.MATRIX_VIEWS, default="Counts", required=True, key="view"
        )
    return known[run_id], name, answers[name], view


def behind(run: Run, name: str, answers: Answers) -> None:
    """The digits behind a cell or a list, and one of them from close up."""
    images = cache.test_images(name)
    if images is None:
        digit_gallery.offer_pictures(name)
    if (row := digit_gallery.picked(answers)) is not None:
        measured = list(evaluation.measured_runs().values())[:6]
        others = {o.id: cache.answers(o).get(name) for o in measured if o.id != run.id}
        same = {i: a for i, a in others.items() if a and len(a.labels) == len(answers.labels)}
        classifier = cache.classifier_of(run.id)
        digit_gallery.close_up(row, images, answers, classifier, same)
    cell, hardest, suspects = st.tabs(["The cell", "Hardest errors", "Suspected label errors"])
    with cell:
        picked = st.query_params.get("cell", "")
        if len(picked) == 2 and picked.isascii() and picked.isdigit():
            true, read = map(int, picked)
            st.markdown(f"**{true} read as {read}**, the most confident first")
            digit_gallery.gallery(answers.in_cell(true, read), images, answers, picked)
        else:
            st.caption("Click a cell of the matrix to see its digits here.")
    with hardest:
        digit_gallery.gallery(answers.hardest(), images, answers, "hardest")
    with suspects:
        st.caption("Labels that the network believes least, against what it believes instead.")
        digit_gallery.gallery(answers.suspect_labels(), images, answers, "suspects")


try:
    run, name, answers, view = choice()
    left, right = st.columns([3, 2])
    with left:
        matrix_view.matrix(answers, view)
    with right:
        matrix_view.tables(answers)
    behind(run, name, answers)
    matrix_view.honesty(answers)
    stress_view.stress_test(run.id, cache.test_images(name), answers.labels)
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
