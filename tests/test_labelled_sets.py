"""Labelled batches that were kept: they come back whole, or not at all."""

import errno
from pathlib import Path

import numpy as np
import pytest

from mnist_cnn.data import bundled_digits, labelled_sets
from mnist_cnn.errors import BadInput, StorageFailed
from tests.support.faults import failing_disk

pytestmark = pytest.mark.usefixtures("artifacts")


def test_a_kept_batch_comes_back_as_a_test_set() -> None:
    digits = bundled_digits.load_bundled_digits().test
    labelled_sets.keep("my batch", digits.images, digits.labels)
    found = labelled_sets.load("my batch")
    assert (found.images == digits.images).all()
    assert (found.labels == digits.labels).all()
    assert labelled_sets.own() == ["my batch"]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "corrections", "mnist-test", "x" * 61, ".x"])
def test_names_that_cannot_be_taken(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be called"):
        labelled_sets.keep(name, np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64))
    assert labelled_sets.own() == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_a_damaged_set_is_none(artifacts: Path, content: bytes) -> None:
    (artifacts / "test_sets").mkdir(parents=True)
    (artifacts / "test_sets" / "broken.npz").write_bytes(content)
    assert labelled_sets.load("broken") is None
    assert labelled_sets.load("../../etc/passwd") is None


@pytest.mark.parametrize("failing", range(3))
def test_a_full_disk_leaves_the_older_set(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    older, newer = np.zeros((1, 28, 28), np.uint8), np.ones((2, 28, 28), np.uint8)
    labelled_sets.keep("mine", older, np.zeros(1, np.int64))
    with failing_disk(monkeypatch, failing, errno.ENOSPC) as disk:
        with pytest.raises(StorageFailed, match="Nothing was changed"):
            labelled_sets.keep("mine", newer, np.zeros(2, np.int64))
        assert disk.met
    assert len(labelled_sets.load("mine")) == 1
    assert not list(artifacts.rglob(".tmp-*"))
