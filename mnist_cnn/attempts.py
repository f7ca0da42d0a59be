"""How long a try at a key, a password or a token waits: longer after each wrong one, never for
ever, so that guessing is slow and the right one always gets in."""

import dataclasses
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

MAX_QUEUE_SECONDS = 4 * MAX_SECONDS
"""Tries from one address are judged one after the other; who would wait longer is sent away."""

BUSY = "Too many tries are waiting; please wait a minute and try again."

HERE = "this machine"


@dataclasses.dataclass
class _Tries:
    """Those from one place: how many were wrong, when the last came, when the next is judged."""

    count: float
    last: float
    free_at: float = 0.0


class Attempts:
    """Tries by address. Each is counted when it comes, so that many at once do not slip through."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._counts: dict[str, _Tries] = {}

    def delay(self, address: str | None) -> float | None:
        """Counts a try from there, and says how many seconds it waits before it is judged, behind
        those from there that wait already; None where they are too many, and it is not judged."""
        with self._lock:
            place, now = _place(address), self._clock()
            known = self._counts.get(place)
            queue = max(0.0, known.free_at - now) if known else 0.0
            if queue >= MAX_QUEUE_SECONDS:
                return None
            before = max(self._add(place, 1), self._add(ALL, SHARE))
            self._counts[place].free_at = now + queue + _step(before)
            while len(self._counts) > MAX_ADDRESSES:
                self._counts.pop(next(name for name in self._counts if name != ALL))
        return queue + _step(before)

    def succeeded(self, address: str | None) -> None:
        """The try was right: what came from there before is forgotten."""
        with self._lock:
            self._counts.pop(_place(address), None)
            self._add(ALL, -SHARE)

    def _add(self, place: str, share: float) -> float:
        """The count before this try."""
        now = self._clock()
        tries = self._counts.pop(place, None) or _Tries(0.0, now)
        before = max(0.0, tries.count - (now - tries.last) / FORGIVEN_SECONDS)
        tries.count, tries.last = min(max(0.0, before + share), MAX_COUNT), now
        self._counts[place] = tries
        return before


ATTEMPTS = Attempts()
"""Those at this server, whatever they try to open."""


def _step(before: float) -> float:
    """What a try adds to the wait, after so many wrong ones."""
    if before <= FREE - 0.5:  # the seconds between quick tries forgive none of them
        return 0.0
    return min(FIRST_SECONDS * 2 ** (before - FREE), MAX_SECONDS)


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
