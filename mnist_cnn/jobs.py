"""Trainings in processes of their own: begun by anybody, seen by everybody, one at a time.

A training is one process that runs `python -m mnist_cnn train …`. What is known of it lies on
disk, so that every page, every server and the command line see the same:

    artifacts/jobs/<id>.json     which process, which command, who began it, how it ended
    artifacts/jobs/<id>.log      what it printed, its last part
    artifacts/runs/<id>/         progress and curves while it runs; the run when it is whole
    artifacts/training.lock      held by the training process as long as it lives
"""

import contextlib
import os
import platform
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from mnist_cnn import runs
from mnist_cnn.diary import BEAT, Progress
from mnist_cnn.errors import DigitsError, JobError, StorageFailed
from mnist_cnn.registry import one_at_a_time
from mnist_cnn.runs import read_json, storage_failed, write_json_quickly
from mnist_cnn.settings import PROJECT_FOLDER, artifacts_folder, child_environment

LOG_BYTES = 1_000_000
"""How long a log grows before all but its last part is dropped."""

STALLED = 30.0
"""Seconds without a heartbeat after which a process that still exists counts as stalled."""

LAST_BREATH = 3.0
"""Seconds for which a killed process may still hold the lock."""

GONE = (
    "Its process was ended from outside, by a person or because the machine ran out of memory; "
    "nothing of it was kept."
)

_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Job:
    """One training. `begun` and `ended` are seconds since 1970; `born` is when its process was.

    `state` is running, finished, stopped, failed or interrupted; `reason` says why it did not
    finish, in a sentence.
    """

    id: str
    command: tuple[str, ...]
    who: str
    begun: float
    pid: int
    born: float
    host: str
    state: str = "running"
    reason: str = ""
    ended: float | None = None

    @property
    def shown_command(self) -> str:
        """What to type for the same training."""
        return command_line(self.command)

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return max(0.0, (self.ended or time.time()) - self.begun)


def command_line(command: Sequence[str]) -> str:
    """What to type for a command, quoted where a shell would take it apart."""
    return f"python -m mnist_cnn {shlex.join(command)}"


def start(arguments: Sequence[str], who: str) -> Job:
    """Begins `python -m mnist_cnn train` with these arguments, at a low priority.

    Raises:
        JobError: a training is running; says whose and for how long.
        StorageFailed: the artifacts may not be written to.
    """
    command = ("train", *arguments)
    with one_at_a_time():
        _refuse_a_second()
        run_id = runs.new_id()
        log = _path(run_id, "log")
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with open(log, "ab") as output:
                child = subprocess.Popen(
                    [sys.executable, "-m", "mnist_cnn", *command],
                    cwd=PROJECT_FOLDER,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    env=child_environment(run_id),
                )
        except OSError as error:
            raise storage_failed(log, error) from error
        _children.append(child)
        job = _job(run_id, command, who, child.pid)
        _save(job)
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process(child.pid).nice(10 if os.name == "posix" else 16384)
    return job


@contextlib.contextmanager
def entered(command: Sequence[str], who: str, assigned: str | None = None) -> Iterator[str]:
    """What a training process does around its work; gives the id that its run is to have.

    How it ends is noted down: an error's message is the reason.

    Args:
        assigned: the id under which `start` has announced this process, if it has.

    Raises:
        JobError: another training is running.
    """
    lock = FileLock(artifacts_folder() / "training.lock", timeout=LAST_BREATH)
    try:
        artifacts_folder().mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        current = running()
        raise JobError(_busy(current) if current else "A training is running.") from error
    except OSError as error:
        raise storage_failed(artifacts_folder(), error) from error
    try:
        with one_at_a_time():
            job = (find(assigned) if assigned else None) or _job(
                assigned or runs.new_id(), tuple(command), who, os.getpid()
            )
            _save(job)
        _cap_log_forever(_path(job.id, "log"))
        yield from _noting_the_end(job)
    finally:
        lock.release()


def _noting_the_end(job: Job) -> Iterator[str]:
    state, reason = "failed", ""
    try:
        yield job.id
        run = runs.open_run(job.id)
        state = str(run.manifest.get("status", "finished"))
    except DigitsError as error:
        reason = str(error)
        raise
    except KeyboardInterrupt:
        state, reason = "stopped", "It was stopped before it had learnt anything."
        raise
    except BaseException as error:
        reason = f"The program itself failed ({type(error).__name__}: {error})."[:500]
        raise
    finally:
        _save(replace(job, state=state, reason=reason, ended=time.time()))


def latest() -> Job | None:
    """The job begun last, whether it runs or has ended."""
    newest = _newest_id()
    return find(newest) if newest else None


def running() -> Job | None:
    """The training that runs now, if any."""
    job = latest()
    return job if job and job.state == "running" else None


def find(run_id: str) -> Job | None:
    """A job by its run's id, its end noted if its process is gone; None where it is unknown."""
    job = _load(run_id)
    if job is None or job.state != "running" or _alive(job):
        return job
    try:
        with one_at_a_time():
            job = _load(run_id) or job
            return _settled(job) if job.state == "running" else job
    except StorageFailed:  # seen from a place that may only read
        return replace(job, state="interrupted", reason=GONE)


def list_jobs() -> list[Job]:
    """Every job, the newest first."""
    ids = sorted((path.stem for path in _jobs_folder().glob("2*.json")), reverse=True)
    return [job for job in map(find, ids) if job]


def progress(job: Job) -> Progress:
    """Where a job is; before its first report, and once its run is whole, an empty one."""
    known = read_json(runs.new_folder(job.id) / "progress.json")
    fields = asdict(Progress())
    return Progress(**{key: value for key, value in known.items() if key in fields})


def stalled(job: Job) -> bool:
    """Whether a process that still exists does nothing any more: halted, or without a sign."""
    process = _process(job)
    if process is not None and process.status() == psutil.STATUS_STOPPED:
        return True
    heartbeat = runs.new_folder(job.id) / "progress.json"
    try:
        silent = time.time() - heartbeat.stat().st_mtime
    except OSError:
        silent = time.time() - job.begun
    return silent > STALLED


def stop(job: Job, at_once: bool = False) -> None:
    """Asks a training to end after its batch; a stalled one, or at once, is ended there and then.

    Raises:
        JobError: it runs on another machine.
    """
    if job.host != platform.node():
        raise JobError("This training runs on another machine; please stop it there.")
    process = _process(job)
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        if at_once or stalled(job):
            process.kill()
        else:
            process.terminate()


def log_tail(job: Job, characters: int = 4000) -> str:
    """The last of what a job printed."""
    try:
        with open(_path(job.id, "log"), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4 * characters))
            content = file.read()
    except OSError:
        return ""
    return content.decode("utf-8", "replace")[-characters:]


def _job(run_id: str, command: tuple[str, ...], who: str, pid: int) -> Job:
    born = psutil.Process(pid).create_time()
    return Job(run_id, command, who, time.time(), pid, born, platform.node())


def _refuse_a_second() -> None:
    newest = _newest_id()
    current = _load(newest) if newest else None
    if current and current.state == "running" and _alive(current):
        raise JobError(_busy(current))
    if current and current.state == "running":
        _settled(current)
    try:
        with FileLock(artifacts_folder() / "training.lock", timeout=LAST_BREATH):
            return
    except Timeout as error:
        raise JobError("A training is running; please wait for it or stop it.") from error


def _busy(job: Job) -> str:
    return (
        f"A training is running already: run {job.id}, begun by {job.who} "
        f"{job.seconds / 60:.0f} minutes ago; please wait for it or stop it."
    )


def _alive(job: Job) -> bool:
    if job.host == platform.node():
        return _process(job) is not None
    heartbeat = runs.new_folder(job.id) / "progress.json"
    with contextlib.suppress(OSError):
        return time.time() - heartbeat.stat().st_mtime < 2 * STALLED
    return False


def _process(job: Job) -> psutil.Process | None:
    """The job's process, if it lives and is no stranger that was given the same number."""
    for child in _children:
        child.poll()  # a finished child that nobody asks about stays a zombie
    try:
        process = psutil.Process(job.pid)
        same = abs(process.create_time() - job.born) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _settled(job: Job) -> Job:
    """A job whose process is gone without a word, noted as what it came to."""
    with contextlib.suppress(DigitsError):
        run = runs.open_run(job.id)
        ended = replace(job, state=str(run.manifest.get("status", "finished")), ended=time.time())
        _save(ended)
        return ended
    ended = replace(
        job,
        state="interrupted",
        ended=time.time(),
        reason=GONE,
    )
    runs.discard(job.id)
    _save(ended)
    return ended


def _load(run_id: str) -> Job | None:
    content = read_json(_path(run_id, "json"))
    try:
        return Job(**{**content, "command": tuple(content["command"])})
    except (TypeError, KeyError):
        return None


def _save(job: Job) -> None:
    try:
        _jobs_folder().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failed(_jobs_folder(), error) from error
    write_json_quickly(_path(job.id, "json"), asdict(job))


def _cap_log_forever(log: Path) -> None:
    """From a thread of this process: a flood of messages must not fill the disk."""

    def cap() -> None:
        while True:
            time.sleep(BEAT)
            with contextlib.suppress(OSError):
                if log.stat().st_size > LOG_BYTES:
                    with open(log, "rb") as file:
                        file.seek(-LOG_BYTES // 10, os.SEEK_END)
                        tail = file.read()
                    with open(log, "r+b") as file:
                        file.write(tail)
                        file.truncate()  # afterwards, so that nobody reads an empty log

    threading.Thread(target=cap, daemon=True).start()


def _newest_id() -> str | None:
    return max((path.stem for path in _jobs_folder().glob("2*.json")), default=None)


def _jobs_folder() -> Path:
    return artifacts_folder() / "jobs"


def _path(run_id: str, kind: str) -> Path:
    return _jobs_folder() / f"{run_id}.{kind}"
