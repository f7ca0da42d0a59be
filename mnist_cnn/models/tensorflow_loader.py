"""How a process that trains loads TensorFlow: quiet, and sparing with memory."""

import contextlib
import ctypes
import sys
from collections.abc import Iterator, Sequence

from mnist_cnn.settings import set_up_tensorflow

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
"""As malloc.h numbers them."""

MB = 1024 * 1024

ONLY_IF_THERE = ("pandas", "pyarrow", "sklearn")
"""Packages that Keras and TensorFlow load to accept their tables, and do without."""


def load_tensorflow() -> None:
    """To be called before anything imports TensorFlow or Keras in a process that trains.

    Its C++ code then reports errors only, what it frees after each batch is kept for the next, and
    it does without the packages that it only loads because they are there, which cost time and
    memory.
    """
    _keep_freed_memory()
    set_up_tensorflow()
    with _hidden(ONLY_IF_THERE):
        import keras  # noqa: F401


def give_back_freed_memory() -> None:
    """Once, after work that needed more than what follows."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _keep_freed_memory() -> None:
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
