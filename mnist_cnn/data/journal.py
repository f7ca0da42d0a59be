"""What people say, kept in files that only grow: a line each, and the last about a thing counts.

{"id": "…", "label": 7, …}      what is said of it
{"id": "…", "label": null, …}   it was taken back
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from mnist_cnn.errors import StorageFailed
from mnist_cnn.settings import MAX_CORRECTIONS_BYTES, artifacts_folder
from mnist_cnn.storage import append_lines

Said = TypeVar("Said")


@dataclass
class _Parsed(Generic[Said]):
    """What the first `size` bytes of a file said, which end in `tail`."""

    size: int = 0
    tail: bytes = b""
    found: dict[str, Said | None] = field(default_factory=dict)
    state: tuple[int, int] = (0, 0)
    counting: tuple[Said, ...] = ()


class Journal(Generic[Said]):
    """The file of this name in the artifacts folder; `parse` makes of a row what it says.

    `parse` raises ValueError, KeyError or TypeError for a row that says nothing.
    """

    def __init__(self, name: str, parse: Callable[[dict[str, Any]], Said]) -> None:
        self._name, self._parse = name, parse
        self._parsed: dict[Path, _Parsed[Said]] = {}
        self._parsing = threading.Lock()

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keeps rows, each with its `id` and `label`; once this returns they outlive a power cut.

        Raises:
            StorageFailed: the disk is full, or may not be written to, or the file is too large.
        """
        path, now = self._path(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        lines = [json.dumps({**row, "when": now}, separators=(",", ":")) for row in rows]
        size = self.state()[0] + sum(len(line) + 1 for line in lines)
        if size > MAX_CORRECTIONS_BYTES:
            raise StorageFailed(
                f"{path} would reach {size / 1e6:,.0f} MB; please train with these corrections "
                "and move the file away. What came now was not kept."
            )
        append_lines(path, lines)

    def take_back(self, id_: str) -> None:
        """Forgets what was said of a thing.

        Raises:
            StorageFailed: the disk is full, or may not be written to.
        """
        self.append([{"id": id_, "label": None}])

    def load(self) -> tuple[Said, ...]:
        """All that counts, in the order in which the things came first. Lines that cannot be read
        are passed over; of a file that has grown, only what is new is parsed."""
        path, state = self._path(), self.state()
        with self._parsing:
            known = self._parsed.get(path, _Parsed())
            if known.state != state:
                known = self._grown(path, known, state)
                self._parsed[path] = known
            return known.counting

    def state(self) -> tuple[int, int]:
        """The file's size in bytes, and when it was written."""
        try:
            found = self._path().stat()
        except OSError:
            return 0, 0
        return found.st_size, found.st_mtime_ns

    def _path(self) -> Path:
        return artifacts_folder() / self._name

    def _grown(self, path: Path, known: _Parsed[Said], state: tuple[int, int]) -> _Parsed[Said]:
        """What the file says in this state."""
        size, _ = state
        try:
            with open(path, "rb") as file:
                file.seek(max(0, known.size - len(known.tail)))
                if known.size > size or file.read(len(known.tail)) != known.tail:
                    known = _Parsed()  # it is another file than it was
                    file.seek(0)
                content = file.read(size - known.size)
        except OSError:
            return _Parsed()
        content = content[: content.rfind(b"\n") + 1]  # a line that is not whole counts later
        self._read(content, known.found)
        return _Parsed(
            known.size + len(content),
            (known.tail + content)[-2000:],
            known.found,
            state,
            tuple(said for said in known.found.values() if said is not None),
        )

    def _read(self, content: bytes, found: dict[str, Said | None]) -> None:
        for line in content.splitlines():
            try:
                row = json.loads(line)
                found[str(row["id"])] = None if row["label"] is None else self._parse(row)
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
