"""The median of what is timed several times."""

import statistics
from collections.abc import Callable


def median_ms(times: int, measure: Callable[[], float]) -> float:
    """Milliseconds, of a measure in seconds."""
    measure()  # the first one loads packages and fills caches
    return 1000 * statistics.median(measure() for _ in range(times))
