"""Converted files: kept whole, and known again by the checksum of what they hold.

A file that was converted on this machine may differ from the recorded one in the order or in a few
of its rows. Its checksum is then kept beside it, in `<file>.sha256`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.download import UNREADABLE, damaged
from mnist_cnn.errors import BadStrokes, storage_failed
from mnist_cnn.ink.stroke_files import read_strokes
from mnist_cnn.records import Drawing
from mnist_cnn.storage import replacing


def check_known(what: str, path: Path, found: str, recorded: str) -> None:
    """Passes the recorded content, and what this machine has converted.

    Args:
        found: the checksum of what the file holds.

    Raises:
        DataMissing: it is neither.
    """
    if found != recorded and found != _noted(path):
        raise damaged(what, path)


def read_arrays(what: str, path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` file by their names, of whatever shape.

    Raises:
        DataMissing: they are missing or damaged.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except UNREADABLE as error:
        raise damaged(what, path) from error


def read_drawings(what: str, path: Path) -> list[Drawing]:
    """The drawings of a strokes file, in their order.

    Raises:
        DataMissing: it is damaged, or a line of it holds something else.
    """
    drawings = []
    try:
        for row in read_strokes(path):
            if isinstance(row, BadStrokes):
                raise row
            drawings.append(row)
    except BadStrokes as error:
        raise damaged(what, path) from error
    return drawings


def keep(path: Path, write: Callable[[Path], None], found: str, recorded: str) -> None:
    """Writes a converted file in one piece, its checksum first where it is not the recorded one.

    Raises:
        StorageFailed: the disk is full, or may not be written to; what was there stays.
    """
    try:
        if found != recorded:
            with replacing(_note(path)) as temporary:
                temporary.write_text(found)
        with replacing(path) as temporary:
            write(temporary)
    except OSError as error:
        raise storage_failed(path, error) from error


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _noted(path: Path) -> str | None:
    try:
        return _note(path).read_text().strip()
    except (OSError, ValueError):
        return None
