"""What a request may cost, and what its answer lets browsers do."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial

from anyio import CapacityLimiter
from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_cnn.api.errors import CODE_OF_STATUS, failure
from mnist_cnn.api.prefix import route_path
from mnist_cnn.settings import (
    BODY_TIMEOUT_SECONDS,
    FORM_OVERHEAD_BYTES,
    MAX_BATCH_BYTES,
    MAX_CONCURRENT,
    MAX_FILE_BYTES,
    MAX_REQUESTS_BYTES,
    MAX_TABLE_UPLOAD_MB,
    MAX_UPLOADS_BYTES,
    UPLOAD_SECONDS,
)

READERS = CapacityLimiter(2)
"""Threads that decode and read: as many as keep two cores busy, first come, first served."""


class ConcurrencyLimit:
    """Counts the requests that are being worked on, and turns away those that are too many."""

    def __init__(self) -> None:
        self._inside = 0

    async def __call__(self) -> AsyncIterator[None]:
        if self._inside >= MAX_CONCURRENT:
            message = f"{MAX_CONCURRENT} requests are being read; please try again in a second."
            raise HTTPException(429, message, {"Retry-After": "1"})
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1


concurrency_limit = ConcurrencyLimit()

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

SEALED = "default-src 'none'; frame-ancestors 'none'"

FOR_DOCS = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)


class AnswerHeaders:
    """Around all answers of the API: the headers that keep browsers from making more of an answer
    than there is in it. A HEAD is answered as a GET, of which the server sends the head alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = FOR_DOCS if route_path(scope).startswith("/docs") else SEALED

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = {**HEADERS, "content-security-policy": policy}
                message["headers"] = [
                    *message["headers"],
                    *((name.encode(), value.encode()) for name, value in extra.items()),
                ]
            await send(message)

        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        await self._app(asked, receive, send_guarded)


Held = Callable[[], Mapping[str, int]]
"""How many bytes are held, by who holds them."""


def _full(what: str) -> HTTPException:
    message = f"{what}; please try again in a moment."
    return HTTPException(429, message, {"Retry-After": "5", "Connection": "close"})


class BytesInFlight:
    """Counts what is on its way over all requests, and turns away what is too much."""

    def __init__(self, most: int, held: Callable[[], int] = lambda: 0) -> None:
        self._most, self._held, self._taken = most, held, 0

    def take(self, size: int) -> None:
        """Raises HTTPException where there is no room for so many bytes more."""
        if self._taken + self._held() + size > self._most:
            raise _full(f"More than {self._most // 2**20} MB are being sent by all together")
        self._taken += size

    def give_back(self, size: int) -> None:
        self._taken -= size


class BytesOfOne(BytesInFlight):
    """What is on its way from one session and one address: no more than half of the room for all,
    with what they hold, so that nobody takes it all."""

    def __init__(self, in_flight: BytesInFlight, sent: Counter[str], held: Held) -> None:
        self._in_flight, self._sent, self._of = in_flight, sent, held

    def take(self, size: int) -> None:
        """Raises HTTPException where there is no room for so many bytes more."""
        most = MAX_UPLOADS_BYTES // 2 + FORM_OVERHEAD_BYTES
        held = self._of()
        if any(self._sent[one] + there + size > most for one, there in held.items()):
            raise _full(f"More than {most // 2**20} MB are being sent or held by one visitor")
        self._in_flight.take(size)
        self._sent.update(dict.fromkeys(held, size))

    def give_back(self, size: int) -> None:
        self._in_flight.give_back(size)
        for one in self._of():
            self._sent[one] -= size
            if not self._sent[one]:
                del self._sent[one]


class RequestLimits:
    """Around every request to the API: a body that is neither large nor slow."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._in_flight = app, BytesInFlight(MAX_REQUESTS_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), route_path(scope)
        limit = MAX_BATCH_BYTES if path == "/predict/batch" else MAX_FILE_BYTES
        limit += FORM_OVERHEAD_BYTES
        if problem := self._problem(headers, limit):
            status, message = problem
            answer = JSONResponse(
                failure(CODE_OF_STATUS[status], message), status, {"Connection": "close"}
            )
            await answer(scope, receive, send)
            return
        body = Body(receive, limit, BODY_TIMEOUT_SECONDS, self._in_flight)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._in_flight.give_back(body.counted)

    @staticmethod
    def _problem(headers: Mapping[str, str], limit: int) -> tuple[int, str] | None:
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return 400, "The Content-Length header is no number."
        if int(length[:20]) > limit:
            return 413, _too_large(limit)
        return None


class UploadLimits:
    """Around the dashboard: what its sessions upload is neither slow nor, with what they hold
    already, too much."""

    def __init__(self, app: ASGIApp, held: Held) -> None:
        self._app, self._held = app, held
        self._in_flight = BytesInFlight(MAX_UPLOADS_BYTES, lambda: sum(held().values()))
        self._sent, self._address_of = Counter[str](), dict[str, str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = MAX_TABLE_UPLOAD_MB * 2**20 + FORM_OVERHEAD_BYTES
        session = f"session {[*route_path(scope).split('/'), '', '', ''][3]}"
        address = f"address {(scope.get('client') or ['here'])[0]}"
        one = BytesOfOne(self._in_flight, self._sent, partial(self._held_by, session, address))
        body = Body(receive, limit, UPLOAD_SECONDS, one)
        try:
            await self._app(scope, body.receive, send)
        finally:
            one.give_back(body.counted)
            self._address_of.setdefault(session, address)

    def _held_by(self, session: str, address: str) -> dict[str, int]:
        """What this session, and all that sent from this address, hold."""
        held = {f"session {name}": size for name, size in self._held().items()}
        self._address_of = {s: a for s, a in self._address_of.items() if s in held}
        there = sum(n for s, n in held.items() if self._address_of.get(s) == address)
        return {session: held.get(session, 0), address: there}


class Body:
    """A request's body as it arrives, cut off where it becomes too large, takes too long or finds
    no room; `counted` is what it has taken of the room for all."""

    def __init__(
        self, receive: Receive, limit: int, seconds: float, in_flight: BytesInFlight
    ) -> None:
        self._receive, self._limit, self._seconds = receive, limit, seconds
        self._in_flight, self.counted = in_flight, 0
        self._whole = False
        self._deadline = asyncio.get_running_loop().time() + seconds

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            late = f"The request did not arrive within {self._seconds:.0f} seconds."
            raise HTTPException(408, late, {"Connection": "close"}) from error
        size = len(message.get("body", b""))
        if self.counted + size > self._limit:
            raise HTTPException(413, _too_large(self._limit), {"Connection": "close"})
        self._in_flight.take(size)
        self.counted += size
        self._whole = not message.get("more_body", False)
        return message


def _too_large(limit: int) -> str:
    return f"The request is larger than {limit // 2**20} MB, which is as much as is taken."
