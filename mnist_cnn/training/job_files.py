"""What is known of a training, on disk, so that every page, server and command sees it.

artifacts/jobs/<id>.json     which process, which command, who began it, how it ended
artifacts/jobs/<id>.log      what it printed, its last part
"""

import contextlib
import json
import os
import shlex
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mnist_cnn.json_files import read_json
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import write_atomically
from mnist_cnn.training.progress import BEAT

LOG_BYTES = 1_000_000
"""How long a log grows before all but its last part is dropped."""

MAX_TIME = 1e11
"""No time in seconds since 1970 that a calendar knows lies beyond."""

STATES = ("running", "finished", "stopped", "failed", "interrupted")

FORMER_NAMES = {"born": "process_created"}
"""What a job's facts were called in older files."""


@dataclass(frozen=True)
class Job:
    """One training. `begun` and `ended` are seconds since 1970; `process_created` when its
    process was, and `process_start` the same by a clock that nobody sets, where there is one.

    `state` is one of `STATES`; `reason` says why it did not
    finish, in a sentence, and `error` is the name of that kind of error.
    """

    id: str
    command: tuple[str, ...]
    who: str
    begun: float
    pid: int
    process_created: float
    host: str
    state: str = "running"
    reason: str = ""
    ended: float | None = None
    error: str = ""
    process_start: str = ""

    @property
    def options(self) -> dict[str, str]:
        """The command's options and their values."""
        words = self.command[1:]
        return dict(zip(words[::2], words[1::2], strict=False))

    @property
    def name(self) -> str:
        """What its run is called, or was to be."""
        return self.options.get("--name") or self.options.get("--preset", "")

    @property
    def needs_data(self) -> bool:
        """Whether it failed for want of a data set."""
        return self.error == "DataMissing" or "could not be downloaded from" in self.reason

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
    return f"python -m mnist_cnn {shlex.join(spoken(command))}"


def spoken(command: Sequence[str]) -> list[str]:
    """A command of pairs of options and values as its words; a value that would be taken for an
    option stands in one word with its own."""
    options, values = command[1::2], command[2::2]
    known = all(option.startswith("--") and "=" not in option for option in options)
    if len(options) != len(values) or not known:
        return list(command)  # as a person typed it
    words = list(command[:1])
    for option, value in zip(options, values, strict=True):
        words += [f"{option}={value}"] if value.startswith("-") else [option, value]
    return words


def log_tail(job: Job, characters: int = 4000) -> str:
    """The last of what a job printed."""
    try:
        with open(job_path(job.id, "log"), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4 * characters))
            content = file.read()
    except OSError:
        return ""
    return content.decode("utf-8", "replace")[-characters:]


def load_job(run_id: str) -> Job | None:
    content = read_json(job_path(run_id, "json"))
    try:
        known = {FORMER_NAMES.get(name, name): value for name, value in content.items()}
        job = Job(**{**known, "command": tuple(known["command"])})
    except (TypeError, KeyError):
        return None
    return job if job.id == run_id and _sound(job) else None


def _sound(job: Job) -> bool:
    """Whether its facts are of the kinds that they are to be of."""
    words = (*job.command, job.who, job.host, job.state, job.reason, job.error, job.process_start)
    numbers = (job.begun, job.pid, job.process_created, job.ended or 0)
    return (
        all(isinstance(word, str) for word in words)
        and all(isinstance(n, int | float) and abs(n) < MAX_TIME for n in numbers)
        and isinstance(job.pid, int)
        and job.state in STATES
    )


def save_job(job: Job) -> None:
    """Notes down how a job stands.

    Raises:
        StorageFailed: the disk is full, or may not be written to; what was there stays.
    """
    write_atomically(job_path(job.id, "json"), (json.dumps(asdict(job)) + "\n").encode())


def cap_log_forever(log: Path) -> None:
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


def ids_of_jobs() -> list[str]:
    """Of every job, the newest first."""
    return sorted((path.stem for path in jobs_folder().glob("2*.json")), reverse=True)


def newest_id() -> str | None:
    return max((path.stem for path in jobs_folder().glob("2*.json")), default=None)


def jobs_folder() -> Path:
    return artifacts_folder() / "jobs"


def job_path(run_id: str, kind: str) -> Path:
    return jobs_folder() / f"{run_id}.{kind}"
