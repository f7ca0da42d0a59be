"""Beside a confusion matrix: the digits of the picked cell, the hardest errors, label errors."""

import streamlit as st

from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.ui import matrix_view
from mnist_cnn.ui.digit_gallery import gallery


def the_cell(name: str, predictions: LabelledPredictions) -> None:
    """The digits of the cell that the address asks for, else which cells are worth a look."""
    picked = st.query_params.get("cell", "")
    if not (len(picked) == 2 and picked.isascii() and picked.isdigit()):
        matrix_view.confusions(predictions)
        return
    true, predicted = map(int, picked)
    rows = predictions.in_cell(true, predicted)
    if len(rows):
        st.markdown(f"**{true} taken for {predicted}**, the most confident first")
        gallery(rows, name, predictions, picked)
    else:
        st.markdown(f"**{true} taken for {predicted}**: not once.")
        matrix_view.confusions(predictions)


def hardest_errors(name: str, predictions: LabelledPredictions) -> None:
    """Every mistake."""
    rows = predictions.hardest()
    st.caption("All mistakes, the most confident first." if len(rows) else "Not one mistake.")
    gallery(rows, name, predictions, "hardest")


def suspected_label_errors(name: str, predictions: LabelledPredictions) -> None:
    """Digits that may be labelled wrongly."""
    st.caption("Labels that the network believes least, against what it believes instead.")
    gallery(predictions.suspect_labels(), name, predictions, "suspects")


PARTS = {
    "The cell": the_cell,
    "Hardest errors": hardest_errors,
    "Suspected label errors": suspected_label_errors,
}
