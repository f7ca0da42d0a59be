"""The batches that a network learns from, and the learning rate over them."""

import math
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_cnn.data.augmentation import augmented
from mnist_cnn.models.presets import NO_AUGMENTATION
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.models.surroundings import with_channels
from mnist_cnn.records import FloatArray
from mnist_cnn.training.pools import TrainingData

WARM_UP = 0.2
"""The share of all batches over which a one-cycle's learning rate rises; then it falls."""


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The recipe's images, drawn anew for each branch and epoch and augmented batch by batch.

    A batch is float32 (n, branches, 28, 28, channels) in [0, 1] and its labels (n, branches).

    Two threads prepare them. With one, Keras' default, TensorFlow tunes how many batches it
    prepares ahead, and an epoch's end often waits for seconds until that tuner wakes up.
    """

    def __init__(self, recipe: Recipe, data: TrainingData) -> None:
        super().__init__(workers=2)
        self._recipe, self._data = recipe, data
        self._epoch = 0
        self._draw()

    def __len__(self) -> int:
        return math.ceil(self._data.images_per_epoch / self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[FloatArray, NDArray[np.int64]]:
        size = self._recipe.batch_size
        part = slice(index * size, (index + 1) * size)
        random = np.random.default_rng([self._recipe.seed, self._epoch, index])
        shown, labels = [], []
        for owners, rows in self._draws:
            images, known = self._batch(owners[part], rows[part], random)
            shown.append(images)
            labels.append(known)
        return np.stack(shown, axis=1), np.stack(labels, axis=1)

    def _batch(
        self, owners: NDArray[np.intp], rows: NDArray[np.intp], random: np.random.Generator
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Images (n, 28, 28, channels) and labels (n,): lines are shown as they were written, all
        else is augmented."""
        channels = self._recipe.architecture.channels
        images = np.zeros((len(rows), 28, 28), np.uint8)
        labels = np.zeros(len(rows), np.int64)
        lines = []
        for mine, found, known in self._data.batch(owners, rows):
            labels[mine] = known
            if found.ndim == 4:
                lines.append((mine, found))
            else:
                images[mine] = found
        shown: FloatArray = with_channels(self._augmented(images, random), channels)
        for mine, found in lines:
            shown[mine] = found.astype(np.float32) / 255
        return shown, labels

    def _augmented(self, images: NDArray[np.uint8], random: np.random.Generator) -> FloatArray:
        plain = self._epoch >= self._recipe.epochs - self._recipe.plain_epochs
        if plain or self._recipe.augmentation == NO_AUGMENTATION:
            return images.astype(np.float32) / 255
        return augmented(images, self._recipe.augmentation, random)

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._draw()

    def forget(self) -> None:
        """Lets go of the images, since TensorFlow never lets go of what it drew them from."""
        self._data = replace(self._data, pools=[])

    def _draw(self) -> None:
        random = np.random.default_rng([self._recipe.seed, self._epoch])
        branches = range(self._recipe.architecture.branches)
        self._draws = [self._data.epoch(random, branch) for branch in branches]


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate over all batches of a run.

    "one-cycle" rises in a straight line, then falls to zero as half a cosine (Smith,
    Super-convergence, 2018); "cosine" only falls; "constant" stays.
    """

    def __init__(self, kind: str, peak: float, steps: int) -> None:
        self._kind, self._peak, self._steps = kind, peak, steps

    def __call__(self, step: Any) -> Any:
        if self._kind == "constant":
            return tf.constant(self._peak, tf.float32)
        share = tf.cast(step, tf.float32) / self._steps
        rise = WARM_UP if self._kind == "one-cycle" else 0.0
        falling = 0.5 * (1 + tf.cos(math.pi * (share - rise) / (1 - rise)))
        return self._peak * tf.where(share < rise, share / (rise or 1.0), falling)
