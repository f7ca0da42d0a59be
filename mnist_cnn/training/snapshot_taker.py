"""Takes small copies of a network while it learns: many at the beginning, where most happens."""

from typing import Any

import keras

from mnist_cnn.models.network import is_finite
from mnist_cnn.records import FloatArray
from mnist_cnn.runs import snapshots


class SnapshotTaker(keras.callbacks.Callback):  # type: ignore[misc]
    """Copies the whole network, all branches of it, `count` times; none where that is 0."""

    def __init__(self, whole: keras.Model, count: int, epochs: int) -> None:
        super().__init__()
        self._whole, self._count, self._epochs = whole, count, epochs
        self._seen, self._total = 0, 0
        self._planned: list[int] = []
        self._taken: dict[int, list[FloatArray]] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        self._total = self._epochs * int(self.params["steps"])
        weights = self._whole.count_params()
        self._planned = snapshots.planned(self._count, self._total, weights)
        self._take()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._seen += 1
        if self._seen in self._planned:
            self._take()

    def on_train_end(self, logs: Any = None) -> None:
        self._take()  # also where it was stopped before the last one

    def content(self) -> bytes:
        """The file of them; nothing where none was taken."""
        if not self._taken:
            return b""
        return snapshots.packed(list(self._taken), self._seen, list(self._taken.values()))

    def _take(self) -> None:
        if self._planned and is_finite(self._whole):
            self._taken[self._seen] = snapshots.rounded(self._whole.get_weights())
