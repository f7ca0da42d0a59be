"""What all visitors share as long as one of them asks for it; then the server lets it go."""

import threading
import time
from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 90.0
"""For so long after it was asked for last, a value is kept."""


class KeptWhileUsed(Generic[T]):
    """A function whose last answers are kept by its arguments, at most `max_entries` of them, each
    until nobody asked for it for a while; made anew, one at a time, when somebody does."""

    def __init__(self, make: Callable[..., T], max_entries: int) -> None:
        self._make, self._max_entries = make, max_entries
        self._values: dict[tuple[Hashable, ...], tuple[float, T]] = {}
        self._changing, self._sweeping = threading.Lock(), False
        update_wrapper(self, make)

    def __call__(self, *arguments: Hashable) -> T:
        with self._changing:
            known = self._values.pop(arguments, None)
            value = known[1] if known else self._make(*arguments)
            self._values[arguments] = time.monotonic(), value
            while len(self._values) > self._max_entries:
                del self._values[next(iter(self._values))]
            if not self._sweeping:
                self._sweeping = True
                threading.Thread(target=self._sweep, daemon=True).start()
        return value

    def clear(self) -> None:
        """Lets go of all of them."""
        with self._changing:
            self._values.clear()

    def _sweep(self) -> None:
        """Lets values go when their time is over, until none is left."""
        while self._sweeping:
            time.sleep(SECONDS / 6)
            with self._changing:
                over = time.monotonic() - SECONDS
                self._values = {k: v for k, v in self._values.items() if v[0] > over}
                self._sweeping = bool(self._values)


def kept_while_used(max_entries: int) -> Callable[[Callable[..., T]], KeptWhileUsed[T]]:
    """Decorates what makes the values."""
    return lambda make: KeptWhileUsed(make, max_entries)
