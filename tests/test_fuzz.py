"""Valid files of every format, changed at random: nothing but a sentence comes out."""

from pathlib import Path

import pytest

from tests.support.fuzzing import Finding, fuzz

pytestmark = pytest.mark.slow

SECONDS = 8
"""`python -m benchmarks.fuzz` goes on for an hour, from another number each time."""


@pytest.mark.fault(16, 25, 29, 49, 62)
def test_files_changed_at_random_bring_sentences_and_nothing_else(tmp_path: Path) -> None:
    found = list(fuzz(20261127, SECONDS, tmp_path))
    assert [finding for finding in found if isinstance(finding, Finding)] == []
    (tried,) = found
    assert sum(tried.values()) > 20
