"""Every error of the API in one shape: `{"error": {"code": "image_too_large", "message": "…"}}`."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect

from mnist_cnn.errors import DigitsError, RunNotFound

STATUS_OF_CODE = {
    "image_empty": 400,
    "image_too_large": 413,
    "not_an_image": 415,
    "run_not_found": 404,
    "run_refused": 409,
    "storage_failed": 507,
}
"""The HTTP status of each error's code; 422 of those that are not listed."""

CODE_OF_STATUS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
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


def failure(code: str, message: str) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"code": code, "message": message}}


def add_handlers(api: FastAPI) -> None:
    """Lets every error leave in that shape."""
    handlers: dict[type[Exception], Any] = {
        DigitsError: _said,
        StarletteHTTPException: _refused,
        ClientDisconnect: _gone,
        RequestValidationError: _invalid,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _said(_: Request, error: DigitsError) -> Response:
    status = STATUS_OF_CODE.get(error.code, 422)
    message = "There is no such run." if isinstance(error, RunNotFound) else str(error)
    return JSONResponse(failure(error.code, message), status)


def _refused(_: Request, error: StarletteHTTPException) -> Response:
    code = CODE_OF_STATUS.get(error.status_code, "error")
    return JSONResponse(failure(code, str(error.detail)), error.status_code, error.headers)


def _gone(_: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=400)  # nobody is there to hear more


def _invalid(_: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return JSONResponse(failure("invalid", f"{where}: {first['msg']}."), 422)
