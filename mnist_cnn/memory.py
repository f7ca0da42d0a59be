"""How the C library handles memory that is used and freed with every batch."""

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
"""As malloc.h numbers them."""
MB = 1024 * 1024


def keep_freed_memory() -> None:
    """Lets this process keep what it frees for its next use.

    Otherwise glibc gives it back and fetches it again with every batch, and nearly half of the
    time of training goes into the system's zeroing of pages. It has to be said before the threads
    that allocate are there. Elsewhere than on glibc nothing is changed.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(M_MMAP_THRESHOLD, 32 * MB)  # the most that it takes
        library.mallopt(M_TRIM_THRESHOLD, 1024 * MB)
        library.mallopt(M_TOP_PAD, 64 * MB)  # as large as the heap of a thread
