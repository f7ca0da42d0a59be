"""A run folder in the making."""

import calendar
import contextlib
import hashlib
import json
import secrets
import time
from pathlib import Path
from typing import Any

from mnist_cnn.json_files import read_json
from mnist_cnn.runs.run_files import SCHEMA
from mnist_cnn.runs.store import RUN_ID, Run, new_folder, open_run, run_folders
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import LEFTOVER, make_folder, remove_file, remove_folder, write_atomically

PASSING = ("progress.json", "validation_errors.json", "drawing-*.json", "answers-*.json")
"""What only tells of a run while it is made."""


def new_id() -> str:
    """A run id that sorts after those there are, also where the clock was set back."""
    moment = int(time.time())
    newest = max((folder.name for folder in run_folders()), default="")
    jobs = (artifacts_folder() / "jobs").glob("2*.json")
    newest = max([newest, *(path.stem for path in jobs if RUN_ID.fullmatch(path.stem))])
    with contextlib.suppress(ValueError):  # nothing there yet, or nothing that is a date
        moment = max(moment, calendar.timegm(time.strptime(newest[:15], "%Y%m%d-%H%M%S")) + 1)
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(moment))}-{secrets.token_hex(3)}"


class NewRun:
    """A run folder that is being filled; `name` and `note` are what people call it and say."""

    def __init__(self, run_id: str | None = None, name: str = "", note: str = "") -> None:
        self.id = run_id or new_id()
        self._words = {"name": name, "note": note}
        self.folder = new_folder(self.id)
        make_folder(self.folder, exist_ok=False)

    def write(self, name: str, content: bytes | str | dict[str, Any]) -> None:
        """Puts a whole file into the folder: bytes, text, or JSON."""
        if isinstance(content, dict):
            content = json.dumps(content, indent=1) + "\n"
        write_atomically(
            self.folder / name, content.encode() if isinstance(content, str) else content
        )

    def finish(self, **facts: Any) -> Run:
        """Makes the folder a run by writing its manifest.

        Raises:
            StorageFailed: it could not be written; the folder is no run.
        """
        if phases := read_json(self.folder / "progress.json").get("phase_seconds"):
            facts = {"phases": phases, **facts}
        for name in PASSING:
            for path in self.folder.glob(name):
                remove_file(path)
        named = {"schema": SCHEMA, "id": self.id, **self._words, **facts, "sha256": self.sums()}
        self.write("run.json", named)
        return open_run(self.id)

    def sums(self) -> dict[str, str]:
        """The SHA-256 of each file that was written so far, but for what pages write meanwhile."""
        files = sorted(path for path in self.folder.iterdir() if not _is_passing(path))
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def discard(self) -> None:
        """Removes what was written so far."""
        discard(self.id)


def _is_passing(path: Path) -> bool:
    return bool(LEFTOVER.fullmatch(path.name)) or any(path.match(name) for name in PASSING)


def discard(run_id: str) -> None:
    """Removes what a run that never became whole has left."""
    if not (new_folder(run_id) / "run.json").exists():
        remove_folder(new_folder(run_id))
