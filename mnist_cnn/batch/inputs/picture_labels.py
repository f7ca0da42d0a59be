"""The table beside the pictures of Hugging Face's ImageFolder: which label each has."""

import csv
import io
from pathlib import PurePosixPath
from typing import IO

from mnist_cnn.batch.inputs.columns import LABELS
from mnist_cnn.batch.inputs.csv_tables import LEAST

BEGIN = b"file_name,"
"""How it begins."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

MAX_TABLE = 64 * 2**20
"""Bytes of it that are read."""


def begins_so(head: bytes) -> bool:
    """Whether a file that begins so may be such a table."""
    return head.removeprefix(BYTE_ORDER_MARK).startswith(BEGIN)


def pictures_of(name: str, file: IO[bytes]) -> dict[str, int | None]:
    """The paths that a table names, as seen from where its own `name` is, each with its label where
    that is a digit; none where it has so many columns that they may be pixels."""
    text = file.read(MAX_TABLE).decode("utf-8-sig", errors="replace")
    rows = csv.reader(io.StringIO(text))
    found: dict[str, int | None] = {}
    try:
        header = next(rows)
        if len(header) >= LEAST:
            return {}
        column = next((n for n, word in enumerate(header) if word.strip().lower() in LABELS), None)
        for row in rows:
            if row:
                label = row[column].strip() if column is not None and column < len(row) else ""
                path = (PurePosixPath(name).parent / row[0].strip()).as_posix()
                found[path] = int(label) if label in set("0123456789") else None
    except (csv.Error, StopIteration):
        pass  # what came before counts
    return found
