"""Deleted runs, which can be brought back for thirty days.

artifacts/trash/<id>/
"""

import contextlib
import time
from pathlib import Path

from mnist_cnn import storage
from mnist_cnn.errors import RunError, RunNotFound
from mnist_cnn.runs import store
from mnist_cnn.runs.store import Run, one_at_a_time
from mnist_cnn.settings import artifacts_folder

DAYS_IN_TRASH = 30


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
        storage.move(folder, _trash() / run_id)


def restore(run_id: str) -> Run:
    """Brings a deleted run back.

    Raises:
        RunNotFound: it is not in the trash.
    """
    if run_id not in deleted():
        raise RunNotFound(f"There is no deleted run {run_id[:40]!r}.")
    with one_at_a_time():
        storage.move(_trash() / run_id, artifacts_folder() / "runs" / run_id)
    return store.open_run(run_id)


def deleted() -> list[str]:
    """The ids of the runs in the trash, newest first."""
    try:
        return sorted((path.name for path in _trash().iterdir()), reverse=True)
    except OSError:
        return []


def _empty_old_trash() -> None:
    with contextlib.suppress(OSError):
        for path in list(_trash().iterdir()):
            if time.time() - path.stat().st_mtime > DAYS_IN_TRASH * 86_400:
                storage.remove_folder(path)


def _trash() -> Path:
    return artifacts_folder() / "trash"
