"""Strokes files: one drawing a line, as JSON, gzipped or not."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from mnist_cnn.errors import BadStrokes
from mnist_cnn.ink.strokes import checked_strokes
from mnist_cnn.ink.text_lines import numbered_lines
from mnist_cnn.records import Drawing
from mnist_cnn.settings import MAX_STROKES_LINE


def read_strokes(path: Path) -> Iterator[Drawing | BadStrokes]:
    """The drawings of a strokes file, one a line, `.jsonl` or gzipped; each stroke has the shape
    (points, 2), in any unit, y growing downwards.

    A line that cannot be read yields a `BadStrokes` that names the line; the rest is read
    all the same. Blank lines are passed over.

    Raises:
        BadStrokes: the file itself cannot be read.
    """
    for _, row in numbered_strokes(path):
        yield row


def numbered_strokes(path: Path) -> Iterator[tuple[int, Drawing | BadStrokes]]:
    """What `read_strokes` yields, each with its line's number from 1; strokes are (points, 2)."""
    try:
        with open(path, "rb") as file:  # once: what comes by a pipe comes once
            zipped = file.peek(2)[:2] == b"\x1f\x8b"
            lines = gzip.GzipFile(fileobj=file, mode="rb") if zipped else file
            yield from parsed_strokes(cast(IO[bytes], lines))
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadStrokes(f"The strokes file {path} could not be read: {reason}.") from error


def parsed_strokes(file: IO[bytes]) -> Iterator[tuple[int, Drawing | BadStrokes]]:
    """What `numbered_strokes` yields, strokes of (points, 2), for a file that is open already.

    Raises:
        BadInput: nothing comes for too long.
    """
    for number, line in numbered_lines(file, MAX_STROKES_LINE):
        if line is None:
            limit = f"it is longer than {MAX_STROKES_LINE // 2**20} MB"
            yield number, BadStrokes(f"Line {number} was left out: {limit}.")
        else:
            yield number, parsed_line(number, line)


def write_strokes(drawings: Iterable[Drawing], path: Path) -> None:
    """Writes a gzipped strokes file."""
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for drawing in drawings:
            lines.write(strokes_line(drawing) + "\n")


def strokes_line(drawing: Drawing) -> str:
    """A drawing as a line of a strokes file, without its end; each stroke has the shape
    (points, 2)."""
    row: dict[str, Any] = {"strokes": [stroke.tolist() for stroke in drawing.strokes]}
    row |= {"label": drawing.label} if drawing.label is not None else {}
    row |= {"writer": drawing.writer} if drawing.writer is not None else {}
    return json.dumps(row, separators=(",", ":"))


def parsed_line(number: int, line: bytes) -> Drawing | BadStrokes:
    try:
        row = json.loads(line)
        if not isinstance(row, dict) or not isinstance(row.get("strokes"), list):
            raise ValueError('expected an object like {"strokes": [[[x, y], …], …]}')
        strokes = checked_strokes(row["strokes"])
        if not any(map(len, strokes)):
            raise ValueError("it holds no strokes")
        label, writer = row.get("label"), row.get("writer")
        return Drawing(
            strokes,
            None if label is None else str(label),
            None if writer is None else str(writer),
        )
    except (ValueError, TypeError, OverflowError, RecursionError, BadStrokes) as error:
        return BadStrokes(f"Line {number} was left out: {error}.")
