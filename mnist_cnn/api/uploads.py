"""The files that a request brings along."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile

from mnist_cnn.settings import MAX_BATCH_FILES


def form_schema(what: str, many: bool) -> dict[str, Any]:
    """The request body of a route that takes files, as OpenAPI describes it."""
    file = {"type": "string", "format": "binary", "description": what}
    field = {"type": "array", "items": file} if many else file
    schema = {"type": "object", "required": ["file"], "properties": {"file": field}}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


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


async def one_file(request: Request) -> AsyncIterator[UploadFile]:
    async with _files(request, most=1) as files:
        yield files[0]


async def many_files(request: Request) -> AsyncIterator[list[UploadFile]]:
    async with _files(request, most=MAX_BATCH_FILES) as files:
        yield files
