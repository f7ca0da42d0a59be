"""A confusion matrix with its tables, and how honest the confidence is."""

import pandas as pd
import streamlit as st

from mnist_cnn import metrics, runs
from mnist_cnn.explain import Answers
from mnist_cnn.ui import charts, layout


def matrix(answers: Answers, view: str) -> None:
    """The heat map; a click puts its cell into the address, and its digits in front."""
    cells = layout.matrix_cells(answers.matrix.tolist(), view)
    right = int(answers.right.sum())
    title = f"{right:,} of {len(answers.labels):,} read right ({answers.right.mean():.2%})"
    st.altair_chart(
        charts.confusion_matrix(cells, title), width="stretch", on_select=_picked, key="matrix"
    )
    table = pd.DataFrame(answers.matrix, columns=[f"read as {k}" for k in range(10)])
    table.insert(0, "is a", range(10))
    layout.as_table(table, "matrix")


def _picked() -> None:
    cells = st.session_state["matrix"]["selection"].get("cell")
    if cells:
        st.query_params["cell"] = f"{cells[0]['true']}{cells[0]['read']}"
        st.session_state["part"] = "The cell"


def tables(answers: Answers) -> None:
    """Precision, recall and F1 of each digit, and what is confused most."""
    scores = pd.DataFrame(metrics.per_class(answers.matrix))
    scores.index.name = "digit"
    shares = ["precision", "recall", "f1"]
    percent = st.column_config.NumberColumn(format="%.2f%%", width=70)
    st.dataframe(
        (100 * scores[shares]).assign(support=scores["support"]),
        width="stretch",
        column_config=dict.fromkeys(shares, percent),
    )
    pairs = [f"{t} read as {r}: **{n}**" for t, r, n in answers.confused_pairs()[:6]]
    st.markdown("Most confused: " + " · ".join(pairs) if pairs else "Not one mistake.")


def honesty(answers: Answers) -> None:
    """Whether confidence means what it says, and what turning away the unsure brings."""
    left, right = st.columns(2)
    bins = pd.DataFrame(metrics.reliability(answers.confidence, answers.right))
    left.altair_chart(charts.reliability(bins), width="stretch")
    error = metrics.calibration_error(answers.confidence, answers.right)
    left.caption(f"Expected calibration error {error:.2%}; larger dots stand for more images.")
    with left:
        layout.as_table(bins, "reliability")
    rows = metrics.accuracy_by_share_kept(answers.confidence, answers.right)
    turned = right.slider("Turn away the least sure (%)", 0.0, 50.0, 1.0, 0.5) / 100
    table = pd.DataFrame(rows)
    right.altair_chart(charts.accuracy_by_share_kept(table, turned), width="stretch")
    at = min(rows, key=lambda row: abs(row["turned away"] - turned))
    right.caption(f"With {turned:.1%} turned away, {at['accuracy']:.2%} of the rest are right.")
    with right:
        layout.as_table(table, "turned away")


def per_epoch(run_id: str) -> None:
    """The validation digits after each epoch, as far as a run has kept their matrices."""
    matrices = runs.read_json(runs.new_folder(run_id) / "confusion.json").get("validation", [])
    if not matrices:
        st.caption("This run has kept no matrices of its epochs.")
        return
    epoch = len(matrices)
    if epoch > 1:
        epoch = st.slider("Epoch", 1, epoch, epoch, key=f"{run_id} epoch {epoch}")
    cells = layout.matrix_cells(matrices[epoch - 1])
    chart = charts.confusion_matrix(cells, f"Validation digits after epoch {epoch}")
    st.altair_chart(chart, width="stretch")
