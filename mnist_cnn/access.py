"""The owner's key: made once, printed at start, asked for once per browser. A browser that gave it
is known again by a ticket that only this server can make."""

import functools
import hashlib
import hmac
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from mnist_cnn.errors import StorageFailed
from mnist_cnn.locks import locked
from mnist_cnn.settings import MIN_SECRET, artifacts_folder, chosen_key
from mnist_cnn.storage import write_atomically

KEY_FILE = "owner-key"

TICKET_DAYS, SKEW_DAYS = 90, 1
"""How long a ticket counts, and how far the clocks of servers that share a key may differ."""


def owner_key() -> str:
    """`MNIST_CNN_KEY`; or the one in the artifacts folder, made where there is none, so that it
    outlives a restart and is the same for all servers that share the folder; or, where that cannot
    be written to, one of this process.

    Raises:
        BadSetting: `MNIST_CNN_KEY` could be guessed.
    """
    return chosen_key() or _kept_key(artifacts_folder())


@functools.cache
def _kept_key(folder: Path) -> str:
    path, key = folder / KEY_FILE, secrets.token_urlsafe(24)
    busy = StorageFailed(f"Another process is writing {path}; please try again.")
    try:
        with locked(path.with_suffix(".lock"), lambda: busy):
            if len(kept := _text(path)) >= MIN_SECRET:
                return kept
            write_atomically(path, key.encode() + b"\n", mode=0o600)
    except StorageFailed:
        kept = _text(path)
        return kept if len(kept) >= MIN_SECRET else key
    return key


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def same(given: str, secret: str) -> bool:
    """Whether a secret was given, told in a time that does not depend on what was."""
    return hmac.compare_digest(_bytes(given.strip()), _bytes(secret))


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")  # halves of a character may be sent, too


def ticket(way: str, secret: str) -> str:
    """What a browser keeps that gave this secret; it says which, and until when it counts. Nobody
    can find the secret by it."""
    until = int(time.time()) + TICKET_DAYS * 86_400
    return f"{way}.{until}.{_seal(way, until, secret)}"


def opened_by(shown: str, known: Mapping[str, str]) -> str | None:
    """Which of the known secrets a ticket was made for; None for a ticket that is none, is too old
    or was made for a secret that has changed."""
    way, _, rest = shown.partition(".")
    until, _, seal = rest.partition(".")
    if way not in known or not (until.isascii() and until.isdigit() and len(until) < 12):
        return None
    fresh = time.time() < int(until) <= time.time() + (TICKET_DAYS + SKEW_DAYS) * 86_400
    right = hmac.compare_digest(_bytes(seal), _seal(way, int(until), known[way]).encode())
    return way if fresh and right else None


def _seal(way: str, until: int, secret: str) -> str:
    both = _bytes(f"{owner_key()}\n{secret}")  # so that a ticket tells nothing of a short password
    return hmac.new(both, f"{way} {until}".encode(), hashlib.sha256).hexdigest()


_announced: set[str] = set()


def announce(prefix: str = "") -> None:
    """Prints once a process how the owner gets in, on standard error.

    Args:
        prefix: the path under which the dashboard lies, such as `/digits`.

    Raises:
        BadSetting: `MNIST_CNN_KEY` could be guessed.
    """
    key = owner_key()
    if key in _announced:
        return
    _announced.add(key)
    if chosen_key():
        told = "The owner's key is the one in MNIST_CNN_KEY."
    else:
        told = f"The owner opens this link, once per browser: {_own_address()}{prefix}/#key={key}"
    more = "Under another address, put #key=KEY behind that, or type the key where a page asks."
    print(f"{told}\n{more}", file=sys.stderr, flush=True)


def _own_address() -> str:
    """Where this server listens, as a browser on this machine names it."""
    try:
        places = [
            place.laddr
            for place in psutil.Process().net_connections("tcp")
            if place.status == psutil.CONN_LISTEN
        ]
    except (psutil.Error, OSError):
        places = []
    if not places:
        return "http://THIS-SERVER"
    host, port = min(places, key=lambda place: place.port)[:2]
    if host in ("0.0.0.0", "127.0.0.1", "::", "::1"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listens() -> bool:
    """Whether this process takes connections yet."""
    return _own_address() != "http://THIS-SERVER"
