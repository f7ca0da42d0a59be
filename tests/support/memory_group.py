"""Processes that may hold only so much memory together: a control group of Linux, where one may be
made, which takes the rights of root; elsewhere they are only measured."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")


@dataclass
class MemoryGroup:
    """What is begun within `inside` belongs to it.

    `own_mb` is the most that its processes held for themselves, `all_mb` with what mirrors files,
    which the system takes back when it is short, both in 10⁶ bytes; `killed` is how many the system
    ended for want of memory.
    """

    limit_mb: int
    folder: Path | None
    own_mb: int = 0
    all_mb: int = 0
    killed: int = 0
    roots: list[int] = field(default_factory=list)

    @property
    def how(self) -> str:
        kept = self.folder is not None
        return "limited by a control group" if kept else "measured only, not limited"

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Whatever this process starts meanwhile belongs to the group, and so does what that
        starts."""
        if self.folder is None:
            before = set(psutil.Process().children())
            yield
            self.roots += [p.pid for p in set(psutil.Process().children()) - before]
            return
        procs = "cgroup.procs"
        (self.folder / procs).write_text(str(os.getpid()))
        try:
            yield
        finally:
            (self.folder.parent / procs).write_text(str(os.getpid()))

    def measure(self) -> None:
        if self.folder is None:
            held = [info for root in self.roots for info in _tree(root)]
            self.own_mb = max(self.own_mb, sum(info.uss for info in held) // 10**6)
            self.all_mb = max(self.all_mb, sum(info.rss for info in held) // 10**6)
            return
        rows = dict(line.split() for line in (self.folder / "memory.stat").read_text().splitlines())
        self.own_mb = max(self.own_mb, int(rows.get("total_rss", rows.get("anon", 0))) // 10**6)
        used = self.folder / "memory.usage_in_bytes"
        used = used if used.exists() else self.folder / "memory.current"
        self.all_mb = max(self.all_mb, int(used.read_text()) // 10**6)
        events = self.folder / "memory.oom_control"
        events = events if events.exists() else self.folder / "memory.events"
        for line in events.read_text().splitlines():
            name, count = line.split()
            self.killed = int(count) if name == "oom_kill" else self.killed


def _tree(root: int) -> list:
    """The memory of a process and of all that it has started."""
    found = []
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(root)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                found.append(one.memory_full_info())
    return found


@contextlib.contextmanager
def memory_group(limit_mb: int) -> Iterator[MemoryGroup]:
    """A group that is measured several times a second; who is left in it at the end is ended."""
    group = MemoryGroup(limit_mb, _made(limit_mb))
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            with contextlib.suppress(OSError):
                group.measure()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield group
    finally:
        done.set()
        watcher.join()
        with contextlib.suppress(OSError):
            group.measure()
        if group.folder:
            _remove(group.folder)


def _own_group() -> Path:
    """Where this process belongs, of the groups that limit memory."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, kinds, place = line.split(":", 2)
        if "memory" in kinds.split(","):
            own = GROUPS / "memory" / place.lstrip("/")
            return own if own.is_dir() else GROUPS / "memory"
        if kinds == "" and (GROUPS / "cgroup.controllers").exists():
            return GROUPS / place.lstrip("/")
    return GROUPS


def _made(limit_mb: int) -> Path | None:
    try:
        folder = _own_group() / f"digits-{os.getpid()}-{time.monotonic_ns()}"
        folder.mkdir()
        limit = folder / "memory.limit_in_bytes"
        limit = limit if limit.exists() else folder / "memory.max"
        limit.write_text(str(limit_mb * 10**6))
    except OSError:
        return None
    return folder


def _remove(folder: Path) -> None:
    for _ in range(50):
        for pid in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        with contextlib.suppress(OSError):
            folder.rmdir()
            return
        time.sleep(0.1)
