"""What a request may cost, and what its answer lets browsers do."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from anyio import CapacityLimiter
from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_cnn.api.errors import CODE_OF_STATUS, failure
from mnist_cnn.settings import MAX_BATCH_BYTES, MAX_FILE_BYTES

FORM_OVERHEAD = 64 * 1024
"""Bytes beside its files that a form may have."""

BODY_TIMEOUT_SECONDS = 30
"""Seconds within which the whole body must have arrived."""

MAX_CONCURRENT = 64
"""Requests to read something that are taken on; whoever comes then is asked to come again."""

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
        path = str(scope["path"])
        policy = FOR_DOCS if path.startswith("/docs") else SEALED

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


class RequestLimits:
    """Around every request to the API: a body that is neither large nor slow."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), str(scope["path"])
        limit = (MAX_BATCH_BYTES if path == "/predict/batch" else MAX_FILE_BYTES) + FORM_OVERHEAD
        if problem := self._problem(headers, limit):
            status, message = problem
            answer = JSONResponse(
                failure(CODE_OF_STATUS[status], message), status, {"Connection": "close"}
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, _Body(receive, limit).receive, send)

    @staticmethod
    def _problem(headers: Mapping[str, str], limit: int) -> tuple[int, str] | None:
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return 400, "The Content-Length header is no number."
        if int(length[:20]) > limit:
            return 413, _too_large(limit)
        return None


class _Body:
    """A request's body as it arrives, cut off where it becomes too large or takes too long."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit, self._taken = receive, limit, 0
        self._whole = False
        self._deadline = asyncio.get_running_loop().time() + BODY_TIMEOUT_SECONDS

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            late = f"The request did not arrive within {BODY_TIMEOUT_SECONDS} seconds."
            raise HTTPException(408, late, {"Connection": "close"}) from error
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._taken > self._limit:
            raise HTTPException(413, _too_large(self._limit), {"Connection": "close"})
        return message


def _too_large(limit: int) -> str:
    return f"The request is larger than {limit // 2**20} MB, which is as much as is taken."
