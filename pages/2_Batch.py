"""Drop files with thousands of digits; get a table, scores and files to take away."""

import streamlit as st

from mnist_cnn.batch import stream, turned
from mnist_cnn.batch.inputs.choices import Choices, Tables
from mnist_cnn.batch.inputs.files import expected, items_of
from mnist_cnn.errors import DigitsError
from mnist_cnn.ui import (
    batch_list,
    batch_matrix,
    batch_start,
    batch_table,
    batch_view,
    layout,
    my_hand,
)
from mnist_cnn.ui.batch_session import Batch

layout.page(
    "Batch",
    "Thousands of digits at once: images, a ZIP of them, tables such as CSV, IDX, NumPy and "
    "Parquet, pen strokes, or a photographed sheet that is full of digits.",
)


def read(files: list[tuple[str, bytes]], into: Batch, choices: Choices) -> None:
    classifier, tables = my_hand.digits_classifier(), Tables(choices)
    results = stream.read_all(items_of(files, tables), classifier)
    total = sum(expected(content) for _, content in files)
    with st.container():
        into.run_id, into.hand = classifier.run_id, my_hand.answers()
        batch_view.read(results, total, into)
    into.suggestion = turned.suggestion(tables.samples, choices, classifier)


def results(done: Batch, files: list[tuple[str, bytes]]) -> None:
    """The numbers, and below them what they count; beside it the matrix where there are labels."""
    batch_table.take_edits(done)
    batch_view.summary(done)
    batch_start.offer(done, files)
    if done.columns.labelled.any():
        left, right = st.columns([2, 3], gap="medium")
        with left:
            cell = batch_matrix.confusions(done)
    else:
        cell, right = None, st.container()
    with right:
        batch_list.listing(done, cell)
    batch_view.downloads(done, files)
    batch_view.keep_as_test_set(done)


try:
    files = batch_start.files_of_batch()
    batch_start.start(files)
    choices = batch_start.table_choices()
    done: Batch | None = st.session_state.get("batch")
    if done and st.session_state.pop("batch asked", False):
        read(files, done, choices)
        st.rerun()
    if done and done.results:
        results(done, files)
    elif done:
        st.info("There was nothing to read in these files.", icon=":material/info:")
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
