"""How a process that trains loads TensorFlow: quiet, and sparing with memory."""

import contextlib
import ctypes
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mnist_cnn import native_memory
from mnist_cnn.settings import set_up_tensorflow

MADV_DONTNEED = 4
"""As bits/mman.h numbers it."""

LARGE_KB = 4096

LIBRARY = re.compile(
    r"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) r-[x-]p .*\.so[.\d]*\n"
    r"(?:.*\n)*?Rss: +(?P<rss>\d+) kB\n(?:.*\n)*?Anonymous: +(?P<anonymous>\d+) kB"
)
"""A part of a library that may not be written to, in smaps, with what of it is in memory."""

ONLY_IF_THERE = ("pandas", "pyarrow", "sklearn")
"""Packages that Keras and TensorFlow load to accept their tables, and do without."""


def load_tensorflow(sparing: bool = False) -> None:
    """To be called before anything imports TensorFlow or Keras in a process that trains.

    Its C++ code then reports errors only, what it frees after each batch is kept for the next, and
    it does without the packages that it only loads because they are there, which cost time and
    memory.

    Args:
        sparing: gives back what it frees, for a process that does not learn.
    """
    if not sparing:
        native_memory.keep_freed()
    set_up_tensorflow()
    with _hidden(ONLY_IF_THERE):
        import keras  # noqa: F401


def give_back_freed_memory() -> None:
    """Once, after work that needed more than what follows: what was freed, and what mirrors
    TensorFlow's files, of which its start touches much more than its work."""
    native_memory.give_back_freed()
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        for start, end in _mirrored(Path("/proc/self/smaps").read_text()):
            library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_DONTNEED)


def _mirrored(maps: str) -> Iterator[tuple[int, int]]:
    """From where to where a process' memory holds unchanged parts of large libraries; the system
    reads them again where they are needed.

    Args:
        maps: as Linux tells them in smaps.
    """
    for entry in re.split(r"\n(?=[0-9a-f]+-)", maps):
        head = LIBRARY.match(entry)
        if head and int(head["rss"]) > LARGE_KB and head["anonymous"] == "0":
            yield int(head["start"], 16), int(head["end"], 16)


@contextlib.contextmanager
def _hidden(packages: Sequence[str]) -> Iterator[None]:
    """What is imported meanwhile does not find those of them that are not loaded yet."""
    hidden = [name for name in packages if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
