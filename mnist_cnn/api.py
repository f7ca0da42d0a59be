"""The REST API: routes, their models, and what a request may cost.

Every error has one shape, `{"error": {"code": "image_too_large", "message": "…"}}`. Images are
decoded and read in threads, so that neither the dashboard nor other requests wait for them.
"""

import asyncio
import contextlib
import hmac
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Annotated, Any, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_cnn import reader, registry, runs, serving
from mnist_cnn.classifier import Classifier
from mnist_cnn.errors import BadInput, DigitsError, RunError, RunNotFound
from mnist_cnn.images import read_image
from mnist_cnn.settings import (
    MAX_BATCH_BYTES,
    MAX_BATCH_FILES,
    MAX_FILE_BYTES,
    api_origins,
    api_token,
)

FORM_OVERHEAD = 64 * 1024
"""Bytes beside its files that a form may have."""
PATIENCE = 30
"""Seconds within which the whole body must have arrived."""
MOST_AT_ONCE = 64
"""Requests to read something that are taken on; whoever comes then is asked to come again."""
READERS = CapacityLimiter(2)
"""Threads that decode and read: as many as keep two cores busy, first come, first served."""
STATUS = {
    "image_empty": 400,
    "image_too_large": 413,
    "not_an_image": 415,
    "run_not_found": 404,
    "run_refused": 409,
    "storage_failed": 507,
}
"""The HTTP status of each error's code; 422 of those that are not listed."""
WORDS = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "busy",
    503: "not_ready",
}
"""The code of an error that has none of its own, by its HTTP status."""


class Trouble(BaseModel):
    """What went wrong: `code` for programs, `message` for people."""

    code: str = Field(examples=["image_too_large"])
    message: str = Field(examples=["The file has more than 10 MB; please choose a smaller image."])


class Failure(BaseModel):
    error: Trouble


class Answer(BaseModel):
    """What was read in one image.

    `digit` is null where no digit was found: status `not_a_digit` or `blank`. `confidence` is
    calibrated: of the answers given with 0.9, nine in ten are right.
    """

    digit: int | None = Field(ge=0, le=9, examples=[7])
    confidence: float = Field(ge=0, le=1, examples=[0.998])
    probabilities: list[float] = Field(description="of 0 to 9; empty for a blank image")
    status: Literal["ok", "unsure", "not_a_digit", "blank"]
    run: str = Field(description="the run that answered", examples=["20261126-152229-f68cea"])


class Glyph(BaseModel):
    """One symbol of a line; `box` is left, top, right, bottom in pixels."""

    text: str = Field(examples=["7"])
    confidence: float = Field(ge=0, le=1)
    box: tuple[float, float, float, float]
    strokes: list[int] = Field(description="the numbers of its pieces of ink")


class LineAnswer(BaseModel):
    """A number or an equation; `value` is exact, null where it has none, and `message` says why."""

    text: str = Field(examples=["12+7="])
    value: str | None = Field(examples=["19"])
    symbols: list[Glyph]
    second: str = Field(description="the next best reading", examples=["12+1="])
    message: str = ""
    run: str


class Health(BaseModel):
    status: Literal["ready"]
    run: str


class Summary(BaseModel):
    """One training run; `damaged` says what is wrong with it, where something is."""

    run: str
    production: bool
    name: str | None = None
    accuracy: dict[str, float] = {}
    damaged: str | None = None


class Promoted(BaseModel):
    run: str
    production: Literal[True] = True


def _form(what: str, many: bool) -> dict[str, Any]:
    """The request body of a route that takes files, as OpenAPI describes it."""
    file = {"type": "string", "format": "binary", "description": what}
    field = {"type": "array", "items": file} if many else file
    schema = {"type": "object", "required": ["file"], "properties": {"file": field}}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


def _failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Failure} for status in statuses}


api = FastAPIOffline(
    docs_url="/docs",
    redoc_url=None,
    static_url="/docs-assets",
    title="Digits",
    version="1",
    description=(
        "Reads handwritten digits. Send an image, get a digit:\n\n"
        "```sh\ncurl -F file=@seven.png http://127.0.0.1:8000/predict\n```\n\n"
        "The dashboard of the same server is at [/](/)."
    ),
)
PATHS = (
    "/predict",
    "/predict/batch",
    "/read",
    "/health",
    "/runs",
    "/runs/{run:path}",
    "/docs",
    "/docs-assets/{file:path}",
    "/openapi.json",
)
"""What `ApiFirst` hands to `api`."""


@contextlib.asynccontextmanager
async def warm(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Loads the network before the first request; without one the server starts all the same."""
    with contextlib.suppress(DigitsError):
        await to_thread.run_sync(serving.production_classifier)
    yield {}


@contextlib.asynccontextmanager
async def _files(request: Request, most: int) -> AsyncIterator[list[UploadFile]]:
    """The fields named `file` of a multipart form, at most so many."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise HTTPException(
            415, "Please send a multipart form (multipart/form-data) with the image as `file`."
        )
    async with request.form(max_files=most, max_fields=8) as form:
        files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
        if not files:
            raise HTTPException(400, "The form has no file; please send the image as `file`.")
        yield files


async def _one_file(request: Request) -> AsyncIterator[UploadFile]:
    async with _files(request, most=1) as files:
        yield files[0]


async def _many_files(request: Request) -> AsyncIterator[list[UploadFile]]:
    async with _files(request, most=MAX_BATCH_FILES) as files:
        yield files


class _Turnstile:
    """Counts the requests that are being worked on, and turns away those that are too many."""

    def __init__(self) -> None:
        self._inside = 0

    async def __call__(self) -> AsyncIterator[None]:
        if self._inside >= MOST_AT_ONCE:
            message = f"{MOST_AT_ONCE} requests are being read; please try again in a second."
            raise HTTPException(429, message, {"Retry-After": "1"})
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1


turnstile = _Turnstile()


def _owner(authorization: Annotated[str, Header()] = "") -> str:
    """Who changes something: whoever shows the token. Without one configured, nobody may."""
    token = api_token()
    shown = authorization.removeprefix("Bearer ").encode()
    if not token or not hmac.compare_digest(shown, token.encode()):
        raise HTTPException(
            401,
            "This needs `Authorization: Bearer` with the token that the server was started with "
            "as MNIST_CNN_TOKEN; where it was started without one, nobody may.",
            {"WWW-Authenticate": "Bearer"},
        )
    return "somebody with the token"


Reader = Depends(turnstile)
Owner = Annotated[str, Depends(_owner)]


@api.post(
    "/predict",
    response_model=Answer,
    dependencies=[Reader],
    openapi_extra=_form("one digit: PNG, JPEG, BMP, GIF or WEBP, at most 10 MB", many=False),
    responses=_failures(400, 408, 413, 415, 422, 429, 503),
    summary="Read one digit",
)
async def predict(file: Annotated[UploadFile, Depends(_one_file)]) -> Response:
    """`digit` comes first, an integer, or null where no digit was found."""
    content = await file.read()
    return JSONResponse(await to_thread.run_sync(_read, content, limiter=READERS))


@api.post(
    "/predict/batch",
    response_model=list[Answer | Failure],
    dependencies=[Reader],
    openapi_extra=_form(f"images of one digit each, at most {MAX_BATCH_FILES}", many=True),
    responses=_failures(400, 408, 413, 415, 429, 503),
    summary="Read many digits",
)
async def predict_batch(files: Annotated[list[UploadFile], Depends(_many_files)]) -> Response:
    """An entry per file, in the order sent; a file that cannot be read has its error there."""
    entries = []
    for file in files:  # one after the other, so that single images come between them
        content = await file.read()
        entries.append(await to_thread.run_sync(_read_or_error, content, limiter=READERS))
    return JSONResponse(entries)


@api.post(
    "/read",
    response_model=LineAnswer,
    dependencies=[Reader],
    openapi_extra=_form("one line: a number or an equation", many=False),
    responses=_failures(400, 408, 413, 415, 422, 429, 503),
    summary="Read a number or an equation",
)
async def read_line(file: Annotated[UploadFile, Depends(_one_file)]) -> Response:
    """Digits and + − × ÷ = ( ) . / on one line, with the exact value."""
    content = await file.read()
    return JSONResponse(await to_thread.run_sync(_read_line, content, limiter=READERS))


@api.get("/health", response_model=Health, responses=_failures(503), summary="Is it ready?")
def health() -> Any:
    """Ready once a network is loaded; says which run is in production."""
    return {"status": "ready", "run": _classifier().run_id}


@api.get(
    "/runs",
    response_model=list[Summary],
    response_model_exclude_none=True,
    responses=_failures(422),
    summary="The training runs",
)
def list_runs(
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Any:
    """The newest first."""
    return registry.summaries(offset, limit)


@api.get("/runs/{run}", responses=_failures(404), summary="One training run")
def show_run(run: str) -> dict[str, Any]:
    """What it was made of, and its scores on every test set."""
    found = runs.open_run(run)
    return {**found.manifest, "config": found.config, "evaluation": found.evaluation}


@api.post(
    "/runs/{run}/promote",
    response_model=Promoted,
    responses=_failures(401, 404, 409),
    summary="Put a run into production",
)
def promote(run: str, owner: Owner, reason: Annotated[str, Query(max_length=500)] = "") -> Any:
    """Past the same gate as in the dashboard; give a reason where it is worse and shall answer."""
    return {"run": registry.promote(run, by=owner, reason=reason).id}


def _classifier() -> Classifier:
    with _ready():
        return serving.production_classifier()


@contextlib.contextmanager
def _ready() -> Iterator[None]:
    try:
        yield
    except RunError as error:
        raise HTTPException(503, str(error)) from error


def _read(content: bytes) -> dict[str, Any]:
    reading = _classifier().read(content)
    return {**reading.prediction.as_dict(), "run": reading.run_id}


def _read_line(content: bytes) -> dict[str, Any]:
    ink = read_image(content)
    with _ready():
        networks = serving.line_networks()
    line = reader.read_ink_line(ink, networks)
    return {**line.as_dict(), "run": line.run_id}


def _read_or_error(content: bytes) -> dict[str, Any]:
    try:
        return _read(content)
    except BadInput as error:
        return _failure(error.code, str(error))


def _failure(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


@api.exception_handler(DigitsError)
def _said(_: Request, error: DigitsError) -> Response:
    status = STATUS.get(error.code, 422)
    message = "There is no such run." if isinstance(error, RunNotFound) else str(error)
    return JSONResponse(_failure(error.code, message), status)


@api.exception_handler(StarletteHTTPException)
def _refused(_: Request, error: StarletteHTTPException) -> Response:
    code = WORDS.get(error.status_code, "error")
    return JSONResponse(_failure(code, str(error.detail)), error.status_code, error.headers)


@api.exception_handler(ClientDisconnect)
def _gone(_: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=400)  # nobody is there to hear more


@api.exception_handler(RequestValidationError)
def _invalid(_: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return JSONResponse(_failure("invalid", f"{where}: {first['msg']}."), 422)


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
HOST = re.compile(r"[\w.:\-\[\]]{1,255}")


class HostCheck:
    """Around the whole server: a Host header that is none is refused."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = scope["type"] != "http" or HOST.fullmatch(
            Headers(scope=scope).get("host", "localhost")
        )
        refusal = JSONResponse(_failure("bad_request", "The Host header is none."), 400)
        await (self._app if known else refusal)(scope, receive, send)


class ApiFirst:
    """Around the dashboard: what is for the API goes straight to it, past all that only the
    dashboard's requests need."""

    def __init__(self, app: ASGIApp) -> None:
        self._dashboard = app
        routes = [Route(path, api) for path in PATHS]
        self._either = Router(routes, redirect_slashes=False, default=app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._dashboard if scope["type"] == "lifespan" else self._either
        await app(scope, receive, send)


class Guard:
    """Around every request to the API: a body that is neither large nor slow, and the headers that
    keep browsers from making more of an answer than there is in it."""

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

        headers = Headers(scope=scope)
        limit = (MAX_BATCH_BYTES if path == "/predict/batch" else MAX_FILE_BYTES) + FORM_OVERHEAD
        if problem := self._problem(headers, limit):
            status, message = problem
            answer = JSONResponse(_failure(WORDS[status], message), status, {"Connection": "close"})
            await answer(scope, receive, send_guarded)
            return
        await self._app(scope, _Body(receive, limit).receive, send_guarded)

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
        self._deadline = asyncio.get_running_loop().time() + PATIENCE

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            late = f"The request did not arrive within {PATIENCE} seconds."
            raise HTTPException(408, late, {"Connection": "close"}) from error
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._taken > self._limit:
            raise HTTPException(413, _too_large(self._limit), {"Connection": "close"})
        return message


def _too_large(limit: int) -> str:
    return f"The request is larger than {limit // 2**20} MB, which is as much as is taken."


if origins := api_origins():
    api.add_middleware(
        CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], max_age=600
    )
api.add_middleware(Guard)
