"""A client of the API, typed, in one file to copy; it needs Python 3.11 and httpx.

from pathlib import Path
from client import Client

with Client("http://127.0.0.1:8000") as digits:
    print(digits.predict(Path("seven.png")).digit)
    print(digits.predict([[(80, 60), (150, 56), (215, 60), (135, 235)]]).confidence)
    print(digits.read(Path("equation.png")).value)
    for entry in digits.batch([Path("a.png"), Path("b.png"), Path("test.csv")]):
        print(entry)
"""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx

Point = Sequence[float]
Strokes = Sequence[Sequence[Point]]
Picture = Path | bytes | Strokes
"""An image file, its content, or a drawing: strokes of points (x, y), y growing downwards."""

Status = Literal["ok", "unsure", "not_a_digit", "blank", "error"]

TRIES, LONGEST_WAIT = 5, 10.0
"""How often a request is sent to a server that is busy, and the most seconds between."""


class DigitsError(Exception):
    """What the server refused: its own sentence, `code` for programs and the HTTP `status`, which
    is 0 where no server answers and in a batch, where one file alone was refused."""

    def __init__(self, message: str, code: str, status: int = 0) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclasses.dataclass(frozen=True)
class Prediction:
    """One digit; `digit` is None where there is none, `probabilities` are those of 0 to 9.

    `part` is what was read in a picture: left, top, right, bottom in shares of it; `turned` by how
    many degrees it was turned; `fallback` says where another run answered for a damaged one.
    """

    digit: int | None
    confidence: float
    probabilities: list[float]
    status: Status
    run: str
    part: list[float] | None = None
    turned: int | None = None
    fallback: str | None = None


@dataclasses.dataclass(frozen=True)
class Symbol:
    """One symbol of a line; `box` is left, top, right, bottom in pixels."""

    text: str
    confidence: float
    box: list[float]
    strokes: list[int]


@dataclasses.dataclass(frozen=True)
class Line:
    """A number or an equation; `value` is None where it has none, and `message` says why."""

    text: str
    value: str | None
    symbols: list[Symbol]
    second: str
    run: str
    message: str = ""
    fallback: str | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of a table; `error` says why it could not be read."""

    item: str
    digit: int | None
    status: Status
    confidence: float | None = None
    label: int | None = None
    error: str | None = None


@dataclasses.dataclass(frozen=True)
class Table:
    """The rows of a table and what became of them."""

    items: list[Row]
    summary: dict[str, float | None]
    suggestion: str | None
    run: str


@dataclasses.dataclass(frozen=True)
class Run:
    """One training run; `damaged` says what is wrong with it, where something is."""

    run: str
    production: bool
    name: str | None = None
    accuracy: dict[str, float] = dataclasses.field(default_factory=dict)
    damaged: str | None = None


Answer = TypeVar("Answer")
Record = TypeVar("Record", Prediction, Line, Symbol, Row, Table, Run)


class Client:
    """Speaks to one server; close it, or use it in a `with`. Every method raises DigitsError."""

    def __init__(
        self, url: str = "http://127.0.0.1:8000", token: str = "", timeout: float = 60
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

    def predict(self, picture: Picture) -> Prediction:
        """Reads one digit."""
        made = partial(_record, Prediction)
        return self._send(made, "POST", "/predict", **_body(picture))

    def read(self, picture: Picture) -> Line:
        """Reads a number or an equation."""
        return self._send(_line, "POST", "/read", **_body(picture))

    def batch(
        self,
        files: Sequence[Path | tuple[str, bytes]],
        label: str = "",
        inverted: bool = False,
        transposed: bool = False,
    ) -> list[Prediction | Table | DigitsError]:
        """Reads many files, at most 1,000 and 64 MB; an entry for each, in their order.

        Args:
            files: paths, or names and contents.
            label: of tables, the column with the label: `first`, `last`, `none` or its name.
        """
        parts = [("file", _named(file)) for file in files]
        asked = {"label": label, "inverted": inverted, "transposed": transposed}
        made = partial(_each, _entry)
        return self._send(made, "POST", "/predict/batch", files=parts, params=asked)

    def health(self) -> str:
        """The id of the run that answers."""
        return self._send(lambda found: str(found["run"]), "GET", "/health")

    def runs(self, limit: int = 100, offset: int = 0) -> list[Run]:
        """The training runs, the newest first."""
        asked = {"limit": limit, "offset": offset}
        return self._send(partial(_each, partial(_record, Run)), "GET", "/runs", params=asked)

    def promote(self, run: str, reason: str = "") -> None:
        """Puts a run into production; it needs the token."""
        self._send(dict, "POST", f"/runs/{run}/promote", params={"reason": reason})

    def _send(self, made: Callable[[Any], Answer], method: str, path: str, **what: Any) -> Answer:
        for tries_left in reversed(range(TRIES)):
            try:
                answer = self._http.request(method, path, **what)
            except httpx.TransportError as error:
                sentence = f"No server answers at {self._http.base_url} ({error})."
                raise DigitsError(sentence, "no_server") from error
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or not tries_left:
                break
            time.sleep(_seconds(answer.headers.get("Retry-After", "")))
        if not answer.is_success:
            raise _error(answer)
        try:
            return made(answer.json())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            sentence = f"{answer.url} answered with what is no answer of Digits."
            raise DigitsError(sentence, "unknown", answer.status_code) from error

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _named(file: Path | tuple[str, bytes]) -> tuple[str, bytes]:
    return (file.name, file.read_bytes()) if isinstance(file, Path) else file


def _body(picture: Picture) -> dict[str, Any]:
    if isinstance(picture, Path | bytes):
        file = picture if isinstance(picture, Path) else ("picture", picture)
        return {"files": {"file": _named(file)}}
    strokes = [[[float(x) for x in point] for point in stroke] for stroke in picture]
    return {"json": {"strokes": strokes}}


def _record(kind: type[Record], found: Mapping[str, Any]) -> Record:
    """A record of what the server says; what a newer server says beside that is left out."""
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in found.items() if name in names})


def _line(found: Mapping[str, Any]) -> Line:
    symbols = [_record(Symbol, symbol) for symbol in found["symbols"]]
    return _record(Line, {**found, "symbols": symbols})


def _each(made: Callable[[Any], Answer], found: Sequence[Any]) -> list[Answer]:
    return [made(one) for one in found]


def _seconds(told: str) -> float:
    """How long to wait by `Retry-After`; one second where it is a date or missing."""
    return min(float(told) if told.isascii() and told.isdigit() else 1.0, LONGEST_WAIT)


def _entry(found: Mapping[str, Any]) -> Prediction | Table | DigitsError:
    if "error" in found:
        return DigitsError(found["error"]["message"], found["error"]["code"])
    if "items" in found:
        return _record(Table, {**found, "items": [_record(Row, row) for row in found["items"]]})
    return _record(Prediction, found)


def _error(answer: httpx.Response) -> DigitsError:
    try:
        told = answer.json()["error"]
        return DigitsError(told["message"], told["code"], answer.status_code)
    except (ValueError, KeyError, TypeError):
        sentence = f"The server answered with status {answer.status_code} and no reason."
        return DigitsError(sentence, "unknown", answer.status_code)
