"""What is said about mistakes, against scikit-learn and against what must be true."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from mnist_cnn import metrics
from mnist_cnn.data import canary, mnist
from mnist_cnn.evaluation import explain, robustness
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.predictions import saved_logits
from tests.support.artifacts import needs


@pytest.fixture(scope="module")
def predictions() -> LabelledPredictions:
    run = store.production_run()
    readings = saved_logits(run)["mnist-test"]
    return LabelledPredictions.of(readings, load_classifier(run).calibration)


def test_saved_answers_score_as_recorded(predictions: LabelledPredictions) -> None:
    recorded = store.production_run().evaluation["datasets"]["mnist-test"]
    assert predictions.right.mean() == pytest.approx(recorded["accuracy"], abs=2e-4)
    assert predictions.matrix.sum() == recorded["images"]


def test_scores_per_class_are_those_of_scikit_learn(predictions: LabelledPredictions) -> None:
    expected = precision_recall_fscore_support(predictions.labels, predictions.predicted)
    for mine, theirs in zip(metrics.per_class(predictions.matrix).values(), expected, strict=True):
        assert mine == pytest.approx(theirs)


def test_reliability_bins_hold_every_image_and_give_the_error(
    predictions: LabelledPredictions,
) -> None:
    bins = metrics.reliability(predictions.confidence, predictions.right)
    total = sum(row["images"] for row in bins)
    assert total == len(predictions.labels)
    gaps = sum(row["images"] * abs(row["confidence"] - row["accuracy"]) for row in bins)
    error = metrics.calibration_error(predictions.confidence, predictions.right)
    assert gaps / total == pytest.approx(error)


def test_turning_away_all_mistakes_leaves_none() -> None:
    confidence, right = np.array([0.9, 0.8, 0.5, 0.4]), np.array([True, True, False, False])
    rows = metrics.accuracy_by_share_kept(confidence, right, points=2)
    assert rows == [
        {"rejected": 0.0, "accuracy": 0.5},
        {"rejected": 0.5, "accuracy": 1.0},
    ]


def test_cells_and_lists_name_the_right_rows(predictions: LabelledPredictions) -> None:
    true, read, count = predictions.confused_pairs()[0]
    rows = predictions.in_cell(true, read)
    assert len(rows) == count
    assert (predictions.labels[rows] == true).all() and (predictions.predicted[rows] == read).all()
    assert (np.diff(predictions.confidence[rows]) <= 0).all()
    assert set(predictions.hardest()) == set(
        np.flatnonzero(predictions.labels != predictions.predicted)
    )


def test_wrong_labels_are_suspected_first(predictions: LabelledPredictions) -> None:
    labels = predictions.labels.copy()
    sure = np.flatnonzero(predictions.right & (predictions.confidence > 0.999))[:20]
    labels[sure] = (labels[sure] + 1) % 10
    assert set(sure) <= set(
        LabelledPredictions(predictions.probabilities, labels).suspect_labels(40)
    )


@pytest.mark.data
def test_evidence_lies_on_the_ink(classifier: Classifier) -> None:
    needs("mnist.npz")
    test = mnist.load_mnist().test
    image, label = test.images[0], int(test.labels[0])
    heat = explain.evidence(classifier, image, label)
    assert heat.shape == (28, 28)
    assert heat[image > 128].mean() > abs(heat[:3]).mean()
    assert heat[:2, :2] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", robustness.CORRUPTIONS)
def test_a_stressed_digit_is_one_that_networks_take(kind: str, classifier: Classifier) -> None:
    image = canary.canary()[0][7]
    for amount in robustness.CORRUPTIONS[kind].amounts:
        (changed,) = robustness.corrupted(image[None], kind, amount)
        assert changed.shape == (28, 28)
        assert changed.min() >= 0 and changed.max() <= 1
    (still,) = robustness.corrupted(image[None], "Rotation", 0)
    assert classifier.predict(still).digit == classifier.predict(image).digit


def test_a_curve_falls_where_it_gets_too_hard(classifier: Classifier) -> None:
    images, labels = canary.canary()
    pixels = np.round(255 * images).astype(np.uint8)
    found = dict(robustness.accuracy_curve(classifier, pixels, labels, "Rotation"))
    assert found[0] == 1.0
    assert found[45] < found[10]
