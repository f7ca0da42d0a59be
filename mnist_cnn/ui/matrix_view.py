"""A confusion matrix with its tables, and how honest the confidence is."""

import pandas as pd
import streamlit as st

from mnist_cnn import metrics
from mnist_cnn.explain import Answers
from mnist_cnn.ui import charts, layout


def matrix(answers: Answers, view: str) -> None:
    """The heat map; a click puts its cell into the address."""
    cells = layout.matrix_cells(answers.matrix.tolist(), view)
    right = int(answers.right.sum())
    title = f"{right:,} of {len(answers.labels):,} read right ({answers.right.mean():.2%})"
    event = st.altair_chart(
        charts.confusion_matrix(cells, title), width="stretch", on_select="rerun", key="matrix"
    )
    picked = event["selection"].get("cell") or []
    if picked:
        st.query_params["cell"] = f"{picked[0]['true']}{picked[0]['read']}"


def tables(answers: Answers) -> None:
    """Precision, recall and F1 of each digit, and what is confused most."""
    scores = pd.DataFrame(metrics.per_class(answers.matrix))
    scores.index.name = "digit"
    shown = (100 * scores[["precision", "recall", "f1"]]).round(2).add_suffix(" (%)")
    st.dataframe(shown.assign(support=scores["support"]), width="stretch")
    pairs = [f"{t} read as {r}: **{n}**" for t, r, n in answers.confused_pairs()[:6]]
    st.markdown("Most confused: " + " · ".join(pairs) if pairs else "Not one mistake.")


def honesty(answers: Answers) -> None:
    """Whether confidence means what it says, and what turning away the unsure brings."""
    left, right = st.columns(2)
    bins = pd.DataFrame(metrics.reliability(answers.confidence, answers.right))
    left.altair_chart(charts.reliability(bins), width="stretch")
    error = metrics.calibration_error(answers.confidence, answers.right)
    left.caption(f"Expected calibration error {error:.2%}; larger dots stand for more images.")
    rows = metrics.accuracy_by_share_kept(answers.confidence, answers.right)
    turned = right.slider("Turn away the least sure (%)", 0.0, 50.0, 1.0, 0.5) / 100
    table = pd.DataFrame(rows)
    right.altair_chart(charts.accuracy_by_share_kept(table, turned), width="stretch")
    at = min(rows, key=lambda row: abs(row["turned away"] - turned))
    right.caption(f"With {turned:.1%} turned away, {at['accuracy']:.2%} of the rest are right.")
