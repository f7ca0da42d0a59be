"""A personal hand: what it changes, what it leaves alone, and the files that it is kept in."""

import json

import numpy as np
import pytest

from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import BadInput
from mnist_cnn.hands import hand_files, kept_hands
from mnist_cnn.hands.descriptor import describe
from mnist_cnn.hands.gain import Gain, learn
from mnist_cnn.hands.hand import HandClassifier, TaughtDrawing, adjusted, nearest
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.metrics import log_sum_exp
from tests.support import hands as written

FAR = np.full((1, 10), np.inf, np.float32)


def taught(*labels: int, seed: int = 0) -> list[TaughtDrawing]:
    return [TaughtDrawing.of_strokes(n, written.digit(n, seed + k)) for k, n in enumerate(labels)]


def test_a_digit_is_read_as_its_writer_means_it(classifier):
    crossed = written.crossed_zero
    before = classifier.predict(normalize_strokes(crossed(9)))
    assert before.digit != 0
    after = learn(classifier, [TaughtDrawing.of_strokes(0, crossed(1))])[0]
    assert after.predict(normalize_strokes(crossed(9))).digit == 0


def test_far_from_all_that_was_taught_the_network_answers_alone():
    logits = np.array([[9.0, 1, 0, 0, 0, 0, 0, 0, 0, -4]], np.float32)
    assert np.allclose(adjusted(logits, FAR), logits, atol=1e-4)


def test_the_nearest_taught_drawing_moves_its_digit_and_the_evidence():
    logits = np.array([[3.0, 2, 0, 0, 0, 0, 0, 0, 0, 0]], np.float32)
    distances = FAR.copy()
    distances[0, 1] = 1.65  # half of the reach: half of the weight; a quarter of the way to sure
    moved = adjusted(logits, distances)
    assert moved[0, 1] - moved[0, 0] == pytest.approx(2 + 7 - 3, abs=1e-3)
    own = float(log_sum_exp(logits)[0])
    assert log_sum_exp(moved)[0] == pytest.approx(own + 0.25 * (6 - own), abs=1e-3)


def test_the_nearest_of_each_digit_counts_and_untaught_ones_are_infinitely_far():
    distances = np.array([[5.0, 1.0, 2.0], [1.0, 7.0, 3.0]], np.float32)
    found = nearest(distances, np.array([4, 2, 4]))
    assert found[:, 4].tolist() == [2.0, 1.0] and found[:, 2].tolist() == [1.0, 7.0]
    assert np.isinf(found[:, [0, 1, 3, 5, 6, 7, 8, 9]]).all()


def test_a_batch_is_described_as_its_images_one_by_one(classifier):
    images = np.stack([normalize_strokes(written.digit(n)) for n in range(10)])
    logits = classifier.compute_logits(images)
    together = describe(images, logits)
    alone = np.concatenate([describe(images[[n]], logits[[n]]) for n in range(10)])
    assert together.shape == (10, 24) and np.allclose(together, alone, atol=1e-4)


def test_nothing_taught_is_the_network_itself(classifier):
    same, gain = learn(classifier, [])
    assert same is classifier and gain.as_dict()["before"] is None


def test_each_drawing_is_judged_without_itself(classifier):
    drawings = [TaughtDrawing.of_strokes(0, written.crossed_zero(k)) for k in range(4)]
    heard, gain = learn(classifier, [*drawings, *taught(1, 2)])
    assert isinstance(heard, HandClassifier)
    assert (gain.drawings, gain.judged) == (6, 4)  # a 1 and a 2 have no other of their kind
    assert gain.right_before < gain.right_after == 4


def test_a_hand_that_would_read_its_own_drawings_worse_is_not_used(classifier, monkeypatch):
    worse = Gain(10, 10, 9, 8, None)
    monkeypatch.setattr("mnist_cnn.hands.gain._leave_one_out", lambda taught: worse)
    heard, gain = learn(classifier, taught(1, 1))
    assert heard is classifier and gain.as_dict()["used"] is False


def test_wrong_labels_do_not_outweigh_a_sure_network(classifier):
    """Two of each digit are right, and a third of each carries the next digit's label."""
    wrong = [TaughtDrawing((n + 1) % 10, taught(n, seed=70)[0].image) for n in range(10)]
    heard, _ = learn(classifier, [*taught(*range(10), *range(10), seed=20), *wrong])
    images = np.stack([normalize_strokes(written.digit(n, 90)) for n in range(10)])
    read = [prediction.digit for prediction in heard.predict_many(images)]
    assert sum(digit == n for n, digit in enumerate(read)) >= 9


@pytest.mark.parametrize("kind", ["one class", "a thousand copies", "a scribble as a 7"])
def test_a_poisoned_hand_hurts_its_owner_little_and_nobody_else(classifier, kind):
    """Beside two of each digit that are right; plain digits are read as before."""
    scribble = tuple(np.random.default_rng(n).random((9, 2)) * 200 for n in range(2))
    poison = {
        "one class": [TaughtDrawing(3, taught(n, seed=70)[0].image) for n in range(10)],
        "a thousand copies": [TaughtDrawing(3, taught(8, seed=70)[0].image)] * 1000,
        "a scribble as a 7": [TaughtDrawing.of_strokes(7, scribble)],
    }[kind]
    heard, _ = learn(classifier, [*taught(*range(10), *range(10), seed=20), *poison])
    images = np.stack([normalize_strokes(written.digit(n, 90)) for n in range(10)])
    read = [prediction.digit for prediction in heard.predict_many(images)]
    assert sum(digit == n for n, digit in enumerate(read)) >= 9
    alone = [prediction.digit for prediction in classifier.predict_many(images)]
    assert alone == list(range(10))


def test_a_hand_lives_on_in_its_file(classifier):
    drawings = [*taught(7, 3), TaughtDrawing(5, taught(5)[0].image)]
    found, complaints = hand_files.unpacked(hand_files.packed(drawings))
    assert not complaints and [d.label for d in found] == [7, 3, 5]
    for before, after in zip(drawings, found, strict=True):
        assert np.abs(before.image.astype(int) - after.image).mean() < 3  # rounded coordinates
    assert found[2].strokes == () and len(found[0].strokes) == len(drawings[0].strokes)


GOOD = {"label": 7, "strokes": [[[0, 0], [100, 0], [50, 200]]]}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"label": "x", "strokes": GOOD["strokes"]}, "is no digit"),
        ({"label": 12, "strokes": GOOD["strokes"]}, "is no digit"),
        ({"strokes": GOOD["strokes"]}, "lacks a label"),
        ({"label": 7}, "lacks a label"),
        ({"label": 7, "strokes": []}, "no strokes"),
        ({"label": 7, "strokes": [[["<script>", 0]]]}, "left out"),
        ({"label": 7, "strokes": [[[0, 0], [float("nan"), 1]]]}, "left out"),
        ({"label": 7, "strokes": [[[0, n % 97] for n in range(60_000)]]}, "left out"),
        ({"label": 7, "image": "AAAA"}, "28 × 28"),
        ({"label": 7, "image": "é"}, "left out"),
        ("seven", "no drawing"),
        (None, "no drawing"),
    ],
)
def test_a_bad_drawing_costs_itself_alone(row, reason):
    whole = {"format": "digits-hand", "version": 1, "drawings": [row, GOOD]}
    found, complaints = hand_files.unpacked(json.dumps(whole).encode())
    assert [drawing.label for drawing in found] == [7]
    assert len(complaints) == 1 and complaints[0].startswith("Drawing 1 was left out")
    assert reason in complaints[0] and len(complaints[0]) < 300


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no hand"),
        (b"[1, 2]", "no hand"),
        (b'{"format": "other", "version": 1, "drawings": []}', "no hand"),
        (b'{"format": "digits-hand", "version": 2, "drawings": []}', "version 1 is read"),
        (hand_files.packed([])[:-5], "cut off"),
        (b"[" * 200_000, "no hand"),
        (b" " * (hand_files.MAX_HAND_BYTES + 1), "at most 5 MB"),
    ],
)
def test_a_file_that_is_no_hand_is_one_sentence(content, words):
    with pytest.raises(BadInput, match=words):
        hand_files.unpacked(content)


def test_a_kept_hand_is_found_by_its_name_and_can_be_forgotten(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_CNN_ARTIFACTS", str(tmp_path))
    kept_hands.keep("Mine", taught(1, 2))
    assert kept_hands.names() == ["Mine"]
    assert [d.label for d in kept_hands.load("Mine")[0]] == [1, 2]
    kept_hands.delete("Mine")
    assert kept_hands.names() == []
    with pytest.raises(BadInput, match="no hand called"):
        kept_hands.load("Mine")
    for name in ("../x", "", ".hidden", "a/b", "x" * 80):
        with pytest.raises(BadInput, match="cannot be called"):
            kept_hands.keep(name, [])


def test_a_drawing_is_the_same_when_it_comes_back(classifier, tmp_path, monkeypatch) -> None:
    """Else one copy would be learned from and the other measured on."""
    monkeypatch.setenv("MNIST_CNN_ARTIFACTS", str(tmp_path / "artifacts"))
    own = [
        TaughtDrawing.of_strokes(n, [0.37 * stroke + 1 / 3 for stroke in written.digit(n, seed)])
        for seed in range(4)
        for n in range(10)
    ]
    again = hand_files.unpacked(hand_files.packed(own))[0]
    assert [d.image.tobytes() for d in again] == [d.image.tobytes() for d in own]
    corrections.add([Correction(d.label, d.image, d.strokes) for d in own])
    kept_hands.keep("mine", own)
    assert len(corrections.with_hands()) == len(own)


def test_a_hand_in_the_making_is_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MNIST_CNN_ARTIFACTS", str(tmp_path / "artifacts"))
    kept_hands.keep("mine", taught(1, 2))
    (tmp_path / "artifacts" / "hands" / ".tmp-7-abc.json").write_bytes(b"{}")
    assert kept_hands.names() == ["mine"]
