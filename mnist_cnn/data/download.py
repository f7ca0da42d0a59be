"""Data sets from where their public finds them: three tries, checked before naming."""

import contextlib
import http.client
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from mnist_cnn.errors import DataMissing, storage_failed
from mnist_cnn.storage import replacing, scratch_folder

DownloadCallback = Callable[[int, int], None]
"""Told the bytes received and the bytes expected (0 where the server does not say)."""


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
    """
    try:
        with replacing(path) as temporary:
            _fetch_checked(url, temporary, check, progress)
    except (OSError, http.client.HTTPException, DataMissing) as error:
        raise _not_downloaded(url, path, error) from error


@contextlib.contextmanager
def downloaded(
    url: str, converted: Path, check: Callable[[Path], object], progress: DownloadCallback | None
) -> Iterator[Path]:
    """What `converted` is made from: fetched and checked like `download`, and gone when the block
    ends.

    Raises:
        DataMissing: it is not to be had, or is not what it should be.
        StorageFailed: what the block writes does not go onto the disk.
    """
    with scratch_folder() as folder:
        archive = folder / "archive"
        try:
            _fetch_checked(url, archive, check, progress)
        except (OSError, http.client.HTTPException, DataMissing) as error:
            raise _not_downloaded(url, converted, error) from error
        try:
            yield archive
        except OSError as error:
            raise storage_failed(converted, error) from error


def _not_downloaded(url: str, path: Path, reason: Exception) -> DataMissing:
    return DataMissing(
        f"{path.name} is not in {path.parent} and could not be downloaded from {url} ({reason}); "
        f"please put the file there, or set MNIST_CNN_DATA to the folder that holds it."
    )


def _fetch_checked(
    url: str, path: Path, check: Callable[[Path], object], progress: DownloadCallback | None
) -> None:
    """Three tries. One that breaks off is continued by the next; what fails its check is fetched
    from the start."""
    path.write_bytes(b"")
    for attempt in range(3):
        time.sleep(0.5 * attempt)
        try:
            _fetch(url, path, progress)
        except (OSError, http.client.HTTPException):
            if attempt == 2:
                raise
            continue
        try:
            check(path)
            return
        except DataMissing:
            if attempt == 2:
                raise
            path.write_bytes(b"")


def _fetch(url: str, path: Path, progress: DownloadCallback | None) -> None:
    """Continues the file where it ends, if the server can."""
    received = path.stat().st_size
    request = urllib.request.Request(url)
    if received:
        request.add_header("Range", f"bytes={received}-")
    with urllib.request.urlopen(request, timeout=30) as answer:
        if answer.status != http.client.PARTIAL_CONTENT:
            received = 0
        length = int(answer.headers.get("Content-Length") or 0)
        expected = received + length if length else 0
        with open(path, "ab" if received else "wb") as file:
            while block := answer.read(1 << 16):
                file.write(block)
                received += len(block)
                if progress:
                    progress(received, expected)
    if expected and received != expected:
        raise OSError(f"got {received} of {expected} bytes")
