"""From a file or a drawing to a prediction, with how it came about."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mnist_cnn.ink.decode import decode_image
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.ink.picture import Picture
from mnist_cnn.ink.symbol_count import count_written_symbols
from mnist_cnn.models.calibration import SURE_AT_SIGHT
from mnist_cnn.models.choice import beside, choose, elsewhere
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import Part, Prediction, PredictionResult, Stroke

WHOLE: Part = (0.0, 0.0, 1.0, 1.0)


def predict_image(
    classifier: Classifier, source: bytes | Path, part: Part = WHOLE
) -> PredictionResult:
    """What an image file, or its content, shows, or a part of it.

    Raises:
        BadImage: the file is no image that can be read.
    """
    began = time.perf_counter()
    grey = decode_image(source)
    height, width = grey.shape
    left, right = (round(width * edge) for edge in part[::2])
    top, bottom = (round(height * edge) for edge in part[1::2])
    top, left = min(top, height - 1), min(left, width - 1)
    picture = Picture.of(grey[top : max(bottom, top + 1), left : max(right, left + 1)])
    result = predict_picture(classifier, picture, classifier.predict(picture.image))
    return replace(
        result,
        part=result.part and _within(part, result.part),
        others=tuple(_within(part, other) for other in result.others),
        seconds=time.perf_counter() - began,
    )


def predict_picture(
    classifier: Classifier, picture: Picture, prediction: Prediction
) -> PredictionResult:
    """What a picture shows, of which the network says so much at first sight.

    Where it is nothing but a digit on paper, that counts; else whatever may be a digit in it is
    tried, and what the network takes for one is read.
    """
    first = PredictionResult(prediction, picture.image, classifier.run_id, 0.0)
    sure = prediction.status == "ok" and prediction.confidence >= SURE_AT_SIGHT
    if picture.is_plain and picture.symbols == 1 and sure:
        return replace(first, part=picture.part_of(picture.box))
    picture = picture.compact()
    writings = picture.writings()
    if not writings:
        return replace(first, prediction=_of_several(prediction, picture.symbols))
    looks = choose(classifier, writings)
    best = looks[0]
    if not best.is_digit:
        seen = best.prediction if prediction.status == "blank" else prediction
        return replace(
            first,
            prediction=_of_several(seen, picture.symbols),
            part=picture.part_of(best.writing.box),
        )
    neighbours = beside(looks, digits_only=picture.symbols == 1)
    answer = best.prediction
    if not picture.is_plain and answer.confidence < SURE_AT_SIGHT:
        answer = replace(answer, status="unsure")  # much in a photograph looks like some digit
    return PredictionResult(
        _of_several(answer, 1 + len(neighbours)),
        best.image,
        classifier.run_id,
        0.0,
        picture.part_of(best.writing.box),
        tuple(picture.part_of(look.writing.box) for look in elsewhere(looks)),
        best.turned,
    )


def predict_strokes(classifier: Classifier, strokes: Sequence[Stroke]) -> PredictionResult:
    """What pen strokes, each of shape (points, 2) in any unit, show."""
    began = time.perf_counter()
    image, symbols = normalize_strokes(strokes), count_written_symbols(strokes)
    prediction = _of_several(classifier.predict(image), symbols)
    return PredictionResult(prediction, image, classifier.run_id, time.perf_counter() - began)


def _within(part: Part, inner: Part) -> Part:
    """A part of a part, as a part of the whole."""
    left, top, right, bottom = part
    width, height = right - left, bottom - top
    return (
        left + width * inner[0],
        top + height * inner[1],
        left + width * inner[2],
        top + height * inner[3],
    )


def _of_several(prediction: Prediction, symbols: int) -> Prediction:
    """Several symbols side by side are not one digit, whatever the network makes of them."""
    if symbols <= 1:
        return prediction
    return replace(prediction, status="not_a_digit", digit=None, symbols=symbols)
