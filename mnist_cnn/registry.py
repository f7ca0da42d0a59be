"""What people do with runs: promote, roll back, name, note, tag, archive, delete, restore.

Run folders never change; what is said about them lies beside them:

    artifacts/production.json        the run that answers
    artifacts/promotions.jsonl       when, from, to, by whom, and why the gate was overridden
    artifacts/labels/<id>.json       name, note, tags, archived
    artifacts/trash/<id>/            deleted runs, for thirty days
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mnist_cnn import gate, runs
from mnist_cnn.errors import RunDamaged, RunError, RunNotFound, StorageFailed
from mnist_cnn.runs import Run, read_json, storage_failed, write_atomically
from mnist_cnn.settings import artifacts_folder

DAYS_IN_TRASH = 30


@dataclass(frozen=True)
class Labels:
    """What people wrote on a run."""

    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    archived: bool = False


@dataclass(frozen=True)
class Promotion:
    """One line of the promotion log; `when` in UTC, `reason` where the gate was overridden."""

    when: str
    before: str | None
    after: str
    by: str
    reason: str = ""
    kind: str = "digits"


@contextlib.contextmanager
def one_at_a_time(seconds: float = 30) -> Iterator[None]:
    """Keeps every other process on these artifacts from changing the registry meanwhile.

    Raises:
        StorageFailed: the artifacts may not be written to.
        RunError: somebody else holds the lock for too long.
    """
    path = artifacts_folder() / "registry.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path, timeout=seconds):
            yield
    except Timeout as error:
        raise RunError(
            f"Another process has been changing the runs for {seconds:g} seconds; please try again."
        ) from error
    except OSError as error:
        raise storage_failed(path, error) from error


def promote(run_id: str, by: str, reason: str = "") -> Run:
    """Puts a run into production, if it passes the gate or a reason to override it is given.

    Raises:
        RunNotFound, RunDamaged: it is no whole run.
        RunRefused: it does not pass the gate; says whether a reason would help.
        StorageFailed: it could not be written; the old run stays.
    """
    with one_at_a_time():
        run = runs.open_run(run_id)
        before = runs.production_id(run.kind)
        gate.check(run, before, reason)
        _switch(Promotion(_now(), before, run_id, by, reason, run.kind))
    return run


def roll_back(by: str) -> Run:
    """Puts the run back into production that was there before the last promotion.

    Raises:
        RunNotFound: there is none to go back to.
    """
    before = previous_production()
    if before is None:
        raise RunNotFound("There is no earlier run in production to roll back to.")
    with one_at_a_time():
        run, current = runs.open_run(before), runs.production_id()
        gate.check(run, None)
        _switch(Promotion(_now(), current, run.id, by, "roll back"))
    return run


def previous_production() -> str | None:
    """Which run a roll back would bring back."""
    undone: list[str] = []
    for promotion in reversed([entry for entry in promotions() if entry.kind == "digits"]):
        if promotion.reason == "roll back":
            undone.append(promotion.before or "")
        elif promotion.after in undone:
            undone.remove(promotion.after)
        else:
            return promotion.before
    return None


def promotions() -> list[Promotion]:
    """The log, oldest first; lines that cannot be read are passed over."""
    entries = []
    with contextlib.suppress(OSError):
        for line in _log().read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError):
                entries.append(Promotion(**json.loads(line)))
    return entries


def labels(run_id: str) -> Labels:
    """What was written on a run; nothing where that cannot be read."""
    known = {k: v for k, v in read_json(_labels_path(run_id)).items() if k in asdict(Labels())}
    tags = known.pop("tags", [])
    tags = tuple(map(str, tags)) if isinstance(tags, list) else ()
    archived = known.pop("archived", False) is True
    return Labels(**{key: str(value) for key, value in known.items()}, tags=tags, archived=archived)


def label(run_id: str, **changes: Any) -> Labels:
    """Changes some of a run's labels: name, note, tags, archived.

    Raises:
        RunNotFound: there is no such run.
        StorageFailed: it could not be written.
    """
    runs.open_run(run_id)
    with one_at_a_time():
        changed = replace(labels(run_id), **changes)
        content = json.dumps(asdict(changed), indent=1) + "\n"
        write_atomically(_labels_path(run_id), content.encode())
    return changed


def name_of(run: Run) -> str:
    """What a run is called now."""
    return labels(run.id).name or run.name


def summaries(first: int = 0, count: int | None = None) -> list[dict[str, Any]]:
    """What the list of runs says of each, the newest first; of a damaged one what is wrong."""
    entries = list(runs.list_all().items())[first : None if count is None else first + count]
    return [
        {"run": run_id, "production": runs.in_production(run_id), **_summary(run)}
        for run_id, run in entries
    ]


def _summary(run: Run | RunDamaged) -> dict[str, Any]:
    if isinstance(run, RunDamaged):
        return {"damaged": str(run)}
    summary: dict[str, Any] = {"name": name_of(run)}
    try:
        scores = run.evaluation["datasets"]
        return summary | {"accuracy": {name: s["accuracy"] for name, s in scores.items()}}
    except (RunError, KeyError, TypeError) as error:
        return summary | {"damaged": str(error)}


def delete(run_id: str) -> None:
    """Moves a run into the trash, from which `restore` brings it back.

    Raises:
        RunNotFound: there is no such run.
        RunError: it is in production.
    """
    folder = runs.folder_of(run_id)
    with one_at_a_time():
        if runs.in_production(run_id):
            raise RunError(f"Run {run_id} is in production; please promote another run first.")
        _empty_old_trash()
        _move(folder, _trash() / run_id)


def restore(run_id: str) -> Run:
    """Brings a deleted run back.

    Raises:
        RunNotFound: it is not in the trash.
    """
    if run_id not in deleted():
        raise RunNotFound(f"There is no deleted run {run_id[:40]!r}.")
    with one_at_a_time():
        _move(_trash() / run_id, artifacts_folder() / "runs" / run_id)
    return runs.open_run(run_id)


def deleted() -> list[str]:
    """The ids of the runs in the trash, newest first."""
    try:
        return sorted((path.name for path in _trash().iterdir()), reverse=True)
    except OSError:
        return []


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


def _switch(entry: Promotion) -> None:
    log = _log().read_bytes() if _log().exists() else b""
    separator = b"" if not log or log.endswith(b"\n") else b"\n"
    write_atomically(_log(), log + separator + json.dumps(asdict(entry)).encode() + b"\n")
    try:
        path = artifacts_folder() / "production.json"
        pointers = {**read_json(path), runs.POINTERS[entry.kind]: entry.after}
        write_atomically(path, (json.dumps(pointers) + "\n").encode())
    except StorageFailed:
        with contextlib.suppress(StorageFailed):
            write_atomically(_log(), log)
        raise


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
        os.utime(target)
    except OSError as error:
        raise storage_failed(target, error) from error


def _empty_old_trash() -> None:
    with contextlib.suppress(OSError):
        for path in list(_trash().iterdir()):
            if time.time() - path.stat().st_mtime > DAYS_IN_TRASH * 86_400:
                shutil.rmtree(path, ignore_errors=True)


def _trash() -> Path:
    return artifacts_folder() / "trash"


def _log() -> Path:
    return artifacts_folder() / "promotions.jsonl"


def _labels_path(run_id: str) -> Path:
    return artifacts_folder() / "labels" / f"{run_id}.json"
