"""What a server does once, when it starts: it says how the owner gets in, takes as many connections
as the system allows, and lets go of those that say nothing."""

import asyncio
import contextlib
import functools
import logging
import sys
import weakref
from collections.abc import Callable
from typing import Any

from mnist_cnn import native_memory
from mnist_cnn.access import announce, listens
from mnist_cnn.errors import BadSetting
from mnist_cnn.settings import HEAD_TIMEOUT_SECONDS, MAX_CONNECTIONS, api_token, chosen_key

POLL_SECONDS, PATIENCE_SECONDS = 0.1, 10

SWEEP_SECONDS = 30

OPEN_MAX = 10_240
"""Open files that macOS allows a process although its limit says more."""


def refuse_bad_settings() -> None:
    """Ends the process, in a sentence, where a token or key was chosen that could be guessed."""
    try:
        api_token()
        chosen_key()
    except BadSetting as error:
        sys.exit(f"Digits did not start: {error}")


async def announce_once_it_listens(prefix: str) -> None:
    """Prints how the owner gets in, with the address that is known only then."""
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        if listens():
            break
        await asyncio.sleep(POLL_SECONDS)
    announce(prefix)


async def let_go_of_ended_sessions(held: Callable[[], object]) -> None:
    """Counts from time to time what the dashboard's sessions hold, so that what belonged to closed
    tabs goes although nobody comes."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            held()
        except Exception:
            logging.getLogger(__name__).exception("What ended sessions held could not be counted")


@functools.cache
def harden() -> None:
    """Raises the limit of open files, lets heads that do not come time out, and gives memory back
    that was freed."""
    native_memory.give_back_from_now_on()
    _raise_limit_of_open_files()
    from uvicorn.protocols.http import h11_impl

    _watch_heads(h11_impl.H11Protocol)
    try:
        from uvicorn.protocols.http import httptools_impl
    except ImportError:  # it is faster, and need not be there
        return
    _watch_heads(httptools_impl.HttpToolsProtocol)


def _raise_limit_of_open_files() -> None:
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, MAX_CONNECTIONS)
    for most in (wanted, OPEN_MAX):
        if soft == resource.RLIM_INFINITY or soft >= most:
            return
        with contextlib.suppress(ValueError, OSError):  # fewer connections, and a server
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return


def _watch_heads(protocol: Any) -> None:
    """Uvicorn has a limit for connections that fall silent after an answer, and none for those
    that never send a whole head; so each of its connections is looked at from time to time."""
    original = protocol.connection_made

    def connection_made(self: Any, transport: asyncio.Transport) -> None:
        original(self, transport)
        _look_again(self, None)

    protocol.connection_made = connection_made


def _look_again(connection: Any, request: Any) -> None:
    """Args:
    request: the one that the connection had last sent when it was looked at.
    """
    reference = weakref.ref(connection)

    def look() -> None:
        seen = reference()
        if seen is None or seen.transport is None or seen.transport.is_closing():
            return
        if seen.transport.get_protocol() is not seen:  # it has become a websocket
            return
        if seen.cycle is not None and not seen.cycle.response_complete:
            _look_again(seen, None)
        elif seen.cycle is request:  # idle then and now, and no whole head between
            seen.transport.close()
        else:
            _look_again(seen, seen.cycle)

    connection.loop.call_later(HEAD_TIMEOUT_SECONDS, look)
