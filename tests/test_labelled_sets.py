"""Labelled batches that were kept: they come back whole, or not at all."""

import errno
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from mnist_cnn.data import bundled_digits, corrections, labelled_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import BadInput, StorageFailed
from mnist_cnn.hands import kept_hands
from mnist_cnn.hands.hand import TaughtDrawing
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
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8)
    labelled_sets.keep("broken", images, np.full(40, 10))
    assert labelled_sets.load("broken") is None, "there is no digit 10"
    labelled_sets.keep("broken", images, np.full(40, 9))
    whole = (artifacts / "test_sets" / "broken.npz").read_bytes()
    for place in range(0, len(whole), len(whole) // 150):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        (artifacts / "test_sets" / "broken.npz").write_bytes(broken)
        labelled_sets.load("broken")  # whatever of it is damaged, nothing is raised


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


def drawn(held_out: bool, count: int = 1) -> list[TaughtDrawing]:
    """Drawings of which all are held out, or none."""
    digits = bundled_digits.load_bundled_digits().train
    pairs = zip(digits.labels, digits.images, strict=True)
    some = (TaughtDrawing(int(label), image) for label, image in pairs)
    fitting = (d for d in some if Correction(d.label, d.image).held_out == held_out)
    return list(islice(fitting, count))


def test_a_run_is_measured_on_what_kept_hands_hold_out_as_by_the_gate() -> None:
    own, hands = drawn(True, 4), drawn(False, 3)
    corrections.add([Correction(d.label, d.image) for d in own[:1]])
    kept_hands.keep("mine", [*own[1:], *hands])
    assert labelled_sets.own() == ["corrections", "corrections-unseen"]
    assert len(labelled_sets.load(labelled_sets.CORRECTIONS)) == 7
    unseen = labelled_sets.load(labelled_sets.UNSEEN_CORRECTIONS)
    assert len(unseen) == sum(c.held_out for c in corrections.with_hands()) == 4
    assert sorted(unseen.labels) == sorted(d.label for d in own)


def test_hands_alone_are_measured_on_and_what_was_put_right_counts() -> None:
    (drawing,) = drawn(True)
    kept_hands.keep("mine", [drawing])
    assert labelled_sets.own() == ["corrections", "corrections-unseen"]
    assert labelled_sets.load(labelled_sets.UNSEEN_CORRECTIONS).labels == [drawing.label]
    corrections.add([Correction((drawing.label + 1) % 10, drawing.image)])
    found = labelled_sets.load(labelled_sets.UNSEEN_CORRECTIONS)
    assert found.labels == [(drawing.label + 1) % 10]


def test_whatever_changes_a_kept_hand_or_a_correction_changes_the_version() -> None:
    first, second = drawn(True, 2)
    relabelled = TaughtDrawing((first.label + 1) % 10, first.image)
    changes = [
        lambda: None,
        lambda: kept_hands.keep("mine", [first]),
        lambda: kept_hands.keep("mine", [relabelled]),  # a file of the same size
        lambda: kept_hands.keep("other", [second]),
        lambda: corrections.add([Correction(3, second.image)]),
        lambda: kept_hands.delete("other"),
    ]
    versions, contents = [], []
    for change in changes:
        change()
        versions.append(labelled_sets.version(labelled_sets.UNSEEN_CORRECTIONS))
        contents.append(sorted(labelled_sets.load(labelled_sets.UNSEEN_CORRECTIONS).labels))
    assert len(set(versions)) == len(changes)
    assert contents == [
        [],
        [first.label],
        [relabelled.label],
        sorted([relabelled.label, second.label]),
        sorted([relabelled.label, 3]),
        sorted([relabelled.label, 3]),
    ]
    assert versions[-1] == labelled_sets.version(labelled_sets.CORRECTIONS)
