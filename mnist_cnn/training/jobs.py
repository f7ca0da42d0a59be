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
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from mnist_cnn.errors import DigitsError, JobError, RunError, StorageFailed, storage_failed
from mnist_cnn.json_files import read_json
from mnist_cnn.locks import locked, take_from_another_machine
from mnist_cnn.runs import new_run, notes, store
from mnist_cnn.runs.store import one_at_a_time
from mnist_cnn.settings import PROJECT_FOLDER, artifacts_folder, child_environment
from mnist_cnn.storage import make_folder, remove_file, remove_leftovers
from mnist_cnn.training.job_files import (
    Job,
    cap_log_forever,
    ids_of_jobs,
    job_path,
    load_job,
    newest_id,
    save_job,
    spoken,
)
from mnist_cnn.training.job_processes import children, is_alive, start_of
from mnist_cnn.training.progress import TrainingProgress

LOCK_GRACE_SECONDS = 3.0
"""Seconds for which a killed process may still hold the lock."""

GONE = (
    "Its process was ended from outside, by a person or because the machine ran out of memory; "
    "nothing of it was kept."
)


def start(arguments: Sequence[str], who: str) -> Job:
    """Begins `python -m mnist_cnn train` with these arguments, at a low priority.

    Raises:
        JobError: a training is running; says whose and for how long.
        StorageFailed: the artifacts may not be written to.
    """
    with one_at_a_time():
        _refuse_a_second()
        command = ("train", *_with_a_name_of_its_own(arguments))
        run_id = new_run.new_id()
        log = job_path(run_id, "log")
        make_folder(log.parent)
        try:
            with open(log, "ab") as output:
                child = subprocess.Popen(
                    [sys.executable, "-m", "mnist_cnn", *spoken(command)],
                    cwd=PROJECT_FOLDER,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    env=child_environment(run_id),
                )
        except OSError as error:
            remove_file(log)
            raise storage_failed(log, error) from error
        job = _announced(run_id, command, who, child)
        children.append(child)
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process(child.pid).nice(10 if os.name == "posix" else 16384)
    return job


@contextlib.contextmanager
def registered(command: Sequence[str], who: str, assigned: str | None = None) -> Iterator[str]:
    """What a training process does around its work; gives the id that its run is to have.

    How it ends is noted down: an error's message is the reason.

    Args:
        assigned: the id under which `start` has announced this process, if it has.

    Raises:
        JobError: another training is running.
    """
    with locked(_lock(), _refusal, LOCK_GRACE_SECONDS, lasts=None):
        with one_at_a_time():
            job = (load_job(assigned) if assigned else None) or _job(
                assigned or new_run.new_id(), tuple(command), who, os.getpid()
            )
            job = replace(job, state="running", reason="", error="", ended=None)
            save_job(job)
        cap_log_forever(job_path(job.id, "log"))
        yield from _recording_the_end(job)


def _refusal() -> JobError:
    current = running()
    return JobError(_busy(current) if current else "A training is running.")


def _recording_the_end(job: Job) -> Iterator[str]:
    state, reason, kind = "failed", "", ""
    try:
        yield job.id
        run = store.open_run(job.id)
        state = str(run.manifest.get("status", "finished"))
    except DigitsError as error:
        reason, kind = str(error), type(error).__name__
        raise
    except KeyboardInterrupt:
        state, reason = "stopped", "It was stopped before it had learnt anything."
        raise
    except BaseException as error:
        reason = f"The program itself failed ({type(error).__name__}: {error})."[:500]
        raise
    finally:
        ended = replace(job, state=state, reason=reason, error=kind, ended=time.time())
        with contextlib.suppress(StorageFailed):  # then whoever asks finds out by the run's folder
            save_job(ended)


def tidy_up() -> None:
    """Removes what killed processes left unfinished among the artifacts; for a server's start."""
    if artifacts_folder().is_dir():
        with contextlib.suppress(DigitsError), one_at_a_time(seconds=3):
            remove_leftovers(artifacts_folder(), psutil.pid_exists)


def latest() -> Job | None:
    """The job begun last, whether it runs or has ended."""
    newest = newest_id()
    return find(newest) if newest else None


def running() -> Job | None:
    """The training that runs now, if any."""
    job = latest()
    return job if job and job.state == "running" else None


def find(run_id: str) -> Job | None:
    """A job by its run's id, its end noted if its process is gone; None where it is unknown."""
    job = load_job(run_id) if store.RUN_ID.fullmatch(run_id) else None
    if job is None or job.state != "running" or is_alive(job):
        return job
    try:
        with one_at_a_time():
            job = load_job(run_id) or job
            return _mark_ended(job) if job.state == "running" else job
    except (StorageFailed, RunError):  # a place that may only be read, or is busy
        return _ended(job)


def progress(job: Job) -> TrainingProgress:
    """Where a job is; before its first report, and once its run is whole, an empty one."""
    known = read_json(store.new_folder(job.id) / "progress.json")
    return TrainingProgress.of(known)


def _job(run_id: str, command: tuple[str, ...], who: str, pid: int) -> Job:
    created = psutil.Process(pid).create_time()
    return Job(
        *(run_id, command, who, time.time(), pid, created, platform.node()),
        process_start=start_of(pid),
    )


def _announced(
    run_id: str, command: tuple[str, ...], who: str, child: "subprocess.Popen[bytes]"
) -> Job:
    """The job of a process that has just begun; where that cannot be noted, the process ends."""
    try:
        job = _job(run_id, command, who, child.pid)
        save_job(job)
    except BaseException:
        child.kill()
        child.wait()
        remove_file(job_path(run_id, "log"))
        raise
    return job


def _with_a_name_of_its_own(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `--name "quick 2"` where a run called quick, or a training
    that failed under that name, is there already."""
    given = dict(zip(arguments[::2], arguments[1::2], strict=False))
    wanted = given.get("--name") or given.get("--preset", "standard")
    known = [job for run_id in ids_of_jobs() if (job := load_job(run_id))]
    name = notes.distinct_name(wanted, [job.name for job in known if job.reason])
    if name == wanted:
        return list(arguments)
    given["--name"] = name
    return [word for pair in given.items() for word in pair]


def _refuse_a_second() -> None:
    newest = newest_id()
    current = load_job(newest) if newest else None
    if current and current.state == "running" and is_alive(current):
        raise JobError(_busy(current))
    if current and current.state == "running":
        _mark_ended(current)
    take_from_another_machine(_lock())
    refusal = JobError("A training is running; please wait for it or stop it.")
    with locked(_lock(), lambda: refusal, LOCK_GRACE_SECONDS, lasts=None):
        return


def _busy(job: Job) -> str:
    place = "" if job.host == platform.node() else f" on the machine {job.host}"
    return (
        f"A training is running already: run {job.id}, begun by {job.who}{place} "
        f"{job.seconds / 60:.0f} minutes ago; please wait for it or stop it."
    )


def _mark_ended(job: Job) -> Job:
    """A job whose process is gone without a word, noted as what it came to."""
    ended = _ended(job)
    if ended.state == "interrupted":
        new_run.discard(job.id)
    save_job(ended)
    return ended


def _ended(job: Job) -> Job:
    """What a job whose process is gone came to, by what it left."""
    with contextlib.suppress(DigitsError):
        run = store.open_run(job.id)
        return replace(job, state=str(run.manifest.get("status", "finished")), ended=time.time())
    return replace(job, state="interrupted", ended=time.time(), reason=GONE)


def _lock() -> Path:
    return artifacts_folder() / "training.lock"
