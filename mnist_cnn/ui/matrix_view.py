"""A confusion matrix with its tables, and how well confidence is calibrated."""

import pandas as pd
import streamlit as st

from mnist_cnn import metrics
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.training import progress_files
from mnist_cnn.ui import layout, matrix_charts


def matrix(predictions: LabelledPredictions, view: str) -> None:
    """The heat map; a click puts its cell into the address, and its digits beside it. The chart's
    toolbar lies over the sentence and not over what is above it."""
    cells = layout.matrix_cells(predictions.matrix.tolist(), view)
    right, total = int(predictions.right.sum()), len(predictions.labels)
    st.markdown(
        f"**{predictions.right.mean():.2%}** read right: {right:,} of {total:,}",
        help="By the likeliest digit of each image, also where it is rejected as no digit; Batch "
        "counts what is rejected as wrong.",
    )
    st.altair_chart(
        matrix_charts.confusion_matrix(cells), width="stretch", on_select=_picked, key="matrix"
    )


def _picked() -> None:
    cells = st.session_state["matrix"]["selection"].get("cell")
    if cells:
        pick_cell(cells[-1]["true"], cells[-1]["predicted"])
    else:
        st.query_params.pop("cell", None)


def pick_cell(true: int, predicted: int) -> None:
    """Puts a cell into the address, and its digits in front."""
    st.query_params["cell"] = f"{true}{predicted}"
    st.session_state["digits"] = "The cell"


def confusions(predictions: LabelledPredictions) -> None:
    """Where no cell is picked: the most frequent mistakes as buttons."""
    pairs = predictions.confused_pairs()[:8]
    if not pairs:
        st.markdown("Not one mistake. Click a cell of the matrix to see its digits here.")
        return
    st.caption("Click a cell of the matrix to see its digits here, or one of the most confused:")
    with st.container(horizontal=True, gap="small"):
        for true, predicted, count in pairs:
            label = f"{true} → {predicted} ({count})"
            st.button(label, key=f"confused {label}", on_click=pick_cell, args=(true, predicted))


def tables(predictions: LabelledPredictions) -> None:
    """Precision, recall and F1 of each digit, what is confused most, and the matrix in numbers."""
    scores = pd.DataFrame(metrics.per_class(predictions.matrix))
    scores.index.name = "digit"
    shares = ["precision", "recall", "f1"]
    percent = st.column_config.NumberColumn(format="%.2f%%", width=70)
    st.dataframe(
        (100 * scores[shares]).assign(support=scores["support"]),
        width="stretch",
        column_config=dict.fromkeys(shares, percent),
    )
    pairs = [f"{t} taken for {r}: **{n}**" for t, r, n in predictions.confused_pairs()[:6]]
    st.markdown("Most confused: " + " · ".join(pairs) if pairs else "Not one mistake.")
    table = pd.DataFrame(predictions.matrix, columns=[f"predicted {k}" for k in range(10)])
    table.insert(0, "true digit", range(10))
    with st.expander("The matrix as a table", key="matrix table", on_change="rerun") as expander:
        if expander.open:
            st.dataframe(table, hide_index=True, width="stretch")


def calibration(predictions: LabelledPredictions) -> None:
    """Whether confidence means what it says, and accuracy against rejection rate."""
    left, right = st.columns(2)
    bins = pd.DataFrame(metrics.reliability(predictions.confidence, predictions.right))
    left.altair_chart(matrix_charts.reliability(bins), width="stretch")
    error = metrics.calibration_error(predictions.confidence, predictions.right)
    left.caption(f"Expected calibration error {error:.2%}; larger dots stand for more images.")
    with left:
        layout.as_table(bins, "reliability")
    rows = metrics.accuracy_by_share_kept(predictions.confidence, predictions.right)
    rejected = right.slider("Reject the least sure (%)", 0.0, 50.0, 1.0, 0.5) / 100
    table = pd.DataFrame(rows)
    right.altair_chart(matrix_charts.accuracy_by_share_kept(table, rejected), width="stretch")
    at = min(rows, key=lambda row: abs(row["rejected"] - rejected))
    right.caption(f"With {rejected:.1%} rejected, {at['accuracy']:.2%} of the rest are right.")
    with right:
        layout.as_table(table, "rejected")


def per_epoch(run_id: str) -> None:
    """The validation digits after each epoch, as far as a run has kept their matrices."""
    matrices = progress_files.validation_matrices(run_id)
    if not matrices:
        st.caption("This run has kept no matrices of its epochs.")
        return
    epoch = len(matrices)
    if epoch > 1:
        epoch = st.slider("Epoch", 1, epoch, epoch, key=f"{run_id} epoch {epoch}")
    cells = layout.matrix_cells(matrices[epoch - 1])
    if len(matrices[0]) > 10:  # a network of symbols, whose classes are their places
        names = {side: cells[side].map(SYMBOLS.__getitem__) for side in ("true", "predicted")}
        cells = cells.assign(**names)
    chart = matrix_charts.confusion_matrix(cells, f"Validation digits after epoch {epoch}")
    st.altair_chart(chart, width="stretch")
