"""How a process that trains loads TensorFlow: quiet, and sparing with memory."""

import contextlib
import sys
from collections.abc import Iterator, Sequence

from mnist_cnn import native_memory
from mnist_cnn.settings import set_up_tensorflow

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
    """Once, after work that needed more than what follows; of TensorFlow's files its start mirrors
    in memory much more than its work needs."""
    native_memory.give_back_freed()
    native_memory.let_go_of_mirrored()


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
