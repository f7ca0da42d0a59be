"""All safe touching of the disk: here alone are temporary names, fsync, rename and locks."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mnist_cnn.errors import StorageFailed


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file so that readers see the old or the new, even after a power cut.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise storage_failed(path, error) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its name, and lasts, if the block ends well.

    Raises:
        OSError: the disk is full, or may not be written to; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-", suffix=path.suffix)
    temporary = Path(name)
    try:
        os.close(handle)
        yield temporary
        temporary.chmod(0o644)
        _sync(temporary, os.O_RDWR)
        os.replace(temporary, path)
        with contextlib.suppress(OSError):  # it has happened, though it may not outlive a power cut
            _sync(path.parent, os.O_RDONLY)
    finally:
        temporary.unlink(missing_ok=True)


def write_json_quickly(path: Path, content: dict[str, Any]) -> None:
    """Replaces a file of passing interest: readers see old or new, a power cut may lose it, and
    where the disk is full the old one stays."""
    temporary = path.with_name(f".tmp-{path.name}")
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(content))
        os.replace(temporary, path)


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Adds lines at the end in one piece; once this returns they outlive a power cut. A line that a
    killed process left unfinished is closed off first.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            torn = size > 0 and file.read(1) != b"\n"
            content = ("\n" * torn + "".join(f"{line}\n" for line in lines)).encode()
            if file.write(content) != len(content):
                raise OSError("it was written in part")
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_failed(path, error) from error


def append_line_quickly(path: Path, line: str) -> None:
    """Adds a line of passing interest; where that fails there is a gap."""
    with contextlib.suppress(OSError), open(path, "a") as file:
        file.write(line + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds; nothing where it is missing, cut short or no object."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def make_folder(path: Path, exist_ok: bool = True) -> None:
    """A folder and those above it.

    Raises:
        StorageFailed: it may not be made, or is there already where it may not be.
    """
    try:
        path.mkdir(parents=True, exist_ok=exist_ok)
    except OSError as error:
        raise storage_failed(path, error) from error


def move(source: Path, target: Path) -> None:
    """Moves a file or folder; its time becomes now.

    Raises:
        StorageFailed: it could not be moved; it stays where it was.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
        os.utime(target)
    except OSError as error:
        raise storage_failed(target, error) from error


def remove_file(path: Path) -> None:
    """Removes a file; it may be gone already.

    Raises:
        StorageFailed: it may not be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_failed(path, error) from error


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


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone when the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


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
        lock.acquire()
    except Timeout as error:
        raise busy() from error
    except OSError as error:
        raise storage_failed(path, error) from error
    try:
        yield
    finally:
        lock.release()


def storage_failed(path: Path, error: OSError) -> StorageFailed:
    """What to raise where a path could not be written."""
    return StorageFailed(
        f"{path} could not be written ({error.strerror or error}); please free some space or "
        "allow writing there. Nothing was changed."
    )


def _sync(path: Path, mode: int) -> None:
    """Makes a file or a folder last."""
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
