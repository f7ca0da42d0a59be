"""Locks, also on file systems that have none, between processes and machines."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_cnn import locks
from mnist_cnn.errors import JobError
from mnist_cnn.runs import new_run, store
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import job_files, jobs

WITHOUT = (
    "import fcntl, sys, time\n"
    "def flock(*_): raise OSError({error}, 'No locks available')\n"
    "fcntl.flock = flock\n"
    "from pathlib import Path\n"
    "from mnist_cnn.locks import locked\n"
    "with locked(Path(sys.argv[1]), lambda: SystemExit(3), 1):\n"
    "    print('held', flush=True); time.sleep(60)\n"
)


@pytest.fixture(params=[errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def without_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A file system that answers each attempt to lock by that error."""

    def refuse(*_: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)
    return request.param


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Begins a process that holds a lock on such a file system."""
    begun = []

    def begin(error: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", WITHOUT.format(error=error), str(tmp_path / "x.lock")],
            cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(process)
        assert process.stdout and process.stdout.readline() == "held\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def taken(path: Path, seconds: float = 0.2) -> bool:
    """Whether somebody else holds it."""
    try:
        with locks.locked(path, lambda: TimeoutError("busy"), seconds):
            return False
    except TimeoutError:
        return True


@pytest.mark.fault(45)
def test_without_locks_of_the_system_the_owner_is_seen_and_its_death_too(
    tmp_path: Path, without_locks: int, another: Callable[[int], subprocess.Popen[str]]
) -> None:
    path = tmp_path / "x.lock"
    process = another(without_locks)
    assert locks.owner(path) is not None and locks.owner(path)[0] == process.pid
    assert taken(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not taken(path, 5), "what a process left that is gone is taken over"
    assert locks.owner(path) is None


@pytest.mark.fault(45)
def test_what_another_machine_left_is_taken_after_a_while_or_once_it_is_known_to_be_gone(
    tmp_path: Path, without_locks: int
) -> None:
    path = tmp_path / "x.lock"
    marker = tmp_path / "x.lock.owner"
    marker.write_text("4711\nelsewhere\n")
    assert taken(path) and locks.owner(path) == (4711, "elsewhere")
    os.utime(marker, (0, 0))
    assert not taken(path, 5)
    marker.write_text("4711\nelsewhere\n")
    locks.take_from_another_machine(path)
    assert not taken(path, 5)


@pytest.mark.fault(45)
def test_a_second_server_serves_and_does_not_train_until_the_first_is_gone(
    shipped_copy: Path, without_locks: int
) -> None:
    here = jobs._job(new_run.new_id(), ("train",), "anna", os.getpid())
    job = replace(here, pid=4711, host="elsewhere")
    job_files.save_job(job)
    store.new_folder(job.id).mkdir(parents=True)
    heartbeat = store.new_folder(job.id) / "progress.json"
    heartbeat.write_text("{}")
    (shipped_copy / "training.lock.owner").write_text("4711\nelsewhere\n")
    with pytest.raises(JobError, match="begun by anna on the machine elsewhere"):
        jobs.start(["--preset", "quick"], "ben")
    assert store.production_run().id == store.production_id(), "it serves all the same"
    os.utime(heartbeat, (0, 0))
    jobs._refuse_a_second()
    assert jobs.find(job.id).state == "interrupted"
    assert not (shipped_copy / "training.lock.owner").exists()
