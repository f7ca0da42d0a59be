"""Where a batch has labels: what was read as what, and the cell that was clicked."""

import streamlit as st

from mnist_cnn.ui import layout, matrix_charts
from mnist_cnn.ui.batch_session import NONE, Batch, Cell

NO_DIGIT = "–"
"""The column of what was not recognised as a digit."""


def confusions(done: Batch) -> Cell | None:
    """The matrix of all labelled digits; a click on a cell picks it."""
    counts = done.columns.matrix
    if not counts[:, 10].any():
        counts = counts[:, :10]
    st.markdown("**What was read as what**")
    st.caption(
        "Click a cell to see its digits; twice, to see all."
        + (f" {NO_DIGIT} stands for no digit." if counts.shape[1] > 10 else "")
    )
    cells = layout.matrix_cells(counts.tolist())
    names = [*map(str, range(10)), NO_DIGIT]
    cells["predicted"] = [names[digit] for digit in cells["predicted"]]
    event = st.altair_chart(
        matrix_charts.confusion_matrix(cells, ""),
        width="stretch",
        on_select="rerun",
        key=f"batch matrix {done.clicks}",
        alt="Confusion matrix of the batch: true digits in rows, predicted digits in columns",
    )
    picked = event["selection"].get("cell")
    if not picked:
        return None
    predicted = picked[-1]["predicted"]
    return int(picked[-1]["true"]), NONE if predicted == NO_DIGIT else int(predicted)


def words(cell: Cell) -> str:
    true, predicted = cell
    return f"{true} taken for {'no digit' if predicted == NONE else predicted}"


def filter_chip(done: Batch, cell: Cell) -> None:
    """Says what the list is filtered by, and takes that away."""
    st.button(
        f"Filter: {words(cell)} ✕",
        key="batch filter",
        on_click=_clear,
        args=(done,),
    )


def _clear(done: Batch) -> None:
    done.clicks += 1  # a new chart: Streamlit keeps what was picked in the old one
