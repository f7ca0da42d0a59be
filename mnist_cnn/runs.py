"""The folders that training runs leave behind, and which of them is in production.

A folder is a run once `run.json` is in it, which is written last and names the SHA-256 of every
other file. Whatever was cut short before is never seen as one.
"""

import calendar
import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mnist_cnn.errors import RunDamaged, RunNotFound, StorageFailed
from mnist_cnn.settings import artifacts_folder

RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
SCHEMA = 1


@dataclass(frozen=True)
class Run:
    """A whole run on disk. Its files never change."""

    id: str
    folder: Path
    manifest: dict[str, Any]

    @cached_property
    def config(self) -> dict[str, Any]:
        return self._json("config.json")

    @cached_property
    def evaluation(self) -> dict[str, Any]:
        return self._json("evaluation.json")

    @cached_property
    def calibration(self) -> dict[str, Any]:
        return self._json("calibration.json")

    @property
    def name(self) -> str:
        """What it was called when it was begun; the registry knows of later names."""
        return str(self.manifest.get("name") or self.manifest.get("preset") or self.id)

    @property
    def kind(self) -> str:
        """What it reads: digits, or the symbols of arithmetic too."""
        return str(self.manifest.get("kind", "digits"))

    @property
    def size_bytes(self) -> int:
        return sum(int((self.folder / name).stat().st_size) for name in self.manifest["sha256"])

    @property
    def created(self) -> str:
        """When the run was begun, as its id says: `2026-11-22 14:15:03` UTC."""
        try:
            begun = time.strptime(self.id[:15], "%Y%m%d-%H%M%S")
        except ValueError:  # an id that somebody else chose
            return self.id[:15]
        return time.strftime("%Y-%m-%d %H:%M:%S", begun)

    def read(self, name: str) -> bytes:
        """A file of the run, checked against the manifest.

        Raises:
            RunDamaged: it is missing or differs from what the run was saved with.
        """
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise RunDamaged(f"Run {self.id} is damaged: {name} cannot be read.") from error
        if hashlib.sha256(content).hexdigest() != self.manifest["sha256"].get(name):
            raise RunDamaged(
                f"Run {self.id} is damaged: {name} is not the file it was saved with. "
                "Please promote another run."
            )
        return content

    def _json(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads(self.read(name))
        except ValueError as error:
            raise RunDamaged(f"Run {self.id} is damaged: {name} is not JSON.") from error
        if not isinstance(content, dict):
            raise RunDamaged(f"Run {self.id} is damaged: {name} holds no object.")
        return content


def new_id() -> str:
    """A run id that sorts after those there are, also where the clock was set back."""
    moment = int(time.time())
    newest = max((folder.name for folder in _run_folders()), default="")
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
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise storage_failed(self.folder, error) from error

    def write(self, name: str, content: bytes | str | dict[str, Any]) -> None:
        """Puts a whole file into the folder: bytes, text, or JSON."""
        if isinstance(content, dict):
            content = json.dumps(content, indent=1) + "\n"
        write_atomically(
            self.folder / name, content.encode() if isinstance(content, str) else content
        )

    def finish(self, **facts: Any) -> Run:
        """Makes the folder a run by writing its manifest."""
        (self.folder / "progress.json").unlink(missing_ok=True)
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        self.write(
            "run.json", {"schema": SCHEMA, "id": self.id, **self._words, **facts, "sha256": sums}
        )
        return open_run(self.id)

    def discard(self) -> None:
        """Removes what was written so far."""
        discard(self.id)


def new_folder(run_id: str) -> Path:
    """Where a run in the making is filled."""
    return _runs_folder() / run_id


def discard(run_id: str) -> None:
    """Removes what a run that never became whole has left."""
    if not (new_folder(run_id) / "run.json").exists():
        shutil.rmtree(new_folder(run_id), ignore_errors=True)


def open_run(run_id: str) -> Run:
    """A whole run by its id.

    Raises:
        RunNotFound: there is no whole run of that id.
        RunDamaged: its manifest cannot be read.
    """
    folder = folder_of(run_id)
    return Run(run_id, folder, _manifest(run_id, folder))


def folder_of(run_id: str) -> Path:
    """The folder of a run, whole or damaged.

    Raises:
        RunNotFound: there is none of that id.
    """
    folder = _runs_folder() / run_id
    known = RUN_ID.fullmatch(run_id) and not folder.is_symlink()
    if not known or not (folder / "run.json").is_file():
        raise RunNotFound(
            f"There is no run {run_id[:40]!r}; `python -m mnist_cnn runs` lists those there are."
        )
    return folder


def list_runs(kind: str = "digits") -> list[Run]:
    """Every whole run of a kind, the newest first. Damaged ones are left out."""
    entries = list_all().values()
    return [entry for entry in entries if isinstance(entry, Run) and entry.kind == kind]


def list_all() -> dict[str, Run | RunDamaged]:
    """Every run by its id, the newest first; for a damaged one what is wrong with it."""
    found: dict[str, Run | RunDamaged] = {}
    for folder in sorted(_run_folders(), reverse=True):
        try:
            found[folder.name] = open_run(folder.name)
        except RunDamaged as error:
            found[folder.name] = error
        except RunNotFound:
            continue  # in the making
    return found


POINTERS = {"digits": "run", "symbols": "symbols"}
"""What production.json calls the run that answers, by the kind of network."""


def production_id(kind: str = "digits") -> str | None:
    """The id of the run in production, or None where there is none."""
    run_id = read_json(artifacts_folder() / "production.json").get(POINTERS[kind])
    return None if run_id is None else str(run_id)


def in_production(run_id: str) -> bool:
    """Whether it answers, as a network of whichever kind."""
    return run_id in (production_id(kind) for kind in POINTERS)


def production_run(kind: str = "digits") -> Run:
    """The run that answers.

    Raises:
        RunNotFound: none is in production, or the one that is has gone.
        RunDamaged: its manifest cannot be read.
    """
    run_id = production_id(kind)
    if run_id is None:
        preset = "quick" if kind == "digits" else kind
        raise RunNotFound(
            f"No run is in production in {artifacts_folder()} that reads {kind}; please train one "
            f"with `python -m mnist_cnn train --preset {preset}`, or promote one."
        )
    return open_run(run_id)


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file so that readers see the old or the new, even after a power cut.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise storage_failed(path, error) from error


def write_json_quickly(path: Path, content: dict[str, Any]) -> None:
    """Replaces a file of passing interest: readers see old or new, a power cut may lose it, and
    where the disk is full the old one stays."""
    temporary = path.with_name(f".tmp-{path.name}")
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(content))
        os.replace(temporary, path)


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds; nothing where it is missing, cut short or no object."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _sync_folder(folder: Path) -> None:
    """Makes a rename last. Where that fails it has happened all the same, so it is no failure."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def storage_failed(path: Path, error: OSError) -> StorageFailed:
    """What to raise where a path could not be written."""
    return StorageFailed(
        f"{path} could not be written ({error.strerror or error}); please free some space or "
        "allow writing there. Nothing was changed."
    )


def _manifest(run_id: str, folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError) as error:
        raise RunDamaged(f"Run {run_id} is damaged: its run.json cannot be read.") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sha256"), dict):
        raise RunDamaged(f"Run {run_id} is damaged: its run.json names no files.")
    if manifest.get("schema") != SCHEMA:
        raise RunDamaged(
            f"Run {run_id} was made by another version of this program (schema "
            f"{manifest.get('schema')}, expected {SCHEMA})."
        )
    return manifest


def _runs_folder() -> Path:
    return artifacts_folder() / "runs"


def _run_folders() -> Iterable[Path]:
    try:
        return [entry for entry in _runs_folder().iterdir() if RUN_ID.fullmatch(entry.name)]
    except OSError:
        return []
