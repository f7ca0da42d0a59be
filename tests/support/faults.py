"""A disk that fails, at whichever of its calls a test wants."""

import errno as codes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from mnist_cnn import storage

CALLS = ("mkstemp", "open", "write", "fsync", "replace", "unlink", "ftruncate")
"""What `storage` asks of the disk, and a full, broken or read-only one refuses."""

REMOVALS = ("unlink",)
"""How it removes a file."""


@dataclass
class FailingDisk:
    """Counts the calls; the one numbered `at`, from 0, raises OSError(error).

    `lasting` says whether all after it do so too, and `short` whether a write first takes half of
    what it is given. `failed` names the calls that were refused.
    """

    at: int
    error: int = codes.ENOSPC
    lasting: bool = False
    short: bool = False
    calls: int = 0
    failed: list[str] = field(default_factory=list)

    @property
    def met(self) -> bool:
        """Whether the fault was reached at all."""
        return bool(self.failed)

    def around(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            number, self.calls = self.calls, self.calls + 1
            if self.short and number == self.at and name == "write":
                self.at, self.short = self.at + 1, False
                handle, content = args
                return original(handle, content[: len(content) // 2])
            if number == self.at or (self.lasting and number > self.at):
                self.failed.append(name)
                raise OSError(self.error, os.strerror(self.error))
            return original(*args, **kwargs)

        return act


class Module:
    """A module of which some functions are others."""

    def __init__(self, module: ModuleType, **changed: Callable[..., Any]) -> None:
        self._module, self._changed = module, changed

    def __getattr__(self, name: str) -> Any:
        return self._changed.get(name) or getattr(self._module, name)


def watch(around: Callable[[str, Callable[..., Any]], Callable[..., Any]]) -> Iterator[Any]:
    """The modules that `storage` asks the disk by, each call of theirs put into `around`."""
    for module in (storage.os, storage.tempfile):
        known = {name: getattr(module, name) for name in CALLS if hasattr(module, name)}
        if "fsync" in known:
            known["fsync"] = lambda handle: None  # the real one is slow
        changed = {name: around(name, original) for name, original in known.items()}
        yield module.__name__, Module(module, **changed)


@contextmanager
def failing_disk(
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    error: int = codes.ENOSPC,
    calls: tuple[str, ...] = CALLS,
    **how: bool,
) -> Iterator[FailingDisk]:
    """While the block runs, the disk that `storage` sees fails at its call of that number."""
    disk = FailingDisk(at, error, **how)
    with monkeypatch.context() as patch:
        for name, module in watch(
            lambda name, original: disk.around(name, original) if name in calls else original
        ):
            patch.setattr(storage, name, module)
        yield disk
