"""What is said about mistakes, against scikit-learn and against what must be true."""

import numpy as np
import pytest
from conftest import needs
from sklearn.metrics import precision_recall_fscore_support

from mnist_cnn import datasets, evaluation, explain, gate, metrics, runs, stress
from mnist_cnn.classifier import Classifier, load_classifier
from mnist_cnn.explain import Answers


@pytest.fixture(scope="module")
def answers() -> Answers:
    run = runs.production_run()
    readings = evaluation.saved_readings(run)["mnist-test"]
    return Answers.of(readings, load_classifier(run).calibration)


def test_saved_answers_score_as_recorded(answers: Answers) -> None:
    recorded = runs.production_run().evaluation["datasets"]["mnist-test"]
    assert answers.right.mean() == pytest.approx(recorded["accuracy"], abs=2e-4)
    assert answers.matrix.sum() == recorded["images"]


def test_scores_per_class_are_those_of_scikit_learn(answers: Answers) -> None:
    expected = precision_recall_fscore_support(answers.labels, answers.read)
    for mine, theirs in zip(metrics.per_class(answers.matrix).values(), expected, strict=True):
        assert mine == pytest.approx(theirs)


def test_reliability_bins_hold_every_image_and_give_the_error(answers: Answers) -> None:
    bins = metrics.reliability(answers.confidence, answers.right)
    total = sum(row["images"] for row in bins)
    assert total == len(answers.labels)
    gaps = sum(row["images"] * abs(row["confidence"] - row["accuracy"]) for row in bins)
    error = metrics.calibration_error(answers.confidence, answers.right)
    assert gaps / total == pytest.approx(error)


def test_turning_away_all_mistakes_leaves_none() -> None:
    confidence, right = np.array([0.9, 0.8, 0.5, 0.4]), np.array([True, True, False, False])
    rows = metrics.accuracy_by_share_kept(confidence, right, points=2)
    assert rows == [
        {"turned away": 0.0, "accuracy": 0.5},
        {"turned away": 0.5, "accuracy": 1.0},
    ]


def test_cells_and_lists_name_the_right_rows(answers: Answers) -> None:
    true, read, count = answers.confused_pairs()[0]
    rows = answers.in_cell(true, read)
    assert len(rows) == count
    assert (answers.labels[rows] == true).all() and (answers.read[rows] == read).all()
    assert (np.diff(answers.confidence[rows]) <= 0).all()
    assert set(answers.hardest()) == set(np.flatnonzero(answers.labels != answers.read))


def test_wrong_labels_are_suspected_first(answers: Answers) -> None:
    labels = answers.labels.copy()
    sure = np.flatnonzero(answers.right & (answers.confidence > 0.999))[:20]
    labels[sure] = (labels[sure] + 1) % 10
    assert set(sure) <= set(Answers(answers.probabilities, labels).suspect_labels(40))


def test_evidence_lies_on_the_ink(classifier: Classifier) -> None:
    needs("mnist.npz")
    test = datasets.load_mnist().test
    image, label = test.images[0], int(test.labels[0])
    heat = explain.evidence(classifier, image, label)
    assert heat.shape == (28, 28)
    assert heat[image > 128].mean() > abs(heat[:3]).mean()
    assert heat[:2, :2] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", stress.STRESSES)
def test_a_stressed_digit_is_one_that_networks_take(kind: str, classifier: Classifier) -> None:
    image = gate.canary()[0][7]
    for amount in stress.STRESSES[kind].amounts:
        (changed,) = stress.stressed(image[None], kind, amount)
        assert changed.shape == (28, 28)
        assert changed.min() >= 0 and changed.max() <= 1
    (still,) = stress.stressed(image[None], "Rotation", 0)
    assert classifier.predict(still).digit == classifier.predict(image).digit


def test_a_curve_falls_where_it_gets_too_hard(classifier: Classifier) -> None:
    images, labels = gate.canary()
    pixels = np.round(255 * images).astype(np.uint8)
    found = dict(stress.curve(classifier, pixels, labels, "Rotation"))
    assert found[0] == 1.0
    assert found[45] < found[10]
