"""The files that a request brings along."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile

from mnist_cnn.errors import BadStrokes
from mnist_cnn.ink.stroke_files import parsed_line
from mnist_cnn.records import Drawing
from mnist_cnn.settings import MAX_BATCH_FILES, MAX_STROKES_LINE

IN_THE_ADDRESS = ("label", "inverted", "transposed")
"""What a form may not hold, where it would be passed over in silence."""


def form_schema(what: str, many: bool) -> dict[str, Any]:
    """The request body of a route that takes files, as OpenAPI describes it."""
    file = {"type": "string", "format": "binary", "description": what}
    field = {"type": "array", "items": file} if many else file
    schema = {"type": "object", "required": ["file"], "properties": {"file": field}}
    content: dict[str, Any] = {"multipart/form-data": {"schema": schema}}
    if not many:
        strokes = {"type": "array", "description": "of points [x, y], y growing downwards"}
        drawing = {"type": "object", "required": ["strokes"], "properties": {"strokes": strokes}}
        content["application/json"] = {"schema": drawing}
    return {"requestBody": {"required": True, "content": content}}


@contextlib.asynccontextmanager
async def _files(request: Request, most: int) -> AsyncIterator[list[UploadFile]]:
    """The fields named `file` of a multipart form, at most so many."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise HTTPException(
            415,
            "Please send a multipart form (multipart/form-data) with the image as `file`; one "
            'drawing may also come as JSON, {"strokes": [[[x, y], …], …]}.',
        )
    async with request.form(max_files=most, max_fields=8) as form:
        files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
        if not files:
            raise HTTPException(400, "The form has no file; please send the image as `file`.")
        yield files


@dataclass(frozen=True)
class Sent:
    """What came with a request: the image of a form, or a drawing as JSON."""

    content: bytes
    is_json: bool = False

    def opened(self) -> bytes | Drawing:
        """The image file, or the drawing that `{"strokes": [[[x, y], …], …]}` tells. For a thread:
        it takes its time.

        Raises:
            BadStrokes: the body is no drawing.
        """
        if not self.is_json:
            return self.content
        if len(self.content) > MAX_STROKES_LINE:
            raise BadStrokes(
                f"The body is no drawing: it is longer than {MAX_STROKES_LINE // 2**20} MB."
            )
        parsed = parsed_line(1, self.content)
        if isinstance(parsed, BadStrokes):
            why = str(parsed).removeprefix("Line 1 was left out: ")
            raise BadStrokes(f"The body is no drawing: {why}")
        return parsed


async def one_picture(request: Request) -> Sent:
    """The image of a form, or a JSON body that holds strokes."""
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("application/json") and b'"strokes"' in (body := await request.body()):
        return Sent(body, is_json=True)
    async with _files(request, most=1) as files:
        return Sent(await files[0].read())


async def many_files(request: Request) -> AsyncIterator[list[UploadFile]]:
    async with _files(request, most=MAX_BATCH_FILES) as files:
        form = await request.form()  # the same once more
        if misplaced := [name for name in IN_THE_ADDRESS if name in form]:
            raise HTTPException(
                400,
                f"The form's field `{misplaced[0]}` belongs in the address: "
                f"POST /predict/batch?{misplaced[0]}=…",
            )
        yield files
