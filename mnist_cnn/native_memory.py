"""What becomes of memory that was freed: glibc's allocator, told so; elsewhere nothing changes."""

import contextlib
import ctypes
import threading
import time
from pathlib import Path

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
"""As malloc.h numbers them."""

MB = 1024 * 1024

EVERY = 5.0
"""Seconds between two looks at how much is held."""

GROWN = 24 * MB
"""So much more than after the last time, and freed memory is given back again."""

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


def give_back_from_now_on() -> None:
    """For a server: what large pictures and batches took goes back, and does not lie in the heaps
    of a dozen threads. Said again it changes nothing."""
    if not _looking.acquire(blocking=False):
        return
    _tell({M_ARENA_MAX: 2, M_MMAP_THRESHOLD: 4 * MB, M_TRIM_THRESHOLD: 16 * MB})
    threading.Thread(target=_look, daemon=True, name="give memory back").start()


def _look() -> None:
    kept = held()
    while kept:
        time.sleep(EVERY)
        if held() > kept + GROWN:
            give_back_freed()
            kept = held()
        kept = min(kept, held())


def held() -> int:
    """The bytes of memory that this process holds; 0 elsewhere than on Linux."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError, ValueError):
        return 0


def _tell(values: dict[int, int]) -> None:
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        for name, value in values.items():
            library.mallopt(name, value)
