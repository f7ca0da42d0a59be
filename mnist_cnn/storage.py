"""All safe touching of the disk: here alone are temporary names, fsync and rename."""

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mnist_cnn.errors import StorageFailed, storage_failed
from mnist_cnn.locks import locked

APPENDING = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
WRITING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)

LEFTOVER = re.compile(r"\.tmp-(?:(\d+)-)?.*")  # with the number of the process that writes it

_in_use: set[Path] = set()
"""What this process is writing."""


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replaces a file so that readers see the old or the new, even after a power cut. With mode
    0o600 nobody else on this machine may read it.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    with _told_of(path), replacing(path, mode) as temporary:
        _write(temporary, content)


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """A temporary file beside `path` that takes its name, and lasts, if the block ends well.

    Raises:
        OSError: the disk is full, or may not be written to; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".tmp-{os.getpid()}-"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=path.suffix)
    temporary = Path(name)
    _in_use.add(temporary)
    try:
        os.close(handle)
        yield temporary
        temporary.chmod(mode)
        _sync(temporary, os.O_RDWR)
        os.replace(temporary, path)
    except BaseException:
        _drop(temporary)
        raise
    finally:
        _in_use.discard(temporary)
    with contextlib.suppress(OSError):  # it has happened, though it may not outlive a power cut
        _sync(path.parent, os.O_RDONLY)


def write_json_quickly(path: Path, content: dict[str, Any]) -> None:
    """Replaces a file of passing interest: readers see old or new, a power cut may lose it, and
    where the disk is full the old one stays."""
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        _write(temporary, json.dumps(content).encode())
        os.replace(temporary, path)
    except OSError:
        _drop(temporary)


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Adds lines at the end, all or none; once this returns they outlive a power cut. A line that a
    killed process left unfinished is closed off first.

    Raises:
        StorageFailed: the disk is full, or may not be written to; says so where some of the lines
            may have been kept all the same.
    """
    content = "".join(f"{line}\n" for line in lines).encode()
    busy = StorageFailed(f"Another process is writing {path}; please try again.")
    with locked(path.with_suffix(".lock"), lambda: busy), _told_of(path):
        handle = os.open(path, APPENDING, 0o644)
        try:
            _append(handle, content)
        finally:
            os.close(handle)


def _append(handle: int, content: bytes) -> None:
    """Adds to the end of an open file and makes it last, or cuts it off again."""
    size = os.lseek(handle, 0, os.SEEK_END)
    os.lseek(handle, max(size - 1, 0), os.SEEK_SET)
    torn = size > 0 and os.read(handle, 1) != b"\n"
    try:
        _write_all(handle, b"\n" * torn + content)
        os.fsync(handle)
    except OSError as error:
        try:
            os.ftruncate(handle, size)
        except OSError:
            raise StorageFailed(
                f"The disk failed while a file was added to ({error.strerror or error}), and what "
                "was written could not be cut off again: some of it may have been kept. Please "
                "free some space or allow writing there, and look."
            ) from error
        raise


def append_line_quickly(path: Path, line: str) -> None:
    """Adds a line of passing interest; where that fails there is a gap."""
    with contextlib.suppress(OSError), open(path, "a") as file:
        file.write(line + "\n")


def make_folder(path: Path, exist_ok: bool = True) -> None:
    """A folder and those above it.

    Raises:
        StorageFailed: it may not be made, or is there already where it may not be.
    """
    with _told_of(path):
        path.mkdir(parents=True, exist_ok=exist_ok)


def move(*pairs: tuple[Path, Path]) -> None:
    """Moves files or folders from one place to another each, all or none.

    Raises:
        StorageFailed: one could not be moved; all are where they were, or it says which is not.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        for source, target in pairs:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source, target)
            moved.append((source, target))
    except OSError as error:
        _move_back(moved, error)
        for _, target in pairs:
            with contextlib.suppress(OSError):  # only where nothing is in it
                target.parent.rmdir()
        raise storage_failed(pairs[len(moved)][1], error) from error


def _move_back(moved: list[tuple[Path, Path]], why: OSError) -> None:
    for source, target in reversed(moved):
        try:
            os.replace(target, source)
        except OSError:
            raise StorageFailed(
                f"Only a part could be moved ({why.strerror or why}): {target} could not be "
                f"brought back to {source}; please move it by hand."
            ) from why


def remove_file(path: Path) -> None:
    """Removes a file; it may be gone already.

    Raises:
        StorageFailed: it may not be removed.
    """
    with _told_of(path), contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def copy_folder(source: Path, target: Path) -> None:
    """Copies a folder; readers see it whole or not at all.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    temporary = target.with_name(f".tmp-{os.getpid()}-{target.name}")
    try:
        shutil.copytree(source, temporary)
        os.replace(temporary, target)
    except OSError as error:
        remove_folder(temporary)
        raise storage_failed(target, error) from error


def remove_folder(path: Path) -> None:
    """Removes a folder and all in it, as far as that can be done."""
    shutil.rmtree(path, ignore_errors=True)


def remove_leftovers(folder: Path, lives: Callable[[int], bool]) -> None:
    """Removes what killed processes left unfinished, as far as that can be done.

    Args:
        lives: whether there is a process of that number.
    """
    inside = [Path(top, name) for top, *names in os.walk(folder) for some in names for name in some]
    for path, found in [(path, LEFTOVER.fullmatch(path.name)) for path in inside]:
        writer = int(found[1]) if found and found[1] else None
        mine = writer == os.getpid()  # or that of another before, who had the same number
        if found and path not in _in_use and (writer is None or mine or not lives(writer)):
            remove_folder(path) if path.is_dir() else _drop(path)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone when the block ends.

    Raises:
        StorageFailed: there is no room for one, or nowhere to write.
    """
    with _told_of(Path("A temporary folder")):
        made = tempfile.TemporaryDirectory()
    with made as folder:
        yield Path(folder)


@contextlib.contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_failed(path, error) from error


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, WRITING, 0o644)
    try:
        _write_all(handle, content)
    finally:
        os.close(handle)


def _write_all(handle: int, content: bytes) -> None:
    """The whole of it, however little the disk takes at a time."""
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _drop(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def _sync(path: Path, mode: int) -> None:
    """Makes a file or a folder last."""
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
