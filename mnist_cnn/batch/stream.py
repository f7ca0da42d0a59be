"""Thousands of digits at once, as a stream.

One bad item costs one row; memory does not grow with the input, since items are read, answered and
handed on a few hundred at a time.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from mnist_cnn.batch.inputs.item import CHUNK, Item, chunks
from mnist_cnn.batch.results import Result
from mnist_cnn.models.classifier import THREADS, Classifier


def read_all(items: Iterable[Item], classifier: Classifier) -> Iterator[Result]:
    """Every item's reading, in their order, as they come.

    Threads read what another has decoded, a chunk each and one in wait, so that both cores are busy
    whichever takes longer, and no more lies in memory.
    """
    waiting: deque[Future[list[Result]]] = deque()
    with ThreadPoolExecutor(THREADS) as readers:
        for chunk in chunks(items, CHUNK):
            waiting.append(readers.submit(_answered, chunk, classifier))
            if len(waiting) > THREADS:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def read_on_one_core(items: Iterable[Item], classifier: Classifier) -> Iterator[Result]:
    """`read_all` in one thread, for one of many processes that share the cores."""
    for chunk in chunks(items, CHUNK):
        yield from _answered(chunk, classifier)


def _answered(items: list[Item], classifier: Classifier) -> list[Result]:
    images = [item.image for item in items if item.image is not None]
    predictions = iter(classifier.predict_many(np.stack(images), CHUNK) if images else [])
    return [Result(item, next(predictions) if item.image is not None else None) for item in items]
