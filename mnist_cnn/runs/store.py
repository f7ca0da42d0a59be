"""The folders that training runs leave behind, and which of them is in production.

A folder is a run once `run.json` is in it, which is written last and names the SHA-256 of every
other file. Whatever was cut short before is never seen as one.
"""

import contextlib
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mnist_cnn.errors import RunDamaged, RunError, RunNotFound
from mnist_cnn.json_files import read_json
from mnist_cnn.locks import locked
from mnist_cnn.runs import run_files
from mnist_cnn.settings import artifacts_folder

RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")


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
    def start(self) -> str:
        """The run whose network it goes on from, or nothing."""
        return str((self.config.get("recipe") or {}).get("start") or "")

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

    @property
    def day(self) -> str:
        """When the run was begun, short: `22 Nov`."""
        with contextlib.suppress(ValueError):
            begun = time.strptime(self.id[:8], "%Y%m%d")
            return f"{begun.tm_mday} {time.strftime('%b', begun)}"
        return self.id[:8]

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
        content = self.read(name)
        try:
            return run_files.parse(name, content)
        except ValueError as error:
            raise RunDamaged(
                f"Run {self.id} is damaged: {name} cannot be used, {error}."
            ) from error


@contextlib.contextmanager
def one_at_a_time(seconds: float = 30) -> Iterator[None]:
    """Keeps every other process on these artifacts from changing runs meanwhile.

    Raises:
        StorageFailed: the artifacts may not be written to.
        RunError: somebody else holds the lock for too long.
    """
    message = (
        f"Another process has been changing the runs for {seconds:g} seconds; please try again."
    )
    with locked(artifacts_folder() / "registry.lock", lambda: RunError(message), seconds):
        yield


def new_folder(run_id: str) -> Path:
    """Where a run in the making is filled."""
    return _runs_folder() / run_id


def open_run(run_id: str) -> Run:
    """A whole run by its id.

    Raises:
        RunNotFound: there is no whole run of that id.
        RunDamaged: its manifest cannot be read.
    """
    folder = folder_of(run_id)
    try:
        known = (folder / "run.json").stat()
    except OSError as error:
        raise RunDamaged(f"Run {run_id} is damaged: its run.json cannot be read.") from error
    return _opened(run_id, folder, known)


def _opened(run_id: str, folder: Path, known: os.stat_result) -> Run:
    manifest = run_files.manifest(run_id, folder, (known.st_mtime_ns, known.st_size))
    return Run(run_id, folder, {**manifest, "sha256": dict(manifest["sha256"])})


def folder_of(run_id: str) -> Path:
    """The folder of a run, whole or damaged.

    Raises:
        RunNotFound: there is none of that id.
    """
    folder = _runs_folder() / run_id
    known = RUN_ID.fullmatch(run_id) and not folder.is_symlink()
    if not known or not (folder / "run.json").is_file():
        shown = re.sub(r"[^\w-]", "?", run_id[:40])  # it may come from a page's address
        raise RunNotFound(
            f"There is no run '{shown}'; `python -m mnist_cnn runs` lists those there are."
        )
    return folder


def list_runs(kind: str = "digits") -> list[Run]:
    """Every whole run of a kind, the newest first. Damaged ones are left out."""
    entries = list_all().values()
    return [entry for entry in entries if isinstance(entry, Run) and entry.kind == kind]


def list_all() -> dict[str, Run | RunDamaged]:
    """Every run by its id, the newest first; for a damaged one what is wrong with it."""
    found: dict[str, Run | RunDamaged] = {}
    runs = os.fspath(_runs_folder())
    for folder in sorted(run_folders(), reverse=True):
        run_id = folder.name
        try:
            # A path object for each would take three times as long.
            known = os.stat(f"{runs}/{run_id}/run.json")  # noqa: PTH116
            if not stat.S_ISREG(known.st_mode):
                continue
            found[run_id] = _opened(run_id, folder, known)
        except RunDamaged as error:
            found[run_id] = error
        except OSError:
            continue  # in the making
    return found


POINTERS = {"digits": "run", "symbols": "symbols"}
"""What production.json calls the run that answers, by the kind of network."""


def production_id(kind: str = "digits") -> str | None:
    """The id of the run in production, or None where there is none."""
    run_id = pointers().get(POINTERS[kind])
    return None if run_id is None else str(run_id)


def pointers() -> dict[str, Any]:
    """What production.json says; nothing where it cannot be read."""
    return read_json(pointers_path())


def pointers_path() -> Path:
    return artifacts_folder() / "production.json"


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


def _runs_folder() -> Path:
    return artifacts_folder() / "runs"


def run_folders() -> Iterable[Path]:
    try:
        with os.scandir(_runs_folder()) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if RUN_ID.fullmatch(entry.name) and not entry.is_symlink()
            ]
    except OSError:
        return []
