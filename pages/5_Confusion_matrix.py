"""What a run gets wrong: the matrix, the digits behind each cell, and how honest it is."""

import streamlit as st

from mnist_cnn import evaluation, registry, runs, serving, test_sets
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
        names = [*cache.answers(known[run_id]), *test_sets.own()]
        name = st.selectbox("Test set", names, key="data", bind="query-params")
        view = st.segmented_control(
            "Show", layout.MATRIX_VIEWS, default="Counts", required=True, key="view"
        )
    answers = cache.answers_to(known[run_id], name)
    if not answers:
        st.info(f"There is nothing in {name}; please choose another.", icon=":material/info:")
        st.stop()
    return known[run_id], name, answers, view


def close_up(run: Run, name: str, answers: Answers) -> None:
    """The digit that the address asks for, from close up."""
    if (row := digit_gallery.picked(answers)) is None:
        return
    measured = list(evaluation.measured_runs().values())[:6]
    others = {o.id: cache.answers_to(o, name) for o in measured if o.id != run.id}
    same = {i: a for i, a in others.items() if a and len(a.labels) == len(answers.labels)}
    images, classifier = cache.test_images(name), serving.classifier_of(run)
    digit_gallery.close_up(row, images, answers, classifier, same)
    digit_gallery.likest(name, row)


def the_cell(name: str, answers: Answers) -> None:
    picked = st.query_params.get("cell", "")
    if len(picked) == 2 and picked.isascii() and picked.isdigit():
        true, read = map(int, picked)
        st.markdown(f"**{true} read as {read}**, the most confident first")
        digit_gallery.gallery(answers.in_cell(true, read), name, answers, picked)
    else:
        st.caption("Click a cell of the matrix to see its digits here.")


def hardest_errors(name: str, answers: Answers) -> None:
    digit_gallery.gallery(answers.hardest(), name, answers, "hardest")


def suspected_label_errors(name: str, answers: Answers) -> None:
    st.caption("Labels that the network believes least, against what it believes instead.")
    digit_gallery.gallery(answers.suspect_labels(), name, answers, "suspects")


try:
    run, name, answers, view = choice()
    left, right = st.columns([3, 2])
    with left:
        matrix_view.matrix(answers, view)
    with right:
        matrix_view.tables(answers)
    close_up(run, name, answers)
    parts = {
        "The cell": lambda: the_cell(name, answers),
        "Hardest errors": lambda: hardest_errors(name, answers),
        "Suspected label errors": lambda: suspected_label_errors(name, answers),
        "Is it honest?": lambda: matrix_view.honesty(answers),
        "Stress test": lambda: stress_view.stress_test(run.id, name, answers.labels),
        "Epoch by epoch": lambda: matrix_view.per_epoch(run.id),
    }
    tabs = st.tabs(list(parts), key="part", on_change="rerun", bind="query-params")
    for tab, show in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                show()
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
