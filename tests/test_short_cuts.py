"""Short cuts of batches: they bring what the longer road does."""

import numpy as np
import pytest

from mnist_cnn.batch.inputs.pixels import framed
from mnist_cnn.data import bundled_digits, local_sets
from mnist_cnn.ink.framed import framed_digit
from mnist_cnn.ink.picture import Picture
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classifier import FIRST_SURE, INT8, Classifier
from mnist_cnn.models.first_branch import first_branch
from mnist_cnn.runs import store
from tests.support.artifacts import needs

SHIPPED = "20261127-232226-c1d2f8", "20261128-085732-aa4218"


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return framed(bundled_digits.load_bundled_digits().test.images)


def test_sure_digits_are_read_as_by_all_branches(classifier: Classifier, digits) -> None:
    quick, whole = classifier.predict_batch(digits), classifier.predict_many(digits)
    same = [one == other for one, other in zip(quick, whole, strict=True)]
    assert 0.02 < np.mean(same) < 0.6  # to the last bit where all branches were asked
    for one, other in zip(quick, whole, strict=True):
        assert (one.digit, one.status) == (other.digit, other.status)
        assert one == other or max(one.probabilities) > FIRST_SURE - 0.03


def test_what_is_no_digit_is_asked_of_all(classifier: Classifier) -> None:
    noise = np.random.default_rng(0).random((20, 28, 28)).astype(np.float32)
    noise[0] = 0
    assert classifier.predict_batch(noise) == classifier.predict_many(noise)
    assert classifier.predict_batch(noise)[0].status == "blank"
    assert classifier.predict_batch(noise[:0]) == []


@pytest.mark.parametrize("name", ["model.tflite", INT8])
def test_only_what_has_branches_has_a_first(name: str) -> None:
    found = {}
    for run_id in SHIPPED:
        run = store.open_run(run_id)
        branches = run.config["recipe"]["architecture"].get("branches", 1)
        found[branches] = first_branch(run.read(name)) is not None
    assert found == {1: False, 2: True}


def test_other_networks_take_no_short_cut(classifier: Classifier) -> None:
    run = store.open_run(SHIPPED[1])
    alone = Classifier(run.read("model.tflite"), classifier.calibration)
    assert alone._first is None and classifier._first is not None
    for odd in (b"", b"TFL3", bytes(400), run.read("model.tflite")[:5000]):
        assert first_branch(odd) is None


def test_the_first_branch_is_sure_only_of_what_the_verdict_is_ok_for(
    classifier: Classifier, digits
) -> None:
    run = store.open_run(SHIPPED[1])
    strict = Calibration(classifier.calibration.temperature, -1e9, min_confidence=0.9999999)
    picky = Classifier(run.read("model.tflite"), strict, branches=2)
    assert picky.predict_batch(digits[:60]) == picky.predict_many(digits[:60])


@pytest.mark.data
def test_no_test_digit_changes(classifier: Classifier) -> None:
    needs("mnist.npz")
    images = local_sets.local_test_set("mnist-test").images[:1000].astype(np.float32) / 255
    quick, whole = classifier.predict_batch(images), classifier.predict_many(images, 250)
    assert [(p.digit, p.status) for p in quick] == [(p.digit, p.status) for p in whole]


def test_pictures_that_are_framed_are_read_as_on_the_longer_road(digits) -> None:
    told = 0
    for number, image in enumerate(bundled_digits.load_bundled_digits().test.images[:150]):
        grey = image.astype(np.float32) / np.float32(255 + number % 3 * 40)
        if (framed := framed_digit(grey)) is None:
            continue
        picture, told = Picture.of(grey), told + 1
        assert np.array_equal(framed, picture.image)
        assert picture.is_plain and picture.symbols == 1 and not picture.dark
        again = Picture.of(framed, framed)
        assert np.array_equal(again.image, framed) and again.is_plain
    assert told > 20


@pytest.mark.parametrize("change", ["shifted", "on grey", "dark", "smaller", "two", "at the rim"])
def test_other_pictures_take_the_longer_road(change: str) -> None:
    one = bundled_digits.one_of_each()[7].astype(np.float32) / 255
    assert framed_digit(one) is not None
    changed = {
        "shifted": np.roll(one, 2, axis=1),
        "on grey": np.maximum(one, 0.2),
        "dark": 1 - one,
        "smaller": one[::2, ::2],
        "two": np.where(np.arange(28) // 3 == 4, 0, one),
        "at the rim": np.maximum(one, np.eye(28)[0]),
    }[change].astype(np.float32)
    assert framed_digit(changed) is None
