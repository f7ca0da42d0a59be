"""Hands that are kept on one's own machine, each under a name.

artifacts/hands/<name>.json
"""

import re
from collections.abc import Sequence
from pathlib import Path

from mnist_cnn.errors import BadInput
from mnist_cnn.hands import hand_files
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import remove_file, write_atomically

NAME = re.compile(r"\w[\w .()-]{0,39}")


def names() -> list[str]:
    """Of every hand that is kept here."""
    found = (path.stem for path in _folder().glob("*.json"))
    return sorted(name for name in found if NAME.fullmatch(name))  # none is in the making


def version() -> int:
    """Changes whenever a hand is kept, changed or deleted."""
    return hash(tuple(_state(path) for path in sorted(_folder().glob("*.json"))))


def keep(name: str, drawings: Sequence[TaughtDrawing]) -> None:
    """Keeps a hand under a name; an earlier one of that name is replaced.

    Raises:
        BadInput: the name cannot be taken.
        StorageFailed: the disk is full, or may not be written to.
    """
    write_atomically(_path(name), hand_files.packed(drawings))


def load(name: str) -> tuple[list[TaughtDrawing], list[str]]:
    """The drawings of a hand; and of each that cannot be used, why, in a sentence.

    Raises:
        BadInput: there is no such hand, or it cannot be read.
    """
    try:
        content = _path(name).read_bytes()
    except OSError as error:
        raise BadInput(f"There is no hand called {name!r} here.") from error
    return hand_files.unpacked(content)


def delete(name: str) -> None:
    """Forgets a hand.

    Raises:
        BadInput: the name is none.
        StorageFailed: it may not be removed.
    """
    remove_file(_path(name))


def _state(path: Path) -> tuple[str, int, int, int]:
    """What tells a file from what stood there before."""
    try:
        found = path.stat()
    except OSError:  # gone since it was listed
        return path.name, 0, 0, 0
    return path.name, found.st_ino, found.st_mtime_ns, found.st_size


def _path(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise BadInput(
            f"A hand cannot be called {name[:60]!r}; please use up to 40 letters, digits, spaces "
            "and .-()."
        )
    return _folder() / f"{name}.json"


def _folder() -> Path:
    return artifacts_folder() / "hands"
