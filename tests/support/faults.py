"""A disk that fails, at whichever of its calls a test wants."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CALLS = ((Path, "write_bytes"), (os, "fsync"), (os, "replace"))
"""What `storage` does to the disk, and a full or read-only one refuses. Of a line that is added to
a file, as a correction is, only the fsync is among them."""

REMOVALS = ((Path, "unlink"),)
"""How it removes a file."""


@dataclass
class FailingDisk:
    """Counts the calls; the one numbered `at`, from 0, raises OSError(error)."""

    at: int
    error: int
    calls: int = 0

    @property
    def met(self) -> bool:
        """Whether the fault was reached at all."""
        return self.calls > self.at

    def around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            number, self.calls = self.calls, self.calls + 1
            if number == self.at:
                raise OSError(self.error, os.strerror(self.error))
            return original(*args, **kwargs)

        return act


@contextmanager
def failing_disk(
    monkeypatch: pytest.MonkeyPatch, at: int, error: int, calls: tuple[tuple[Any, str], ...] = CALLS
) -> Iterator[FailingDisk]:
    """While the block runs, the disk fails once: at its call of that number."""
    disk = FailingDisk(at, error)
    with monkeypatch.context() as patch:
        for owner, name in calls:
            patch.setattr(owner, name, disk.around(getattr(owner, name)))
        yield disk
