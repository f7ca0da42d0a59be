"""Deleted runs and trainings, which can be brought back for thirty days of use.

Days are counted, one for each date on which something is deleted, so that a clock that is far
ahead for a while costs a day at most.

artifacts/trash/<id>/            a run as it was; or `job.json` and `job.log` of a training that
                                 never became one
artifacts/trash/days.json        on how many days, since each was deleted, the trash was used
"""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from mnist_cnn import storage
from mnist_cnn.errors import JobError, RunError, RunNotFound, StorageFailed
from mnist_cnn.json_files import read_json
from mnist_cnn.runs import store
from mnist_cnn.runs.store import RUN_ID, Run, one_at_a_time
from mnist_cnn.settings import artifacts_folder

DAYS_IN_TRASH = 30

JOB_FILES = ("log", "json")
"""What is kept of a training, in `artifacts/jobs/<id>.…`."""


def delete(run_id: str) -> None:
    """Moves a run into the trash, from which `restore` brings it back.

    Raises:
        RunNotFound: there is no such run.
        RunError: it is in production.
    """
    folder = store.folder_of(run_id)
    with one_at_a_time():
        if store.in_production(run_id):
            raise RunError(f"Run {run_id} is in production; please promote another run first.")
        _empty_old_trash()
        storage.remove_folder(_trash() / run_id)  # of before it was copied back
        storage.move((folder, _trash() / run_id))


def delete_job(run_id: str) -> None:
    """Moves what is known of a training that never became a run, its record and its log, into the
    trash, from which `restore_any` brings it back.

    Raises:
        RunNotFound: no such training is known.
        JobError: it runs.
    """
    record = _job_file(run_id, "json")
    if not RUN_ID.fullmatch(run_id) or not record.is_file():
        raise RunNotFound(f"There is no training {run_id[:40]!r}.")
    with one_at_a_time():
        if read_json(record).get("state") == "running":
            raise JobError(f"Training {run_id} runs; please stop it first.")
        _empty_old_trash()
        _move_job(_jobs() / run_id, _trash() / run_id / "job")


def restore_any(run_id: str) -> None:
    """Brings back a deleted run, or what was known of a deleted training.

    Raises:
        RunNotFound: it is not in the trash.
    """
    if not RUN_ID.fullmatch(run_id) or not (_trash() / run_id / "job.json").is_file():
        restore(run_id)
        return
    with one_at_a_time():
        _move_job(_trash() / run_id / "job", _jobs() / run_id)
        storage.remove_folder(_trash() / run_id)


def restore(run_id: str) -> Run:
    """Brings a deleted run back.

    Raises:
        RunNotFound: it is not in the trash.
        RunError: it is back already.
    """
    if run_id not in deleted() or not (_trash() / run_id / "run.json").exists():
        raise RunNotFound(f"There is no deleted run {run_id[:40]!r}.")
    place = artifacts_folder() / "runs" / run_id
    with one_at_a_time():
        if place.exists():
            raise RunError(f"Run {run_id} is among the runs already; there is nothing to restore.")
        storage.move((_trash() / run_id, place))
    return store.open_run(run_id)


def deleted() -> list[str]:
    """The ids of the runs and trainings in the trash, newest first."""
    try:
        names = (path.name for path in _trash().iterdir())
        return sorted((name for name in names if RUN_ID.fullmatch(name)), reverse=True)
    except OSError:
        return []


def _empty_old_trash() -> None:
    """Counts today, once, for whatever is in the trash, and removes what was there long enough."""
    path, today = _trash() / "days.json", time.strftime("%Y-%m-%d", time.gmtime())
    known = read_json(path)
    counted = known.get("counted")
    days = {run_id: _days(counted, run_id) for run_id in deleted()}
    if known.get("today") != today:
        days = {run_id: count + 1 for run_id, count in days.items()}
    for run_id in [run_id for run_id, count in days.items() if count > DAYS_IN_TRASH]:
        storage.remove_folder(_trash() / run_id)
        del days[run_id]
    with contextlib.suppress(StorageFailed):  # then nothing grows older
        content = json.dumps({"today": today, "counted": days})
        storage.write_atomically(path, content.encode())


def _days(counted: Any, run_id: str) -> int:
    count = counted.get(run_id, 0) if isinstance(counted, dict) else 0
    return count if type(count) is int else 0


def _move_job(source: Path, target: Path) -> None:
    """The record last: with it the training is seen, and after a kill the rest can be moved on."""
    pairs = [
        (source.with_name(f"{source.name}.{kind}"), target.with_name(f"{target.name}.{kind}"))
        for kind in JOB_FILES
    ]
    storage.move(*(pair for pair in pairs if pair[0].exists()))


def _job_file(run_id: str, kind: str) -> Path:
    return _jobs() / f"{run_id}.{kind}"


def _jobs() -> Path:
    return artifacts_folder() / "jobs"


def _trash() -> Path:
    return artifacts_folder() / "trash"
