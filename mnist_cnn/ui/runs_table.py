"""The table of all runs: what it shows, finds and compares."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mnist_cnn.runs import store
from mnist_cnn.ui import run_rows

STATUSES = ("finished", "stopped", "running", "failed", "interrupted", "damaged")

PAGE = 100
"""Rows that are shown at once."""

GROUPS = ("Preset", "Data")

FIRST = ("In production", "Name", "Status", "Begun (UTC)", "Trained (min)", "Learning")
"""What people look for stands on the left."""

ALWAYS = {"In production", "Name", "Run"}


def all_rows() -> pd.DataFrame:
    """A row per run, whole, damaged, running or failed, the newest first; see `with_details`."""
    return pd.DataFrame(run_rows.rows())


def with_details(table: pd.DataFrame) -> pd.DataFrame:
    """The same rows with what their runs' other files tell: scores, data, size, and damage."""
    found = [row | run_rows.details(str(row["Run"])) for row in table.to_dict("records")]
    detailed = pd.DataFrame(found, columns=None if found else table.columns)
    if len(detailed):
        _add_differences(detailed)
    return detailed


def filtered(
    table: pd.DataFrame, search: str, tags: Sequence[str], statuses: Sequence[str], archived: bool
) -> pd.DataFrame:
    """The rows that were asked for; no tags or statuses mean all."""
    searched = table[["Run", "Name", "Note", "Tags", "Preset"]].itertuples(index=False)
    sought = search.casefold()
    wanted = pd.Series(
        [sought in " ".join(map(str, row)).casefold() for row in searched], table.index, bool
    )
    if tags:
        wanted &= table["Tags"].map(lambda own: bool(set(own) & set(tags)))
    if statuses:
        wanted &= table["Status"].isin(statuses)
    if not archived:
        wanted &= ~table["Archived"].astype(bool)
    return table[wanted]


def grouped(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """A row per preset or per choice of data: how many runs, the best of them, and the newest."""
    accuracy = "mnist-test (%)"
    made = []
    for value, group in table.groupby(by, sort=True, dropna=False):
        row: dict[str, Any] = {by: value or "–", "Runs": len(group)}
        if accuracy in group and group[accuracy].notna().any():
            best = group.loc[group[accuracy].idxmax()]
            row |= {"Best": best["Name"], accuracy: best[accuracy]}
        made.append(row | {"Newest": group["Begun (UTC)"].max()})
    return pd.DataFrame(made)


def columns(table: pd.DataFrame, only_different: bool, chosen: Sequence[str] = ()) -> list[str]:
    """What to show: no empty columns, where asked only those that were chosen, or those whose
    values differ."""
    hidden = {"Archived", "Kind"}
    names = [name for name in map(str, table) if name not in hidden]
    shown = [n for n in names if (table[n].notna() & (table[n].astype(str) != "")).any()]
    shown = [n for n in shown if n != "Tags" or table[n].map(len).any()]
    shown.sort(key=_place)
    if chosen:
        shown = [n for n in shown if n in ALWAYS or n in chosen]
    elif only_different and len(table) > 1:
        shown = [n for n in shown if n in ALWAYS or table[n].astype(str).nunique() > 1]
    return shown


def _place(column: str) -> int:
    if column in FIRST:
        return FIRST.index(column)
    return 10 if column.endswith(("(%)", "against the live one", "95 %")) else 20


def configuration(table: pd.DataFrame) -> dict[str, Any]:
    """How each column is written."""
    number = st.column_config.NumberColumn
    made: dict[str, Any] = {
        "In production": st.column_config.TextColumn(
            "Live", help="The runs that answer now", width=125
        ),
        "Name": st.column_config.TextColumn(width=110),
        "Status": st.column_config.TextColumn(width=80),
        "Begun (UTC)": st.column_config.TextColumn(width=130),
        "Learning": st.column_config.LineChartColumn(
            "Learning", help="Validation accuracy per epoch", y_min=0.9, y_max=1.0, width=100
        ),
        "Tags": st.column_config.ListColumn("Tags"),
        "Trained (min)": number(format="%.1f", width=100),
        "Size (MB)": number(format="%.2f"),
        "Parameters": number(format="localized"),
    }
    for name in map(str, table):
        if name.endswith("(%)"):
            made[name] = number(format="%.2f")
        elif name.endswith("against the live one"):
            made[name] = number(format="%+.2f", help="Against the run of its kind in production")
    return made


def _add_differences(table: pd.DataFrame) -> None:
    """Beside each accuracy its difference from that of the run of its kind in production."""
    live = {kind: run_rows.details(store.production_id(kind) or "") for kind in run_rows.LIVE}
    for name in [n for n in map(str, table) if n.endswith("-test (%)")]:
        known = table["Kind"].map(lambda kind, name=name: live.get(kind, {}).get(name))
        if known.notna().any():
            place = list(table).index(name) + 1
            title = name.replace("(%)", "against the live one")
            table.insert(place, title, table[name] - known.astype(float))
