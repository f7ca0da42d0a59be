"""Against scikit-learn, and against numbers worked out by hand."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnist_cnn import metrics
from mnist_cnn.evaluation.scores import LabelledLogits, calibrate
from mnist_cnn.models.calibration import Calibration, calibration_of


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_the_confusion_matrix_is_scikit_learns(pairs) -> None:
    labels, predicted = np.array(pairs).T
    expected = sklearn.metrics.confusion_matrix(labels, predicted, labels=range(10))
    assert (metrics.confusion_matrix(labels, predicted) == expected).all()


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9]), min_size=1),
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9]), min_size=1),
)
def test_auroc_is_scikit_learns(positive, negative) -> None:
    truth = [1] * len(positive) + [0] * len(negative)
    expected = sklearn.metrics.roc_auc_score(truth, positive + negative)
    assert metrics.auroc(np.array(positive), np.array(negative)) == pytest.approx(expected)


def test_the_likelihood_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 50)
    probabilities = metrics.softmax(random.normal(0, 2, (50, 10)))
    expected = sklearn.metrics.log_loss(labels, probabilities, labels=range(10))
    assert metrics.negative_log_likelihood(probabilities, labels) == pytest.approx(expected)


def test_the_wilson_interval_by_hand() -> None:
    low, high = metrics.wilson_interval(9_970, 10_000)
    assert (round(low, 4), round(high, 4)) == (0.9957, 0.9979)
    assert metrics.wilson_interval(0, 0) == (0, 1)
    assert metrics.wilson_interval(5, 5)[1] == 1


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False])
    assert metrics.calibration_error(confidence, right) == pytest.approx(0.05)


def test_the_share_turned_away_by_hand() -> None:
    digits, others = np.arange(100.0), np.array([-5.0, 0.0, 50.0, 200.0])
    assert metrics.rejected(digits, others, kept=0.98) == 0.5


def test_calibration_recovers_a_temperature_that_was_applied() -> None:
    random = np.random.default_rng(1)
    true = random.normal(0, 2, (4000, 10))
    labels = np.array([random.choice(10, p=p) for p in metrics.softmax(true)])
    fitted = calibrate([LabelledLogits((3 * true).astype(np.float32), labels)])
    assert fitted.temperature == pytest.approx(3, rel=0.1)
    assert 0.5 <= fitted.min_confidence <= 0.99


def test_a_sure_mistake_in_a_small_set_does_not_make_everything_unsure() -> None:
    labels = np.arange(2000) % 10
    evidence = np.linspace(9, 1, 2000, dtype=np.float32)[:, None]
    large = LabelledLogits(np.eye(10, dtype=np.float32)[labels] * evidence, labels)
    small = LabelledLogits(large.logits[:100], np.where(np.arange(100) == 0, 1, labels[:100]))
    assert calibrate([large, small]).min_confidence == 0.5


def test_letters_raise_the_evidence_asked_for_as_far_as_digits_allow() -> None:
    labels = np.arange(1000) % 10
    evidence = np.linspace(0, 10, 1000, dtype=np.float32)[:, None]
    digits = LabelledLogits(np.where(np.eye(10)[labels] > 0, evidence, -90.0), labels)
    threshold = {
        name: calibrate([digits], None if letters is None else np.full((50, 10), letters))
        for name, letters in {"unknown": None, "far": -9.0, "near": -2.23, "alike": 3.0}.items()
    }
    asked = {name: fitted.min_evidence for name, fitted in threshold.items()}
    assert asked["unknown"] == asked["far"] == pytest.approx(0.05, abs=0.001)
    assert asked["near"] == pytest.approx(-2.23 + np.log(10), abs=0.001)
    assert asked["alike"] == pytest.approx(0.1, abs=0.001)


def test_a_verdict_follows_the_thresholds() -> None:
    calibration = Calibration(1.0, min_evidence=0.0, min_confidence=0.9)
    sure = np.full(10, -5.0)
    sure[4] = 8
    torn = sure.copy()
    torn[9] = 7.5
    assert calibration.verdict(sure).status == "ok"
    assert calibration.verdict(torn).status == "unsure"
    assert calibration.verdict(torn).likeliest[:2] == [4, 9]
    nothing = calibration.verdict(np.full(10, -9.0))
    assert (nothing.status, nothing.digit) == ("not_a_digit", None)
    assert sum(nothing.probabilities) == pytest.approx(1)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (12, 31), (31, 12), (500, 400)])
def test_mcnemar_is_the_binomial_test(only_a: int, only_b: int) -> None:
    right_a = np.repeat([True, False, True, False], [only_a, only_b, 900, 20])
    right_b = np.repeat([False, True, True, False], [only_a, only_b, 900, 20])
    result = metrics.compare(right_a, right_b)
    differing = only_a + only_b
    expected = stats.binomtest(only_a, differing).pvalue if differing else 1.0
    assert result.p_value == pytest.approx(expected)
    assert result.difference == pytest.approx(right_b.mean() - right_a.mean())
    assert result.interval[0] <= result.difference <= result.interval[1]


@pytest.mark.parametrize("scale", [1, 300, 1e5, 1e6])
def test_a_network_of_huge_logits_is_calibrated(scale: float) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 500)
    logits = (scale * (4 * np.eye(10)[labels] + random.normal(0, 1, (500, 10)))).astype(np.float32)
    found = calibrate([LabelledLogits(logits, labels)])
    plain = calibrate([LabelledLogits((logits / scale).astype(np.float32), labels)])
    assert found.temperature / scale == pytest.approx(plain.temperature, rel=0.05)
    assert calibration_of(found.as_dict(), "a run") == found
