"""Data sets from where their public finds them: three tries, checked before naming."""

import errno
import http.client
import os
import tarfile
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mnist_cnn.errors import DataMissing, storage_failed
from mnist_cnn.storage import make_folder, replacing, scratch_folder

T = TypeVar("T")

DownloadCallback = Callable[[int, int], None]
"""Told the bytes received and the bytes expected (0 where the server does not say)."""

UNREADABLE = (
    *(OSError, EOFError, ValueError, TypeError, LookupError, RuntimeError),
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error),
)
"""What may come of reading a damaged file or archive."""


class _BrokenOff(Exception):
    """The network failed, or a server did."""


def damaged(what: str, path: Path) -> DataMissing:
    return DataMissing(
        f"{path} does not hold {what} as expected; please delete it, and it is downloaded again."
    )


def download(
    url: str, path: Path, check: Callable[[Path], object], progress: DownloadCallback | None
) -> None:
    """Fetches into place: three tries, checked before the file gets its name.

    Raises:
        DataMissing: it is not to be had, or is not what it should be; nothing is left of it.
        StorageFailed: there is no room for it.
    """
    try:
        with replacing(path) as temporary:
            _fetched(url, temporary, path, check, progress)
    except OSError as error:
        raise storage_failed(path, error) from error


def downloaded(
    url: str, converted: Path, read: Callable[[Path], T], progress: DownloadCallback | None
) -> T:
    """What `read` makes of an archive, which is fetched like a file of `download` and then let go;
    `converted` is to hold it.

    Raises:
        DataMissing: it is not to be had, or is not what it should be.
        StorageFailed: there is no room for it.
    """
    make_folder(converted.parent)
    try:
        if not os.access(converted.parent, os.W_OK):  # before anything is fetched for nothing
            raise PermissionError(errno.EACCES, "it may not be written to")
        with scratch_folder() as folder:
            return _fetched(url, folder / "archive", converted, read, progress)
    except OSError as error:
        raise storage_failed(converted, error) from error


def _fetched(
    url: str,
    path: Path,
    wanted: Path,
    read: Callable[[Path], T],
    progress: DownloadCallback | None,
) -> T:
    """Three tries. One that breaks off is continued by the next; what cannot be read is fetched
    from the start."""
    path.write_bytes(b"")
    for attempt in range(3):
        time.sleep(0.5 * attempt)
        try:
            _fetch(url, path, progress)
            return read(path)
        except (_BrokenOff, DataMissing) as error:
            reason = error
            if isinstance(error, DataMissing):
                path.write_bytes(b"")
    raise DataMissing(
        f"{wanted.name} is not in {wanted.parent} and could not be downloaded from {url} "
        f"({reason}); please put the file there, or set MNIST_CNN_DATA to the folder that holds it."
    ) from reason


def _fetch(url: str, path: Path, progress: DownloadCallback | None) -> None:
    """Continues the file where it ends, if the server can."""
    received = path.stat().st_size
    request = urllib.request.Request(url)
    if received:
        request.add_header("Range", f"bytes={received}-")
    with _of_network(lambda: urllib.request.urlopen(request, timeout=30)) as answer:
        if answer.status != http.client.PARTIAL_CONTENT:
            received = 0
        length = int(answer.headers.get("Content-Length") or 0)
        expected = received + length if length else 0
        with open(path, "ab" if received else "wb") as file:
            while block := _of_network(lambda: answer.read(1 << 16)):
                file.write(block)
                received += len(block)
                if progress:
                    progress(received, expected)
    if expected and received != expected:
        raise _BrokenOff(f"got {received} of {expected} bytes")


def _of_network(asked: Callable[[], T]) -> T:
    """Tells the network's errors from the disk's."""
    try:
        return asked()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _BrokenOff(str(error)) from error
