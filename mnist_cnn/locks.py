"""Keeping other processes out meanwhile."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from mnist_cnn.errors import storage_failed


@contextlib.contextmanager
def locked(path: Path, busy: Callable[[], Exception], seconds: float = 30) -> Iterator[None]:
    """Keeps every other process that locks this path out while the block runs.

    Args:
        busy: what to raise where somebody else holds it for longer than `seconds`.

    Raises:
        StorageFailed: the lock's file may not be written to.
    """
    from filelock import FileLock, Timeout  # Home needs none of it

    lock = FileLock(path, timeout=seconds)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(poll_interval=0.01)
    except Timeout as error:
        raise busy() from error
    except OSError as error:
        raise storage_failed(path, error) from error
    try:
        yield
    finally:
        lock.release()
