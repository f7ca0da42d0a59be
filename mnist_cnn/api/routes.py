"""The routes of the REST API. Images are decoded and read in threads, so that neither the dashboard
nor other requests wait for them."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.datastructures import UploadFile

from mnist_cnn.access import same
from mnist_cnn.api.errors import failure
from mnist_cnn.api.limits import READERS, concurrency_limit
from mnist_cnn.api.schemas import (
    ErrorResponse,
    HealthResponse,
    LineResponse,
    PredictionResponse,
    PromotionResponse,
    RunSummary,
    TableResponse,
)
from mnist_cnn.api.tables import TablesOfRequest
from mnist_cnn.api.uploads import Sent, form_schema, many_files, one_picture
from mnist_cnn.attempts import ATTEMPTS, BUSY
from mnist_cnn.batch.inputs.choices import Choices
from mnist_cnn.batch.inputs.tables import is_table
from mnist_cnn.errors import BadInput, RunError
from mnist_cnn.expressions import reader
from mnist_cnn.ink.decode import TOLD_FORMATS
from mnist_cnn.ink.page import read_image
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.pipeline import predict_image, predict_strokes
from mnist_cnn.records import Drawing
from mnist_cnn.runs import registry, serving, store
from mnist_cnn.settings import MAX_BATCH_FILES, api_token

router = APIRouter()

LABEL = "the label's column in tables: first, last, none or a name; else it is found"


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorResponse} for status in statuses}


TOKEN = HTTPBearer(auto_error=False, description="the token of MNIST_CNN_TOKEN")


async def _owner(request: Request, _: Annotated[object, Depends(TOKEN)]) -> str:
    """Who changes something: whoever shows the token, after the delay that wrong ones before it
    have earned. Without one configured, nobody may."""
    token, address = api_token(), request.client.host if request.client else None
    shown = request.headers.get("authorization", "")
    if token and shown:
        seconds = ATTEMPTS.delay(address)
        if seconds is None:
            raise HTTPException(429, BUSY, {"Retry-After": "60"})
        await asyncio.sleep(seconds)
    if not token or not same(re.sub("^bearer +", "", shown, flags=re.IGNORECASE), token):
        raise HTTPException(
            401,
            "This needs `Authorization: Bearer` with the token that the server was started with "
            "as MNIST_CNN_TOKEN; where it was started without one, nobody may.",
            {"WWW-Authenticate": "Bearer"},
        )
    ATTEMPTS.succeeded(address)
    return "somebody with the token"


Picture = Annotated[Sent, Depends(one_picture)]

Place = Annotated[None, Depends(concurrency_limit)]
"""Comes last, so that a request takes its place among those that are read once its body is here."""

Owner = Annotated[str, Depends(_owner)]


def _choices(
    label: Annotated[str, Query(max_length=80, description=LABEL)] = "",
    inverted: Annotated[bool, Query(description="tables have dark ink on light")] = False,
    transposed: Annotated[bool, Query(description="tables have columns for rows")] = False,
) -> Choices:
    return Choices(label, inverted, transposed)


@router.post(
    "/predict",
    response_model=PredictionResponse,
    openapi_extra=form_schema(f"one digit: {TOLD_FORMATS}, at most 20 MB", many=False),
    responses=_errors(400, 408, 413, 415, 422, 429, 503),
    summary="Read one digit",
)
async def predict(picture: Picture, place: Place) -> Response:
    """`digit` comes first, an integer, or null where no digit was found."""
    return JSONResponse(await to_thread.run_sync(_predict, picture, limiter=READERS))


@router.post(
    "/predict/batch",
    response_model=list[PredictionResponse | TableResponse | ErrorResponse],
    openapi_extra=form_schema(f"images or tables of digits, at most {MAX_BATCH_FILES}", many=True),
    responses=_errors(400, 408, 413, 415, 422, 429, 503),
    summary="Read many digits",
)
async def predict_batch(
    request: Request,
    files: Annotated[list[UploadFile], Depends(many_files)],
    place: Place,
    choices: Annotated[Choices, Depends(_choices)],
) -> Response:
    """An entry per file, in the order sent; a file that cannot be read has its error there. A
    table (CSV, Parquet, IDX, NPY) has one entry too, with an item for each of its rows."""
    tables = await to_thread.run_sync(TablesOfRequest, files, choices, limiter=READERS)
    entries = []
    for file in files:  # one after the other, so that single images come between them
        if await request.is_disconnected():
            break  # nobody waits for the rest
        if is_table(file.file):
            entries.append(await tables.entry(file, _classifier(), request.is_disconnected))
        else:
            content = await file.read()
            entries.append(await to_thread.run_sync(_predict_or_error, content, limiter=READERS))
    entries = tables.settled(files, entries)
    return await to_thread.run_sync(JSONResponse, entries, limiter=READERS)  # it may be long


@router.post(
    "/read",
    response_model=LineResponse,
    openapi_extra=form_schema("one line: a number or an equation", many=False),
    responses=_errors(400, 408, 413, 415, 422, 429, 503),
    summary="Read a number or an equation",
)
async def read_line(picture: Picture, place: Place) -> Response:
    """Digits and + − × ÷ = ( ) . / : % $, with the exact value where it is arithmetic."""
    return JSONResponse(await to_thread.run_sync(_read_line, picture, limiter=READERS))


@router.get(
    "/health",
    response_model=HealthResponse,
    response_model_exclude_none=True,
    responses=_errors(503),
    summary="Is it ready?",
)
def health() -> Any:
    """Ready once a network is loaded; says which run answers, and where it does so for another."""
    run_id = _classifier().run_id
    return {"status": "ready", "run": run_id, **_fallback(run_id)}


@router.get(
    "/runs",
    response_model=list[RunSummary],
    response_model_exclude_none=True,
    responses=_errors(422),
    summary="The training runs",
)
def list_runs(
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Any:
    """The newest first."""
    return registry.summaries(offset, limit)


@router.get("/runs/{run}", responses=_errors(404, 422), summary="One training run")
def show_run(run: str) -> dict[str, Any]:
    """What it was made of, and its scores on every test set."""
    found = store.open_run(run)
    return {**found.manifest, "config": found.config, "evaluation": found.evaluation}


@router.post(
    "/runs/{run}/promote",
    response_model=PromotionResponse,
    responses=_errors(401, 404, 409, 422, 429),
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


def _predict(sent: Sent) -> dict[str, Any]:
    picture = sent.opened()
    if isinstance(picture, Drawing):
        result = predict_strokes(_classifier(), picture.strokes)
    else:
        result = predict_image(_classifier(), picture)
    return {**result.as_dict(), "run": result.run_id, **_fallback(result.run_id)}


def _fallback(run_id: str, kind: str = "digits") -> dict[str, str]:
    """What to say where another run answers than the one in production."""
    message = serving.fallback_message(run_id, kind)
    return {"fallback": message} if message else {}


def _read_line(sent: Sent) -> dict[str, Any]:
    picture = sent.opened()
    seen = picture if isinstance(picture, Drawing) else read_image(picture)
    with _ready():
        networks = serving.line_networks()
    if isinstance(seen, Drawing):
        line = reader.read_strokes_line(seen.strokes, networks)
    else:
        line = reader.read_ink_line(seen, networks)
    told = _fallback(networks.digits.run_id) | _fallback(line.run_id, "symbols")
    return {**line.as_dict(), "run": line.run_id, **told}


def _predict_or_error(content: bytes) -> dict[str, Any]:
    try:
        return _predict(Sent(content))
    except BadInput as error:
        return failure(error.code, str(error))
