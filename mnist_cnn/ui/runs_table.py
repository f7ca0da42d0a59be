"""The table of all runs: what it shows, finds and compares."""

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from mnist_cnn.errors import RunDamaged, RunError
from mnist_cnn.runs import notes, store
from mnist_cnn.runs.store import Run
from mnist_cnn.training import job_files, jobs

STATUSES = ("finished", "stopped", "running", "failed", "interrupted", "damaged")


def all_rows() -> pd.DataFrame:
    """A row per run, whole, damaged, running or failed, the newest first."""
    production = store.production_id()
    entries = store.list_all()
    rows: list[dict[str, Any]] = [_row(run_id, entry) for run_id, entry in entries.items()]
    rows += [_job_row(job) for job in jobs.list_jobs() if job.id not in entries and _worth(job)]
    rows.sort(key=lambda row: str(row["Run"]), reverse=True)
    table = pd.DataFrame(rows)
    if len(table):
        live = table["Run"].map(store.in_production)
        table.insert(0, "In production", live.map({True: "★", False: ""}))
        _add_differences(table, production)
    return table


def filtered(
    table: pd.DataFrame, search: str, tags: Sequence[str], statuses: Sequence[str], archived: bool
) -> pd.DataFrame:
    """The rows that were asked for; no tags or statuses mean all."""
    text = table[["Run", "Name", "Note", "Tags", "Preset"]].astype(str).agg(" ".join, axis=1)
    wanted = text.str.contains(search, case=False, regex=False)
    if tags:
        wanted &= table["Tags"].map(lambda own: bool(set(own) & set(tags)))
    if statuses:
        wanted &= table["Status"].isin(statuses)
    if not archived:
        wanted &= ~table["Archived"].astype(bool)
    return table[wanted]


def columns(table: pd.DataFrame, only_different: bool) -> list[str]:
    """What to show: no empty columns, and where asked only those whose values differ."""
    hidden = {"Archived"}
    names = [name for name in map(str, table) if name not in hidden]
    shown = [n for n in names if (table[n].notna() & (table[n].astype(str) != "")).any()]
    shown = [n for n in shown if n != "Tags" or table[n].map(len).any()]
    shown.sort(key=_place)
    if only_different and len(table) > 1:
        keep = {"In production", "Name", "Run"}
        shown = [n for n in shown if n in keep or table[n].astype(str).nunique() > 1]
    return shown


def _place(column: str) -> int:
    """What people look for stands on the left."""
    first = ("In production", "Name", "Status", "Learning")
    if column in first:
        return first.index(column)
    return 10 if column.endswith(("(%)", "against the live one", "95 %")) else 20


def configuration(table: pd.DataFrame) -> dict[str, Any]:
    """How each column is written."""
    number = st.column_config.NumberColumn
    made: dict[str, Any] = {
        "In production": st.column_config.TextColumn("Live", help="★: in production"),
        "Learning": st.column_config.LineChartColumn(
            "Learning", help="Validation accuracy per epoch", y_min=0.9, y_max=1.0
        ),
        "Tags": st.column_config.ListColumn("Tags"),
        "Trained (min)": number(format="%.1f"),
        "Size (MB)": number(format="%.2f"),
        "Parameters": number(format="localized"),
    }
    for name in map(str, table):
        if name.endswith("(%)"):
            made[name] = number(format="%.2f")
        elif name.endswith("against the live one"):
            made[name] = number(format="%+.2f", help="Against the run in production")
    return made


def _row(run_id: str, entry: Run | RunDamaged) -> dict[str, Any]:
    if isinstance(entry, RunDamaged):
        return {
            "Run": run_id,
            "Name": "",
            "Status": "damaged",
            "Note": str(entry),
            "Tags": [],
            "Archived": False,
            "Preset": "",
        }
    labels = notes.notes_of(entry.id)
    facts = _facts(entry.id, entry.folder)
    return {
        "Run": entry.id,
        "Name": labels.name or entry.name,
        **facts,
        "Tags": list(labels.tags),
        "Note": labels.note or facts["Note"],
        "Archived": labels.archived,
    }


@lru_cache(maxsize=20_000)
def _facts(run_id: str, folder: Path) -> dict[str, Any]:
    """What never changes about a run, as cells of its row; `folder` tells artifacts apart."""
    run = store.open_run(run_id)
    manifest = run.manifest
    row: dict[str, Any] = {
        "Status": manifest.get("status", "finished"),
        "Begun (UTC)": run.created,
        "Trained (min)": manifest.get("training_seconds", 0) / 60,
        "Preset": manifest.get("preset", ""),
        "Note": manifest.get("note", ""),
    }
    try:
        row["Size (MB)"] = run.size_bytes / 1e6
        row["Data"] = ", ".join(run.config["data"]["sets"])
        row["Learning"] = _validation_curve(run)
        for name, scores in run.evaluation["datasets"].items():
            low, high = scores["accuracy_95"]
            row[f"{name} (%)"] = 100 * scores["accuracy"]
            row[f"{name} 95 %"] = f"{100 * low:.2f} to {100 * high:.2f}"
            row[f"{name} ECE (%)"] = 100 * scores["ece"]
    except (RunError, OSError, KeyError, TypeError, ValueError) as error:
        row |= {"Status": "damaged", "Note": str(error)}
    row["Parameters"] = manifest.get("parameters")
    return row


def _validation_curve(run: Run) -> list[float]:
    lines = run.read("history.csv").decode().splitlines()
    column = lines[0].split(",").index("val_accuracy")
    return [float(line.split(",")[column]) for line in lines[1:]]


def _job_row(job: job_files.Job) -> dict[str, Any]:
    progress = jobs.progress(job)
    preset = job.command[job.command.index("--preset") + 1] if "--preset" in job.command else ""
    return {
        "Run": job.id,
        "Name": preset,
        "Status": job.state,
        "Begun (UTC)": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(job.begun)),
        "Trained (min)": progress.seconds / 60 if job.state == "running" else job.seconds / 60,
        "Preset": preset,
        "Note": job.reason or f"{progress.phase} {progress.share:.0%}",
        "Tags": [],
        "Archived": False,
    }


def _worth(job: job_files.Job) -> bool:
    """Whether a job without a run tells anything: not one whose run was deleted."""
    return job.state in ("running", "failed", "interrupted") or bool(job.reason)


def _add_differences(table: pd.DataFrame, production: str | None) -> None:
    live = table[table["Run"] == production]
    if not len(live):
        return
    for name in [n for n in map(str, table) if n.endswith("-test (%)")]:
        difference = table[name] - live.iloc[0][name]
        place = list(table).index(name) + 1
        table.insert(place, name.replace("(%)", "against the live one"), difference)
