"""What people wrote on runs: name, note, tags, archived.

artifacts/labels/<id>.json       beside the run, which never changes
"""

import itertools
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mnist_cnn.json_files import read_json
from mnist_cnn.runs import store
from mnist_cnn.runs.store import Run, one_at_a_time
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import write_atomically

SCHEMA = 2
"""Before, an empty note in such a file meant that nobody had written one."""


@dataclass(frozen=True)
class RunNotes:
    """What people wrote on a run; a `note` of None leaves that of the run itself."""

    name: str = ""
    note: str | None = None
    tags: tuple[str, ...] = ()
    archived: bool = False


def notes_of(run_id: str) -> RunNotes:
    """What was written on a run; nothing where that cannot be read."""
    file = read_json(_notes_path(run_id))
    known = {k: v for k, v in file.items() if k in asdict(RunNotes())}
    if "schema" not in file and not known.get("note"):
        known["note"] = None
    tags = known.pop("tags", [])
    tags = tuple(map(str, tags)) if isinstance(tags, list) else ()
    archived = known.pop("archived", False) is True
    words = {key: str(value) for key, value in known.items() if value is not None}
    return RunNotes(**words, tags=tags, archived=archived)


def noted_ids() -> set[str]:
    """The runs on which something was written: of all others there is no file to be opened."""
    return {path.stem for path in _notes_folder().glob("*.json")}


def annotate(run_id: str, **changes: Any) -> RunNotes:
    """Changes some of a run's labels: name, note, tags, archived.

    Raises:
        RunNotFound: there is no such run.
        StorageFailed: it could not be written.
    """
    store.open_run(run_id)
    with one_at_a_time():
        changed = replace(notes_of(run_id), **changes)
        content = json.dumps({"schema": SCHEMA, **asdict(changed)}, indent=1) + "\n"
        write_atomically(_notes_path(run_id), content.encode())
    return changed


def name_of(run: Run) -> str:
    """What a run is called now."""
    return notes_of(run.id).name or run.name


def note_of(run: Run) -> str:
    """What is said of a run now, also that nothing is any more."""
    own = notes_of(run.id).note
    return str(run.manifest.get("note", "")) if own is None else own


def distinct_name(wanted: str, others: Collection[str] = ()) -> str:
    """`wanted`, or with the first number that no run is called by: quick, quick 2, quick 3.

    Args:
        others: more names that are taken.
    """
    taken = {name_of(run) for run in store.list_all().values() if isinstance(run, Run)}
    taken |= set(others)
    if wanted not in taken:
        return wanted
    stem, _, number = wanted.rpartition(" ")
    if not stem or not number.isdecimal():
        stem = wanted
    free = (f"{stem} {count}" for count in itertools.count(2))
    return next(name for name in free if name not in taken)


def _notes_path(run_id: str) -> Path:
    return _notes_folder() / f"{run_id}.json"


def _notes_folder() -> Path:
    return artifacts_folder() / "labels"
