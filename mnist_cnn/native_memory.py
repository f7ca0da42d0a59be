"""What becomes of memory that was freed: glibc's allocator, told so; elsewhere nothing changes."""

import contextlib
import ctypes
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
"""As malloc.h numbers them."""

MB = 1024 * 1024

EVERY = 5.0
"""Seconds between two looks at how much is held."""

GROWN = 24 * MB
"""So much more than it has ever been content with, and freed memory is given back."""

ROUNDS = 12
"""In each of so many looks, what mirrors libraries is let go too; and where all is in use, such as
by a network that was loaded, freed memory is given back no oftener."""

MADV_DONTNEED = 4
"""As bits/mman.h numbers it."""

LARGE_KB = 512

LIBRARY = re.compile(
    r"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) r-[x-]p .*\.so[.\d]*\n"
    r"(?:.*\n)*?Rss: +(?P<rss>\d+) kB\n(?:.*\n)*?Anonymous: +(?P<anonymous>\d+) kB"
)
"""A part of a library that may not be written to, in smaps, with what of it is in memory."""

_looking = threading.Lock()


def keep_freed() -> None:
    """Lets this process keep what it frees for its next use.

    Otherwise glibc gives it back and fetches it again with every batch of a training, and nearly
    half of its time goes into the system's zeroing of pages. It has to be said before the threads
    that allocate are there.
    """
    _tell({M_MMAP_THRESHOLD: 32 * MB, M_TRIM_THRESHOLD: 1024 * MB, M_TOP_PAD: 64 * MB})


def give_back_freed() -> None:
    """Gives back what lies free among what is used."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def let_go_of_mirrored() -> None:
    """Lets go of what mirrors libraries unchanged, which are loaded with much that is never used
    again; the system has what is needed back at once, while it still keeps the file."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        for start, end in mirrored(Path("/proc/self/smaps").read_text()):
            library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_DONTNEED)


def mirrored(maps: str) -> Iterator[tuple[int, int]]:
    """From where to where a process' memory holds unchanged parts of libraries.

    Args:
        maps: as Linux tells them in smaps.
    """
    for entry in re.split(r"\n(?=[0-9a-f]+-)", maps):
        head = LIBRARY.match(entry)
        if head and int(head["rss"]) > LARGE_KB and head["anonymous"] == "0":
            yield int(head["start"], 16), int(head["end"], 16)


def give_back_from_now_on() -> None:
    """For a server: what large pictures and batches took goes back, and does not lie in the heaps
    of a dozen threads. Said again it changes nothing."""
    if not _looking.acquire(blocking=False):
        return
    _tell({M_ARENA_MAX: 2, M_MMAP_THRESHOLD: 4 * MB, M_TRIM_THRESHOLD: 16 * MB})
    threading.Thread(target=_look, daemon=True, name="give memory back").start()


def _look() -> None:
    least, looks, pause = held(), 0, 1
    while least:
        time.sleep(EVERY)
        looks += 1
        if looks % pause == 0 and (before := held()) > least + GROWN:
            give_back_freed()
            if looks % ROUNDS == 0:
                let_go_of_mirrored()
            pause = 1 if held() < before - MB else min(2 * pause, ROUNDS)
        least = min(least, held())


def held() -> int:
    """The bytes of memory that this process holds; 0 elsewhere than on Linux."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _tell(values: dict[int, int]) -> None:
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        for name, value in values.items():
            library.mallopt(name, value)
