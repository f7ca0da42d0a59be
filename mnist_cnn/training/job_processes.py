"""The process of a training: whether it lives, whether it works, and how it is ended."""

import contextlib
import platform
import subprocess
import time
from pathlib import Path

import psutil

from mnist_cnn.errors import JobError
from mnist_cnn.runs import store
from mnist_cnn.training.job_files import Job

STALLED = 30.0
"""Seconds without a heartbeat after which a process that still exists counts as stalled."""

children: list[subprocess.Popen[bytes]] = []


def stalled(job: Job) -> bool:
    """Whether a process that still exists does nothing any more: halted, or without a sign."""
    process = process_of(job)
    with contextlib.suppress(psutil.Error):  # it ends just now
        if process is not None and process.status() == psutil.STATUS_STOPPED:
            return True
    return _silent(job) > STALLED


def _silent(job: Job) -> float:
    """Seconds since its last heartbeat, or since it began."""
    heartbeat = store.new_folder(job.id) / "progress.json"
    try:
        return time.time() - heartbeat.stat().st_mtime
    except OSError:
        return time.time() - job.begun


def stop(job: Job, at_once: bool = False) -> None:
    """Asks a training to end after its batch; a stalled one, or at once, is ended there and then.

    Raises:
        JobError: it runs on another machine.
    """
    if job.host != platform.node():
        raise JobError("This training runs on another machine; please stop it there.")
    process = process_of(job)
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        if at_once or stalled(job):
            process.kill()
        else:
            process.terminate()


def is_alive(job: Job) -> bool:
    if job.host == platform.node():
        return process_of(job) is not None
    return _silent(job) < 2 * STALLED


def start_of(pid: int) -> str:
    """What tells a process from all others that have had its number: which boot of the machine,
    and how long after it, whatever the clock says; nothing where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{boot} {ticks}"


def process_of(job: Job) -> psutil.Process | None:
    """The job's process, if it lives and is no stranger that was given the same number."""
    for child in children:
        child.poll()  # a finished child that nobody asks about stays a zombie
    try:
        process = psutil.Process(job.pid)
        if job.process_start:
            same = start_of(job.pid) == job.process_start
        else:  # where the system does not tell
            same = abs(process.create_time() - job.process_created) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
