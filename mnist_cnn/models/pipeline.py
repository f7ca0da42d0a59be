"""From a file or a drawing to a prediction, with how it came about."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mnist_cnn.ink.extract import read_image
from mnist_cnn.ink.normalize import normalize, normalize_strokes
from mnist_cnn.ink.symbol_count import count_symbols, count_written_symbols
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import FloatArray, PredictionResult, Stroke


def predict_image(classifier: Classifier, source: bytes | Path) -> PredictionResult:
    """What an image file, or its content, shows.

    Raises:
        BadImage: the file is no image that can be read.
    """
    began = time.perf_counter()
    ink = read_image(source)
    return _predict(classifier, normalize(ink), count_symbols(ink), began)


def predict_strokes(classifier: Classifier, strokes: Sequence[Stroke]) -> PredictionResult:
    """What pen strokes, each of shape (points, 2) in any unit, show."""
    began = time.perf_counter()
    return _predict(classifier, normalize_strokes(strokes), count_written_symbols(strokes), began)


def _predict(
    classifier: Classifier, image: FloatArray, symbols: int, began: float
) -> PredictionResult:
    """Several symbols side by side are not one digit, whatever the network makes of them."""
    prediction = classifier.predict(image)
    if symbols > 1:
        prediction = replace(prediction, status="not_a_digit", digit=None, symbols=symbols)
    return PredictionResult(prediction, image, classifier.run_id, time.perf_counter() - began)
