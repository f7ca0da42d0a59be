"""Thousands of digits at once, as a stream.

One bad item costs one row; memory does not grow with the input, since items are read, answered and
handed on a few hundred at a time.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from mnist_cnn.batch.inputs.item import Item, item_chunks
from mnist_cnn.batch.results import Result, Seen
from mnist_cnn.models.calibration import SURE_AT_SIGHT
from mnist_cnn.models.classifier import THREADS, Classifier
from mnist_cnn.records import Prediction


def read_all(items: Iterable[Item], classifier: Classifier) -> Iterator[Result]:
    """Every item's reading, in their order, as they come.

    Threads read what another has decoded, a chunk each and one in wait, so that both cores are busy
    whichever takes longer, and no more lies in memory.
    """
    waiting: deque[Future[list[Result]]] = deque()
    with ThreadPoolExecutor(THREADS) as readers:
        for chunk in item_chunks(items):
            waiting.append(readers.submit(_answered, chunk, classifier))
            if len(waiting) > THREADS:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def read_on_one_core(items: Iterable[Item], classifier: Classifier) -> Iterator[Result]:
    """`read_all` in one thread, for one of many processes that share the cores."""
    for chunk in item_chunks(items):
        yield from _answered(chunk, classifier)


def _answered(items: list[Item], classifier: Classifier) -> list[Result]:
    images = [item.image for item in items if item.image is not None]
    predictions = iter(classifier.predict_batch(np.stack(images)) if images else [])
    results: list[Result] = []
    for item in items:
        prediction = None if item.image is None else next(predictions)
        results += _results(item, prediction, classifier)
    return results


def _results(item: Item, prediction: Prediction | None, classifier: Classifier) -> list[Result]:
    """The digits of a sheet; a picture with more in it than one is looked at more closely."""
    if prediction is None or item.image is None or not item.is_picture:
        return [Result(item, prediction)]
    sure = prediction.status == "ok" and prediction.confidence >= SURE_AT_SIGHT
    if sure and item.picture is None:
        return [Result(item, prediction)]
    from mnist_cnn.batch.sheets import read_sheet  # slow to import, and tables need none of it
    from mnist_cnn.ink.picture import Picture
    from mnist_cnn.models.pipeline import predict_picture

    picture = item.picture or Picture.of(item.image, item.image).compact()
    if item.sheet is not None and (digits := read_sheet(item, classifier)):
        return digits
    read = predict_picture(classifier, picture, prediction)
    seen = None if read.image is picture.image else Seen.of(picture, read)
    one = replace(item, image=read.image, picture=None, sheet=None)
    return [Result(one, read.prediction, seen=seen)]
