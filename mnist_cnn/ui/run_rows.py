"""What the table of runs says of each: at once what the manifests tell, and for the rows that are
in sight what their other files tell too."""

import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from mnist_cnn.errors import DigitsError, RunDamaged, RunError, RunNotFound
from mnist_cnn.runs import notes, store
from mnist_cnn.runs.loading import load_calibration
from mnist_cnn.runs.store import Run
from mnist_cnn.training import job_files, jobs

DETAILED = ("run.json", "config.json", "history.csv", "calibration.json", "evaluation.json")
"""The files that `details` are taken from."""

LIVE = {"digits": "Live (digits)", "symbols": "Live (equations)"}
"""What is said of the run in production, by the kind of network."""


def rows() -> list[dict[str, Any]]:
    """A row per run, whole, damaged, running or failed, the newest first; without what takes more
    files than one a run."""
    folders = {folder.name: folder for folder in store.run_folders()}
    noted = notes.noted_ids()
    found = {
        name: row
        for name, folder in folders.items()
        if (row := _run_row(name, folder, name in noted))
    }
    for run_id in job_files.ids_of_jobs():
        if run_id not in found and (job := jobs.find(run_id)) and _worth(job):
            found[run_id] = _job_row(job)
    live = {store.production_id(kind): words for kind, words in LIVE.items()}
    newest_first = sorted(found.items(), reverse=True)
    return [{"In production": live.get(name, ""), **row} for name, row in newest_first]


def details(run_id: str) -> dict[str, Any]:
    """What takes a run's other files: size, data, curve and scores; and that it is damaged."""
    try:
        run = store.open_run(run_id)
    except DigitsError:
        return {}
    state = tuple(_state(run.folder / name) for name in DETAILED)
    return _details(run_id, run.folder, state)


def _run_row(run_id: str, folder: Path, noted: bool) -> dict[str, Any] | None:
    try:
        facts = _facts(run_id, folder, _changed(folder))
    except OSError:
        return None  # in the making
    if facts is None:
        return None
    own = notes.notes_of(run_id) if noted else notes.RunNotes()
    return {
        **facts,
        "Name": own.name or facts["Name"],
        "Tags": list(own.tags),
        "Note": facts["Note"] if own.note is None else own.note,
        "Archived": own.archived,
    }


def _state(path: Path) -> tuple[int, int]:
    """What tells a file from what stood there before."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _changed(folder: Path) -> int:
    return os.stat(f"{os.fspath(folder)}/run.json").st_mtime_ns  # noqa: PTH116 - faster


@lru_cache(maxsize=20_000)
def _facts(run_id: str, folder: Path, changed: int) -> dict[str, Any] | None:
    """What the manifest says, as cells of a row; `folder` tells artifacts apart, `changed` what was
    damaged since."""
    row: dict[str, Any] = {"Run": run_id, "Name": "", "Preset": "", "Note": ""}
    try:
        run = store.open_run(run_id)
    except RunDamaged as error:
        return row | {"Status": "damaged", "Note": str(error)}
    except RunNotFound:
        return None
    manifest = run.manifest
    return row | {
        "Name": run.name,
        "Status": manifest.get("status", "finished"),
        "Begun (UTC)": run.created[:16],
        "Trained (min)": manifest.get("training_seconds", 0) / 60,
        "Preset": manifest.get("preset", ""),
        "Kind": run.kind,
        "Note": manifest.get("note", ""),
        "Parameters": manifest.get("parameters"),
    }


@lru_cache(maxsize=20_000)
def _details(run_id: str, folder: Path, state: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    run = store.open_run(run_id)
    row: dict[str, Any] = {}
    try:
        row["Size (MB)"] = run.size_bytes / 1e6
        row["Data"] = ", ".join(run.config.get("data", {}).get("sets", ()))
        row["Learning"] = _validation_curve(run)
        load_calibration(run)
        for name, scores in run.evaluation["datasets"].items():
            low, high = scores["accuracy_95"]
            row[f"{name} (%)"] = 100 * scores["accuracy"]
            row[f"{name} 95 %"] = f"{100 * low:.2f} to {100 * high:.2f}"
            row[f"{name} ECE (%)"] = 100 * scores["ece"]
    except (RunError, OSError, LookupError, TypeError, ValueError) as error:
        row |= {"Status": "damaged", "Note": str(error)}
    return row


def _validation_curve(run: Run) -> list[float]:
    """Empty for a network that was trained elsewhere."""
    if "history.csv" not in run.manifest["sha256"]:
        return []
    lines = run.read("history.csv").decode().splitlines()
    column = lines[0].split(",").index("val_accuracy")
    return [float(line.split(",")[column]) for line in lines[1:]]


def _job_row(job: job_files.Job) -> dict[str, Any]:
    progress = jobs.progress(job)
    return {
        "Run": job.id,
        "Name": job.name,
        "Status": job.state,
        "Begun (UTC)": time.strftime("%Y-%m-%d %H:%M", time.gmtime(job.begun)),
        "Trained (min)": progress.seconds / 60 if job.state == "running" else job.seconds / 60,
        "Preset": job.options.get("--preset", ""),
        "Note": job.reason or f"{progress.phase} {progress.share:.0%}",
        "Tags": [],
        "Archived": False,
    }


def _worth(job: job_files.Job) -> bool:
    """Whether a job without a run tells anything: not one whose run was deleted."""
    return job.state in ("running", "failed", "interrupted") or bool(job.reason)
