"""Every fault has a test, and the table of them is as the tests are."""

import re

from mnist_cnn.settings import PROJECT_FOLDER
from tests.support.fault_rows import REMARKS, ROWS
from tests.support.fault_table import marked_tests, told_before

TABLE = PROJECT_FOLDER / "docs" / "faults.md"
ROW = re.compile(r"^\| (\d+) \|.*", re.MULTILINE)
LINES = {int(found[1]): found[0] for found in ROW.finditer(TABLE.read_text())}


def test_every_row_has_a_test_or_a_reason() -> None:
    assert list(ROWS) == list(range(1, 73))
    marked = marked_tests()
    assert set(marked) <= set(ROWS), "marks of rows that there are not"
    assert sorted(set(ROWS) - set(marked) - set(REMARKS)) == []


def test_the_table_has_every_row_with_its_tests() -> None:
    """Where this fails: python -m pytest -m fault --faults docs/faults.md"""
    marked = marked_tests()
    assert list(LINES) == list(ROWS)
    for row, line in LINES.items():
        told = set(told_before(TABLE)[row])
        assert told <= marked[row], f"row {row} names what is no test of it any more"
        assert told or not marked[row], f"row {row} has tests, and the table none"
        assert " failed" not in line
