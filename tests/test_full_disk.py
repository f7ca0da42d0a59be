"""Whichever call to the disk fails, what was there or what was to come is there whole, what is said
is true, and nothing temporary is left."""

import ast
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from mnist_cnn import storage
from mnist_cnn.data import corrections, labelled_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import StorageFailed
from mnist_cnn.runs import gate, notes, registry, store, trash
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import job_files, jobs, onnx_copy
from tests.support.faults import CALLS, Module, failing_disk

ONE, TWO, NEW, GONE, FAILED, LOST = (f"20270101-00000{n}-aaaaaa" for n in range(1, 7))


def image(number: int) -> np.ndarray:
    return np.full((28, 28), number, np.uint8)


def in_the_making() -> NewRun:
    run = NewRun.__new__(NewRun)
    run.id, run.folder, run._words = NEW, store.new_folder(NEW), {"name": "new", "note": ""}
    return run


ACTIONS: dict[str, Callable[[], object]] = {
    "keep a correction": lambda: corrections.add([Correction(3, image(3))]),
    "keep a batch": lambda: corrections.add([Correction(n, image(n)) for n in range(3, 9)]),
    "take one back": lambda: corrections.take_back(Correction(1, image(1))),
    "promote": lambda: registry.promote(TWO, by="ben"),
    "roll back": lambda: registry.roll_back(by="ben"),
    "label": lambda: notes.annotate(ONE, note="new"),
    "delete": lambda: trash.delete(TWO),
    "restore": lambda: trash.restore_any(GONE),
    "delete a training": lambda: trash.delete_job(FAILED),
    "restore a training": lambda: trash.restore_any(LOST),
    "keep a test set": lambda: labelled_sets.keep("mine", np.stack([image(1)] * 2), np.arange(2)),
    "start a job": lambda: jobs.start(["--preset", "quick"], "anna"),
    "finish a run": lambda: in_the_making().finish(preset="quick", status="finished"),
}


HALF = ("may have been kept", "Only a part could be moved")
"""What is said where a disk that goes on failing lets nothing be taken back."""

MOVES = {"delete", "restore", "delete a training", "restore a training"}
"""They write nothing."""


def small_run(run_id: str) -> None:
    run = NewRun(run_id)
    run.write("evaluation.json", {"datasets": {}})
    run.finish(preset="quick", status="finished")


@dataclass(frozen=True)
class Place:
    """Artifacts that are put back as they were before each try."""

    folder: Path
    template: Path

    def renew(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.template, self.folder)


@pytest.fixture
def place(artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Small runs, trainings, corrections and a test set; and no network is ever asked."""
    monkeypatch.setattr(gate, "check", lambda *_: None)
    started: list[subprocess.Popen[bytes]] = []

    def begin(*_: object, **__: object) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "60"]))
        return started[-1]

    monkeypatch.setattr(jobs, "subprocess", Module(subprocess, Popen=begin))
    for run_id in (ONE, TWO, GONE):
        small_run(run_id)
    registry.promote(TWO, by="anna")
    registry.promote(ONE, by="anna")
    trash.delete(GONE)
    for run_id in (LOST, FAILED):
        job_files.save_job(job_files.Job(run_id, ("train",), "anna", 0, 0, 0, "here", "failed"))
        job_files.job_path(run_id, "log").write_text("words")
    trash.delete_job(LOST)
    corrections.add([Correction(1, image(1))])
    labelled_sets.keep("mine", np.stack([image(0)]), np.arange(1))
    NewRun(NEW).write("evaluation.json", {"datasets": {}})
    shutil.copytree(artifacts, tmp_path / "template")
    yield Place(artifacts, tmp_path / "template")
    for process in started:
        process.kill()
        process.wait()
        with suppress(ValueError):
            jobs.children.remove(process)


def state() -> dict[str, Any]:
    """All that people see of the artifacts."""
    known = [job_files.load_job(run_id) for run_id in job_files.ids_of_jobs()]
    kept = labelled_sets.load("mine")
    return {
        "production": store.production_id(),
        "promotions": [(p.before, p.after, p.by) for p in registry.promotions()],
        "runs": [(run_id, str(run)[:20]) for run_id, run in store.list_all().items()],
        "notes": notes.notes_of(ONE),
        "trash": trash.deleted(),
        "jobs": [(j.who, j.state, len(job_files.log_tail(j))) for j in known if j],
        "corrections": sorted(c.label for c in corrections.load()),
        "test set": None if kept is None else kept.images.tolist(),
    }


FAULTS: dict[str, dict[str, Any]] = {
    "once": {},
    "in part": {"short": True, "calls": ("write",)},
    "from then on": {"lasting": True, "error": errno.EIO},
}


@pytest.mark.fault(63, 42, 47, 58)
@pytest.mark.parametrize("action", ACTIONS)
def test_whichever_call_fails_nothing_is_half_done_or_said_wrongly(
    place: Place, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    old = state()
    ACTIONS[action]()
    new = state()
    assert new != old
    for fault, how in FAULTS.items():
        failed: set[str] = set()
        for at in range(40):
            place.renew()
            with failing_disk(monkeypatch, at, **how) as disk:
                said = outcome(ACTIONS[action])
            failed |= set(disk.failed)
            if not disk.met:
                break
            if fault == "from then on" and any(word in said for word in HALF):
                continue
            assert state() == (old if said else new), (fault, at, said)
            assert not said or "Nothing was changed" in said
            assert fault == "from then on" or not list(place.folder.rglob(".tmp-*")), (fault, at)
            if fault == "from then on":
                jobs.tidy_up()
                assert not list(place.folder.rglob(".tmp-*"))
            if said:
                ACTIONS[action]()
                assert state() == new, (fault, at)
        else:
            pytest.fail("it never came through")
        assert failed or (fault == "in part" and action in MOVES), "the disk was never asked"


def outcome(action: Callable[[], object]) -> str:
    """What it says went wrong, or nothing."""
    try:
        action()
    except StorageFailed as error:
        return str(error)
    return ""


@pytest.mark.fault(42)
def test_every_call_that_storage_makes_can_be_refused() -> None:
    """The disk of the tests would not notice a call that it does not know."""
    asked = {
        node.func.attr
        for node in ast.walk(ast.parse(Path(storage.__file__).read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("os", "tempfile")
    }
    assert asked - {"close", "getpid", "lseek", "read", "walk", "TemporaryDirectory"} == set(CALLS)


@pytest.mark.fault(65)
@pytest.mark.skipif(os.name != "posix", reason="it forks and kills")
@pytest.mark.parametrize("change", ["promote", "roll back", "correct"])
def test_a_kill_at_any_call_leaves_what_was_or_what_was_to_come(
    artifacts: Path, change: str
) -> None:
    command = [sys.executable, "-m", "tests.support.killed", change]
    answer = subprocess.run(
        command, cwd=PROJECT_FOLDER, capture_output=True, text=True, timeout=60, check=True
    )
    left = [json.loads(line) for line in answer.stdout.splitlines()]
    names = ("production", "promotions", "corrections")
    old, *_, new = [{name: found[name] for name in names} for found in left]
    assert old != new and len(left) > 3
    for at, found in enumerate(left):
        kept = found["corrections"]
        assert found["production"] in (old["production"], new["production"]), at
        assert found["promotions"] in (old["promotions"], new["promotions"]), at
        assert found["promotions"][-1][1] == found["production"], at
        assert kept == new["corrections"][: len(kept)] and 1 in kept, "what was acknowledged stays"
        assert found["after a start"] == 0 and found["later"] == ["cleo", 9], at
    assert change == "correct" or any(found["temporary"] for found in left), "it left something"


@pytest.mark.fault(65)
def test_a_start_leaves_what_living_processes_are_writing(artifacts: Path) -> None:
    living, mine = f".tmp-{os.getppid()}-x.keras", f".tmp-{os.getpid()}-x"
    folder = artifacts / "runs" / ONE
    folder.mkdir(parents=True)
    for name in (living, mine, ".tmp-older", ".tmp-99999999-x.json"):
        (folder / name).write_bytes(b"")
    (artifacts / ".tmp-99999999-copy").mkdir()
    with storage.replacing(folder / "run.json") as temporary:
        jobs.tidy_up()
        assert temporary.exists()
    assert {path.name for path in folder.iterdir()} == {living, "run.json"}
    assert not list(artifacts.glob(".tmp-*"))


@pytest.mark.fault(30)
def test_no_room_for_a_scratch_folder_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tempfile, "mkdtemp", Mock(side_effect=OSError(errno.ENOSPC, "No space left"))
    )
    with pytest.raises(StorageFailed, match="No space left"), storage.scratch_folder():
        pass
    assert "could not be converted" in onnx_copy._converted_by_a_child(b"").why
