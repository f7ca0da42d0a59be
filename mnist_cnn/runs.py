"""The registry: one folder per training run, and which of them is in production.

A folder is a run once `run.json` is in it, which is written last and names the SHA-256 of every
other file. Whatever was cut short before is never seen as one.
"""

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

from mnist_cnn.errors import RunDamaged, RunError, RunNotFound, StorageFailed
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
        return str(self.manifest.get("name") or self.manifest.get("preset") or self.id)

    @property
    def created(self) -> str:
        """When the run was begun, as its id says: `2026-11-22 14:15:03` UTC."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.strptime(self.id[:15], "%Y%m%d-%H%M%S"))

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


class NewRun:
    """A run folder that is being filled."""

    def __init__(self) -> None:
        while True:
            stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
            self.id = f"{stamp}-{secrets.token_hex(3)}"
            self.folder = _runs_folder() / self.id
            try:
                self.folder.mkdir(parents=True)
                return
            except FileExistsError:
                continue
            except OSError as error:
                raise _storage_failed(self.folder, error) from error

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
        self.write("run.json", {"schema": SCHEMA, "id": self.id, **facts, "sha256": sums})
        return open_run(self.id)

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def open_run(run_id: str) -> Run:
    """A whole run by its id.

    Raises:
        RunNotFound: there is no whole run of that id.
        RunDamaged: its manifest cannot be read.
    """
    folder = _runs_folder() / run_id
    if not RUN_ID.fullmatch(run_id) or not (folder / "run.json").is_file():
        raise RunNotFound(
            f"There is no run {run_id[:40]!r}; `python -m mnist_cnn runs` lists those there are."
        )
    return Run(run_id, folder, _manifest(run_id, folder))


def list_runs() -> list[Run]:
    """Every whole run, the newest first. Damaged ones are left out."""
    runs = []
    for folder in sorted(_run_folders(), reverse=True):
        try:
            runs.append(open_run(folder.name))
        except RunError:
            continue
    return runs


def production_id() -> str | None:
    """The id of the run in production, or None where there is none."""
    try:
        pointer = json.loads((artifacts_folder() / "production.json").read_bytes())
        return str(pointer["run"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def production_run() -> Run:
    """The run that answers.

    Raises:
        RunNotFound: none is in production, or the one that is has gone.
        RunDamaged: its manifest cannot be read.
    """
    run_id = production_id()
    if run_id is None:
        raise RunNotFound(
            f"No run is in production in {artifacts_folder()}; please train one with "
            "`python -m mnist_cnn train --preset quick`, or promote one."
        )
    return open_run(run_id)


def promote(run_id: str) -> Run:
    """Puts a whole, undamaged run into production.

    Raises:
        RunNotFound, RunDamaged: it is no whole run.
        StorageFailed: the pointer could not be written; the old run stays.
    """
    run = open_run(run_id)
    for name in run.manifest["sha256"]:
        run.read(name)
    pointer = json.dumps({"run": run_id}) + "\n"
    write_atomically(artifacts_folder() / "production.json", pointer.encode())
    return run


def delete(run_id: str) -> None:
    """Removes a run for good.

    Raises:
        RunNotFound: there is no such run.
        RunError: it is in production.
    """
    run = open_run(run_id)
    if run_id == production_id():
        raise RunError(f"Run {run_id} is in production; please promote another run first.")
    try:
        (run.folder / "run.json").unlink()
        shutil.rmtree(run.folder)
    except OSError as error:
        raise _storage_failed(run.folder, error) from error


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
        raise _storage_failed(path, error) from error


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _storage_failed(path: Path, error: OSError) -> StorageFailed:
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
