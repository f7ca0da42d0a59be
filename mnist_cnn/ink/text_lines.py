"""The lines of a text file: none fills the memory, and no stretch keeps others waiting."""

from collections.abc import Iterator
from typing import IO

from mnist_cnn.errors import BadInput
from mnist_cnn.settings import MAX_BLANK_BYTES, MAX_SKIPPED_BYTES


def numbered_lines(file: IO[bytes], longest: int) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not blank, numbered from 1; None where one is longer than `longest` bytes.

    Raises:
        BadInput: nothing else comes for too long.
    """
    number, blank = 0, 0
    while line := file.readline(longest + 1):
        number += 1
        if len(line) > longest:
            _skip_rest(file, number, line)
            yield number, None
        elif line.strip():
            yield number, line
        else:
            blank += len(line)
            if blank > MAX_BLANK_BYTES:
                raise BadInput(
                    f"More than {MAX_BLANK_BYTES:,} bytes of it are blank; the rest, from line "
                    f"{number:,} on, was left out."
                )


def _skip_rest(file: IO[bytes], number: int, line: bytes) -> None:
    skipped = len(line)
    while line and not line.endswith(b"\n"):
        line = file.readline(2**16)
        skipped += len(line)
        if skipped > MAX_SKIPPED_BYTES:
            raise BadInput(
                f"Line {number:,} is longer than {MAX_SKIPPED_BYTES // 2**20} MB; it and the rest "
                "were left out."
            )
