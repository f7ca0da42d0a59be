import io
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from mnist_cnn.data import canary
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.models.classifier import AT_ONCE, INT8, Classifier
from mnist_cnn.models.pipeline import predict_image, predict_strokes
from mnist_cnn.records import Drawing
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from tests.support.artifacts import needs
from tests.support.drawings import SEVEN


def test_a_seven_is_read(classifier) -> None:
    reading = predict_strokes(classifier, SEVEN)
    assert reading.prediction.digit == 7
    assert reading.prediction.status == "ok"
    assert reading.prediction.confidence == max(reading.prediction.probabilities)
    assert sum(reading.prediction.probabilities) == pytest.approx(1, abs=1e-6)


def test_a_drawing_and_its_file_get_the_same_answer(classifier) -> None:
    file = io.BytesIO()
    pixels = np.pad(rasterize(SEVEN), 30)
    Image.fromarray((255 - 255 * pixels).astype(np.uint8)).save(file, "PNG")
    posted = predict_image(classifier, file.getvalue()).prediction
    drawn = predict_strokes(classifier, SEVEN).prediction
    assert posted.probabilities == pytest.approx(drawn.probabilities, abs=0.005)


def test_nothing_is_blank_and_is_not_predicted(classifier) -> None:
    prediction = predict_strokes(classifier, []).prediction
    assert (prediction.status, prediction.digit, prediction.probabilities) == ("blank", None, ())


def test_one_at_a_time_and_many_at_once_agree(classifier) -> None:
    image = normalize_strokes(SEVEN)
    images = np.stack([image, np.zeros_like(image), image.T, image])
    single = [classifier.predict(i) for i in images]
    many = classifier.predict_many(images)
    for one, other in zip(single, many, strict=True):
        assert one.status == other.status
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_threads_may_share_a_classifier(classifier) -> None:
    image = normalize_strokes(SEVEN)
    expected = classifier.predict(image)
    with ThreadPoolExecutor(8) as pool:
        sizes = [1, 3, 7] * 40
        answers = pool.map(lambda n: classifier.predict_many(np.stack([image] * n)), sizes)
        for answer in answers:
            for prediction in answer:
                assert prediction.probabilities == pytest.approx(expected.probabilities, abs=1e-5)


@pytest.mark.data
def test_the_recorded_accuracy_is_what_comes_out(classifier) -> None:
    file = np.load(needs("mnist.npz"))
    images = file["x_test"][:2000].astype(np.float32) / 255
    digits = [p.likeliest[0] for p in classifier.predict_many(images)]
    assert (np.array(digits) == file["y_test"][:2000]).mean() > 0.99


def test_two_digits_side_by_side_are_not_one(classifier) -> None:
    both = (SEVEN[0] * [0.5, 1], SEVEN[0] * [0.5, 1] + [110, 0])
    prediction = predict_strokes(classifier, both).prediction
    assert (prediction.status, prediction.digit, prediction.symbols) == ("not_a_digit", None, 2)


def test_a_digit_in_two_strokes_is_one(classifier) -> None:
    crossed = (*SEVEN, np.array([[130, 150], [210, 150]], float))
    prediction = predict_strokes(classifier, crossed).prediction
    assert (prediction.digit, prediction.symbols) == (7, 1)


def test_letters_signs_and_scribbles_are_turned_away(classifier) -> None:
    from mnist_cnn.data.negatives import not_digits

    random = np.random.default_rng(3)
    drawings = [Drawing(SEVEN, "7")]
    images = not_digits(drawings, 300, random).astype(np.float32) / 255
    statuses = [p.status for p in classifier.predict_many(images)]
    assert statuses.count("not_a_digit") > 0.9 * len(statuses)


def test_the_int8_copy_reads_as_the_network_does_whatever_stands_beside(classifier) -> None:
    run = store.production_run()
    rounded = load_classifier(run, int8=True)
    images, labels = canary.canary()
    many = rounded.raw_logits(images)
    assert (many.argmax(axis=1) == labels).all()
    difference = np.abs(many - classifier.raw_logits(images)).max()
    assert 1e-4 < difference < 0.5  # rounded, but not much
    for number, image in enumerate(images[:10]):
        assert (rounded.raw_logits(image[None])[0] == many[number]).all()


def test_a_run_without_an_int8_copy_reads_by_its_network(shipped_copy) -> None:
    run = store.production_run()
    run.manifest["sha256"].pop(INT8)
    images, _ = canary.canary()
    by_network = load_classifier(run).raw_logits(images)
    assert (load_classifier(run, int8=True).raw_logits(images) == by_network).all()


def test_many_images_are_read_in_parts_since_the_memory_of_the_largest_is_kept(
    classifier: Classifier,
) -> None:
    images = np.random.default_rng(0).random((150, 28, 28)).astype(np.float32)
    together = classifier.raw_logits(images)
    one_by_one = np.concatenate([classifier.raw_logits(image[None]) for image in images])
    assert together == pytest.approx(one_by_one, abs=1e-3)
    engine = classifier._network._engines.get()
    try:
        assert engine._batch <= AT_ONCE
    finally:
        classifier._network._engines.put(engine)


@pytest.mark.parametrize("width", [0.4, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("apex", [0.5, 0.7, 0.85])
def test_a_one_like_a_lambda_is_a_one(classifier, width: float, apex: float) -> None:
    corners = np.array([[0, 1], [width * apex, 0], [width, 1]], float)
    path = [np.linspace(a, b, 20) for a, b in itertools.pairwise(corners)]
    prediction = predict_strokes(classifier, [100 * np.concatenate(path)]).prediction
    assert (prediction.digit, prediction.status) == (1, "ok")
