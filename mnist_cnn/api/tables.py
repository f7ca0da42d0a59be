"""The tables of digits among the files of a request."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any

from anyio import to_thread
from starlette.datastructures import UploadFile

from mnist_cnn.api.errors import failure
from mnist_cnn.api.limits import READERS
from mnist_cnn.batch.inputs.choices import Choices, Tables
from mnist_cnn.batch.inputs.tables import TableFiles
from mnist_cnn.batch.results import Summary
from mnist_cnn.batch.stream import read_on_one_core
from mnist_cnn.batch.turned import suggestion
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.settings import MAX_ROWS

LONGEST_NAME = 200
"""Characters of a file's name that every row of it repeats."""

AT_ONCE = 500
"""Rows that are read before single images get their turn."""


class TablesOfRequest:
    """Reads tables that came in one request, whose labels may lie in files of their own."""

    def __init__(self, files: Iterable[UploadFile], choices: Choices) -> None:
        self._tables = Tables(choices)
        self._together = TableFiles(self._tables)
        self._left = MAX_ROWS
        for file in files:
            self._together.take_labels(_name(file), file.file)
            file.file.seek(0)

    async def entry(
        self, file: UploadFile, classifier: Classifier, gone: Callable[[], Awaitable[bool]]
    ) -> dict[str, Any]:
        """All rows of a table, and what became of them; or why there are none. Where whoever asked
        is `gone`, it stops."""
        self._tables.samples.clear()
        items = self._together.items(_name(file), file.file) or iter(())
        results = read_on_one_core(items, classifier)
        summary, rows = Summary(), []
        while some := await _in_thread(partial(list, islice(results, AT_ONCE))):
            for result in some:
                summary.add(result)
                rows.append(result.row)
            if await gone():
                break
            self._left -= len(some)
            if self._left < 0:
                told = f"The request has more than {MAX_ROWS:,} rows; send parts."
                return failure("bad_input", told)
        if len(rows) == summary.errors == 1:
            return failure("bad_input", rows[0]["error"])
        tables = self._tables
        better = await _in_thread(partial(suggestion, tables.samples, tables.choices, classifier))
        return {
            "items": rows,
            "summary": summary.as_dict(),
            "suggestion": better.sentence if better else None,
            "run": classifier.run_id,
        }

    def settled(
        self, files: Iterable[UploadFile], entries: Iterable[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """The entries, where files of labels that belong to nothing say so; once all are read."""
        unused = {item.name: item.error for item in self._together.left_over()}
        return [
            failure("bad_input", unused[_name(file)])
            if _name(file) in unused and entry.get("items") == []
            else entry
            for file, entry in zip(files, entries, strict=False)
        ]


def _name(file: UploadFile) -> str:
    return (file.filename or "")[-LONGEST_NAME:]


async def _in_thread(work: Callable[[], Any]) -> Any:
    return await to_thread.run_sync(work, limiter=READERS)
