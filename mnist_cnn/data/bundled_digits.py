"""1,797 scanned digits of 8×8 pixels that scikit-learn carries inside, always at hand."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.checksums import checksum
from mnist_cnn.data.splits import Splits
from mnist_cnn.ink.normalize import normalize, to_uint8
from mnist_cnn.records import Dataset

SOURCE = "UCI Optical Recognition of Handwritten Digits, test part, as in scikit-learn"


@cache  # framing them takes seconds, and a training needs them to learn and to be measured
def load_bundled_digits() -> Splits:
    """scikit-learn's digits, enlarged and framed, read-only; split 1,297 / 200 / 300. Needs no
    network."""
    from sklearn.datasets import load_digits  # takes a second, and few callers need it

    small, labels = load_digits(return_X_y=True)
    framed = [to_uint8(normalize(_enlarged(image.reshape(8, 8) / 16))) for image in small]
    images, classes = np.stack(framed), labels.astype(np.int64)
    images.flags.writeable = classes.flags.writeable = False  # all callers share them
    everything = Dataset(
        "bundled-digits",
        images,
        classes,
        SOURCE,
        "CC BY 4.0",
        checksum(small, labels),
    )
    return Splits(
        everything.part("bundled-digits-train", slice(0, 1297)),
        everything.part("bundled-digits-validation", slice(1297, 1497)),
        everything.part("bundled-digits-test", slice(1497, None)),
    )


def one_of_each() -> NDArray[np.uint8]:
    """uint8 (10, 28, 28): the first bundled digit of each kind, always at hand."""
    train = load_bundled_digits().train
    return np.stack([train.images[train.labels == digit][0] for digit in range(10)])


def _enlarged(image: NDArray[np.float64]) -> NDArray[np.float32]:
    """By a cubic spline, other than `normalize` does it: what runs have saved belongs to these."""
    from scipy import ndimage

    return np.clip(ndimage.zoom(np.pad(image, 1), 6, order=3), 0, 1).astype(np.float32)
