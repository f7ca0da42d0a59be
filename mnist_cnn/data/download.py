"""Data sets from where their public finds them: three tries, checked before naming."""

import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from mnist_cnn.errors import DataMissing
from mnist_cnn.storage import replacing

DownloadCallback = Callable[[int, int], None]
"""Told the bytes received and the bytes expected (0 where the server does not say)."""


def damaged(what: str, path: Path) -> DataMissing:
    return DataMissing(
        f"{path} does not hold {what} as expected; please delete it, and it is downloaded again."
    )


def download(
    url: str, path: Path, check: Callable[[Path], object], progress: DownloadCallback | None
) -> None:
    """Fetches into place: three tries, checked before the file gets its name."""
    reason: Exception | None = None
    for attempt in range(3):
        try:
            with replacing(path) as temporary:
                _fetch(url, temporary, progress)
                check(temporary)
            return
        except (OSError, DataMissing) as error:
            reason = error
            time.sleep(0.5 * attempt)
    raise DataMissing(
        f"{path.name} is not in {path.parent} and could not be downloaded from {url} ({reason}); "
        f"please put the file there, or set MNIST_CNN_DATA to the folder that holds it."
    ) from reason


def _fetch(url: str, path: Path, progress: DownloadCallback | None) -> None:
    received = 0
    with urllib.request.urlopen(url, timeout=30) as answer, open(path, "wb") as file:
        expected = int(answer.headers.get("Content-Length") or 0)
        while block := answer.read(1 << 16):
            file.write(block)
            received += len(block)
            if progress:
                progress(received, expected)
    if expected and received != expected:
        raise urllib.error.ContentTooShortError(f"got {received} of {expected} bytes", b"")  # type: ignore[arg-type]
