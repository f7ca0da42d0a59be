"""In what runs differ: their settings and how they learnt."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mnist_cnn.models.recipes import FORMER_NAMES
from mnist_cnn.runs.store import Run
from mnist_cnn.training import progress_files
from mnist_cnn.ui import charts, layout

CURVES = {
    "Validation accuracy": ("val_accuracy", ".1%"),
    "Validation loss": ("val_loss", ".3f"),
    "Training accuracy": ("accuracy", ".1%"),
    "Training loss": ("loss", ".3f"),
}


def settings(chosen: Sequence[Run], titles: dict[str, str]) -> None:
    """The settings of their recipes that differ, a column per run."""
    table = differing([run.config.get("recipe") or {} for run in chosen])
    if table.empty:
        st.caption("Their settings are the same.")
        return
    table.columns = [titles[run.id] for run in chosen]
    st.table(table)


def differing(recipes: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """A row per setting that differs, by its name in words; a column per recipe, in their order.
    Settings that a recipe lacks are "–"."""
    flat = [_flat(recipe) for recipe in recipes]
    names = {name: None for own in flat for name in own}  # in their order, each once
    rows = {name: [own.get(name, "–") for own in flat] for name in names}
    differ = {name: values for name, values in rows.items() if len(set(values)) > 1}
    return pd.DataFrame.from_dict(differ, orient="index", columns=range(len(flat)))


def curves(chosen: Sequence[Run], titles: dict[str, str]) -> None:
    """A measure of all of them over epochs or minutes, in one chart."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = st.selectbox("Curve", list(CURVES), width=260)
        axis = st.segmented_control("Over", ["Epoch", "Minutes"], default="Epoch", required=True)
    column, form = CURVES[measure]
    tables = []
    for run in chosen:
        history = progress_files.history(run.id)
        if column in history:
            over = history["epoch"] if axis == "Epoch" else history["seconds"].cumsum() / 60
            own = {"Run": titles[run.id], axis: over, measure: history[column]}
            tables.append(pd.DataFrame(own))
    if not tables:
        st.caption("None of them has kept its learning curve.")
        return
    table = pd.concat(tables)
    st.altair_chart(charts.overlaid_curves(table, axis, measure, form), width="stretch")
    layout.as_table(table, "curves")


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        name = prefix + FORMER_NAMES.get(key, key).replace("_", " ")
        if isinstance(value, dict):
            flat |= _flat(value, f"{name}: ")
        else:
            flat[name] = _in_words(value)
    return flat


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
