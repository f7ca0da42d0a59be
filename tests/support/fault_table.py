"""Which test meets which fault, and what happened: `python -m pytest -m fault --faults PATH`."""

import ast
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from mnist_cnn.settings import PROJECT_FOLDER
from tests.support.fault_rows import REMARKS, ROWS

PROPERTY = "faults"
"""Under which a report carries the rows of its test, also from another process."""

HEAD = """\
# Faults

What Digits is to survive, what tries it, and what happened when it was tried last. Tests carry
`@pytest.mark.fault(row)`; one that has many cases counts each. The suite writes this file, and a
run of a part of it renews that part:

```sh
python -m pytest -m fault --faults docs/faults.md
```

| | what is tried | what must come of it | which test, and what happened |
|---|---|---|---|
"""


ENTRY = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\): ([^<|]+)")
"""A test in the table: its name, its file, and what happened."""


class FaultTable:
    """A plugin of pytest that notes what became of marked tests, and writes it as a table."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[int, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        for rows in (value for name, value in report.user_properties if name == PROPERTY):
            for row in map(int, str(rows).split()):
                self._seen[row][report.nodeid.partition("[")[0]][report.outcome] += 1

    def pytest_sessionfinish(self) -> None:
        before, marked = told_before(self._path), marked_tests()
        lines = [self._line(row, before[row], marked[row]) for row in ROWS]
        self._path.write_text(HEAD + "\n".join(lines) + "\n")

    def _line(self, row: int, before: dict[str, str], marked: set[str]) -> str:
        said = {test: told for test, told in before.items() if test in marked}
        said |= {test: _said(counts) for test, counts in self._seen[row].items()}
        told = [f"{_linked(test)}: {outcome}" for test, outcome in said.items()]
        told += [REMARKS[row]] if row in REMARKS else []
        return f"| {' | '.join([str(row), *ROWS[row], '<br>'.join(sorted(told))])} |"


def _said(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))


def told_before(path: Path) -> dict[int, dict[str, str]]:
    """What a table says already, by row and test."""
    told: dict[int, dict[str, str]] = defaultdict(dict)
    for line in path.read_text().splitlines() if path.exists() else ():
        if row := re.match(r"\| (\d+) \|", line):
            for words, file, outcome in ENTRY.findall(line):
                told[int(row[1])][f"{file}::test_{words.replace(' ', '_')}"] = outcome.strip()
    return told


def _linked(test: str) -> str:
    """A test's name as words, leading to its file."""
    file, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{file})"


def note_rows(items: list[pytest.Item]) -> None:
    """Lets each test's reports carry the rows that it is marked with."""
    for item in items:
        if rows := {row for mark in item.iter_markers("fault") for row in mark.args}:
            item.user_properties.append((PROPERTY, " ".join(map(str, sorted(rows)))))


def marked_tests() -> dict[int, set[str]]:
    """The tests that carry the mark of each row, as they stand in the files."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted((PROJECT_FOLDER / "tests").glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                for row in _rows_of(node):
                    found[row].add(f"{path.relative_to(PROJECT_FOLDER).as_posix()}::{node.name}")
    return found


def _rows_of(test: ast.FunctionDef) -> set[int]:
    return {
        argument.value
        for decorator in test.decorator_list
        for call in ast.walk(decorator)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "fault"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    }
