"""Native libraries that write to the terminal whatever one tells them."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def native_output_hidden() -> Iterator[None]:
    """Sends what C++ code writes to standard output and error nowhere while the block runs.

    TensorFlow and LiteRT announce themselves on standard error and offer no switch for it. What
    other threads write in these few milliseconds is lost too, so keep the block short.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        for stream, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)
