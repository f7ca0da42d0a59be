"""Keeping other processes out meanwhile, also where the file system has no locks.

<name>.lock          what is locked, by the system: it is free as soon as its process is gone
<name>.lock.owner    on file systems without that, such as some of a network: who holds it, a
                     process and a machine. One whose process is gone is taken over; whether one
                     of another machine lives only time tells.
"""

import contextlib
import errno
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_cnn.errors import storage_failed

if TYPE_CHECKING:
    from filelock import BaseFileLock

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
"""What a file system without locks answers."""

SHORT = 120.0
"""Seconds after which what another machine holds counts as left behind, where what is done
meanwhile takes a second or two."""


@contextlib.contextmanager
def locked(
    path: Path, busy: Callable[[], Exception], seconds: float = 30, lasts: float | None = SHORT
) -> Iterator[None]:
    """Keeps every other process that locks this path out while the block runs.

    Args:
        busy: what to raise where somebody else holds it for longer than `seconds`.
        lasts: seconds after which a machine that cannot be asked counts as gone; None for never.

    Raises:
        StorageFailed: the lock's file may not be written to.
    """
    from filelock import Timeout  # Home needs none of it

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquired(path, seconds, lasts)
    except Timeout as error:
        raise busy() from error
    except OSError as error:
        raise storage_failed(path, error) from error
    try:
        yield
    finally:
        lock.release()


def take_from_another_machine(path: Path) -> None:
    """Frees what a machine holds that is known to be gone; what a process here holds stays."""
    holder = owner(path)
    if holder and holder[1] != platform.node():
        from filelock import SoftFileLock

        SoftFileLock(_owner_file(path)).break_lock()


def owner(path: Path) -> tuple[int, str] | None:
    """The process and the machine that hold a lock on a file system without locks."""
    try:
        pid, machine = _owner_file(path).read_text().splitlines()[:2]
        return int(pid), machine
    except (OSError, ValueError):
        return None


def _acquired(path: Path, seconds: float, lasts: float | None) -> "BaseFileLock":
    from filelock import FileLock, SoftFileLock

    lock: BaseFileLock = FileLock(path, timeout=seconds, fallback_to_soft=False)
    try:
        lock.acquire(poll_interval=0.01)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        if lasts is not None and _age(path) > lasts:
            take_from_another_machine(path)
        lock = SoftFileLock(_owner_file(path), timeout=seconds)
        lock.acquire(poll_interval=0.05)
    return lock


def _age(path: Path) -> float:
    """For how many seconds an owner has held a lock; 0 where there is none."""
    try:
        return time.time() - _owner_file(path).stat().st_mtime
    except OSError:
        return 0.0


def _owner_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.owner")
