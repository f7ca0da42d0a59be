"""What a compressed file holds, counted as it comes out."""

import gzip
import io
from typing import IO, Any, cast

from mnist_cnn.errors import BadInput
from mnist_cnn.settings import MAX_UNPACKED_BYTES


class _Counted(io.RawIOBase):
    """Bytes that are unpacked while they are read, up to a limit."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed, self._left = packed, MAX_UNPACKED_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._packed.seek(offset, whence)

    def tell(self) -> int:
        return self._packed.tell()

    def readinto(self, buffer: Any) -> int:
        content = self._packed.read(len(buffer))
        buffer[: len(content)] = content
        self._left -= len(content)
        if self._left < 0:
            raise too_much()
        return len(content)


def gunzipped(file: IO[bytes]) -> IO[bytes]:
    """What a gzipped file holds.

    Reading raises:
        BadInput: it is more than is unpacked of one file.
        OSError, EOFError: it is damaged or cut short.
    """
    return cast(IO[bytes], io.BufferedReader(_Counted(gzip.GzipFile(fileobj=file, mode="rb"))))


def too_much() -> BadInput:
    """What to raise where more comes out than is unpacked of one file."""
    return BadInput(
        f"It unpacks to more than {MAX_UNPACKED_BYTES / 2**30:g} GB; the rest was left out."
    )
