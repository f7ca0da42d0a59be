"""How long a try at a key, a password or a token waits: longer after each wrong one, never for
ever, so that guessing is slow and the right one always gets in."""

import ipaddress
import threading
import time
from collections.abc import Callable

FREE = 3
"""Wrong tries in a row that cost nothing; people mistype."""

FIRST_SECONDS, MAX_SECONDS = 0.5, 15.0
"""What the first try after them waits, and the most that any waits; it doubles in between."""

FORGIVEN_SECONDS = 60.0
"""Each of these without a try takes one wrong try back."""

MAX_COUNT = 10.0
"""More wrong tries than this are forgotten no later."""

ALL, SHARE = "all", 1 / 20
"""Tries from all addresses together count too, so much each: whoever can change addresses at will,
as behind some tunnels, is slowed down all the same."""

MAX_ADDRESSES = 10_000

HERE = "this machine"


class Attempts:
    """Tries by address. Each is counted when it comes, so that many at once do not slip through."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._counts: dict[str, tuple[float, float]] = {}

    def delay(self, address: str | None) -> float:
        """Counts a try from there, and says how many seconds it waits before it is judged."""
        with self._lock:
            place = _place(address)
            before = max(self._add(place, 1), self._add(ALL, SHARE))
            while len(self._counts) > MAX_ADDRESSES:
                self._counts.pop(next(name for name in self._counts if name != ALL))
        if before < FREE:
            return 0.0
        return min(FIRST_SECONDS * 2 ** (before - FREE), MAX_SECONDS)

    def succeeded(self, address: str | None) -> None:
        """The try was right: what came from there before is forgotten."""
        with self._lock:
            self._counts.pop(_place(address), None)
            self._add(ALL, -SHARE)

    def _add(self, place: str, share: float) -> float:
        """The count before this try."""
        now = self._clock()
        count, last = self._counts.pop(place, (0.0, now))
        count = max(0.0, count - (now - last) / FORGIVEN_SECONDS)
        self._counts[place] = (min(max(0.0, count + share), MAX_COUNT), now)
        return count


ATTEMPTS = Attempts()
"""Those at this server, whatever they try to open."""


def _place(address: str | None) -> str:
    """An address as it is counted: one network of IPv6 is one place, this machine another."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return address or HERE
    known = getattr(known, "ipv4_mapped", None) or known
    if known.is_loopback:
        return HERE
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
