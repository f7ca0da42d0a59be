"""What the API answers with, as OpenAPI describes it."""

from typing import Literal

from pydantic import BaseModel, Field

FALLBACK = "only where another run answers for a damaged one: which, in a sentence"


class ErrorDetail(BaseModel):
    """What went wrong: `code` for programs, `message` for people."""

    code: str = Field(examples=["image_too_large"])
    message: str = Field(examples=["The file has more than 20 MB; please choose a smaller image."])


class ErrorResponse(BaseModel):
    error: ErrorDetail


class PredictionResponse(BaseModel):
    """What was read in one image.

    `digit` is null where no digit was found: status `not_a_digit` or `blank`. `confidence` is
    calibrated: of the answers given with 0.9, nine in ten are right.
    """

    digit: int | None = Field(ge=0, le=9, examples=[7])
    confidence: float = Field(ge=0, le=1, examples=[0.998])
    probabilities: list[float] = Field(description="of 0 to 9; empty for a blank image")
    status: Literal["ok", "unsure", "not_a_digit", "blank"]
    part: tuple[float, float, float, float] | None = Field(
        None, description="of a picture, what was read: left, top, right, bottom in shares of it"
    )
    turned: int | None = Field(
        None, description="only where it lies on its side: by how many degrees it was turned"
    )
    run: str = Field(description="the run that answered", examples=["20261128-085732-aa4218"])
    fallback: str | None = Field(None, description=FALLBACK)


class RowResponse(BaseModel):
    """A row of a table; `error` says why it could not be read."""

    item: str = Field(examples=["train.csv row 2"])
    digit: int | None = Field(ge=0, le=9)
    confidence: float | None
    status: Literal["ok", "unsure", "not_a_digit", "blank", "error"]
    label: int | None = None
    error: str | None = None


class TableResponse(BaseModel):
    """The rows of a table, and what became of them; `suggestion` says where its images make more
    sense inverted or transposed."""

    items: list[RowResponse]
    summary: dict[str, float | None] = Field(examples=[{"items": 1, "errors": 0, "right": 1}])
    suggestion: str | None
    run: str


class SymbolResponse(BaseModel):
    """One symbol of a line; `box` is left, top, right, bottom in pixels."""

    text: str = Field(examples=["7"])
    confidence: float = Field(ge=0, le=1)
    box: tuple[float, float, float, float]
    strokes: list[int] = Field(description="the numbers of its pieces of ink")


class LineResponse(BaseModel):
    """A number or an equation; `value` is exact, null where it has none, and `message` says why."""

    text: str = Field(examples=["12+7="])
    value: str | None = Field(examples=["19"])
    symbols: list[SymbolResponse]
    second: str = Field(description="the next best reading", examples=["12+1="])
    message: str = ""
    run: str
    fallback: str | None = Field(None, description=FALLBACK)


class HealthResponse(BaseModel):
    status: Literal["ready"]
    run: str
    fallback: str | None = Field(None, description=FALLBACK)


class RunSummary(BaseModel):
    """One training run; `damaged` says what is wrong with it, where something is."""

    run: str
    production: bool
    name: str | None = None
    accuracy: dict[str, float] = {}
    damaged: str | None = None


class PromotionResponse(BaseModel):
    run: str
    production: Literal[True] = True
