"""Digits as dots in a plane: near each other where a network's last features of them are alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mnist_cnn.records import FloatArray

LANDMARKS = 1000
"""Digits that t-SNE lays out; every other one stands where its likest landmarks stand."""

LIKEST = 5
DIRECTIONS = 24
"""Principal components of the features that distances are measured in."""


@dataclass(frozen=True)
class DigitMap:
    """`dots` (n, 2) from 0 to 1. Distances are measured in `directions` (numbers, k) of the
    features less their `middle` (numbers,); `landmarks` (m,) are rows, and `known` (m, k) where
    they lie there."""

    dots: NDArray[np.float32]
    landmarks: NDArray[np.int32]
    middle: NDArray[np.float32]
    directions: NDArray[np.float32]
    known: NDArray[np.float32]

    def place(self, features: FloatArray) -> FloatArray:
        """(n, 2): where digits with these features, (n, numbers), belong."""
        return _between(self.inside(features), self.known, self.dots[self.landmarks])

    def inside(self, features: FloatArray) -> FloatArray:
        """(n, k) of (n, numbers)."""
        return np.asarray((features.astype(np.float32) - self.middle) @ self.directions)

    def nearest(self, feature: FloatArray, features: FloatArray, count: int = 8) -> list[int]:
        """The rows of `features`, (n, numbers), that are likest to one of (numbers,)."""
        away = self.inside(features) - self.inside(feature[None])
        return np.argsort((away**2).sum(axis=1), kind="stable")[:count].tolist()


def lay_out(features: FloatArray, seed: int = 0) -> DigitMap:
    """A map of digits by their features, (n, numbers): t-SNE lays out `LANDMARKS` of them, van der
    Maaten and Hinton, Visualizing data using t-SNE, 2008; it cannot place a new one, so every other
    digit, also one that is drawn later, stands among its likest landmarks, by distance."""
    from sklearn.decomposition import PCA  # takes a second, and few callers need it
    from sklearn.manifold import TSNE

    own = features.astype(np.float32)
    rng = np.random.default_rng(seed)
    landmarks = np.sort(rng.permutation(len(own))[:LANDMARKS]).astype(np.int32)
    pca = PCA(min(DIRECTIONS, own.shape[1], len(landmarks)), random_state=seed).fit(own)
    middle, directions = pca.mean_.astype(np.float32), pca.components_.T.astype(np.float32)
    known = (own[landmarks] - middle) @ directions
    perplexity = min(30.0, (len(landmarks) - 1) / 3)
    with threadpool_limits(1):  # several wait for each other where others compute too
        plane = TSNE(perplexity=perplexity, init="pca", random_state=seed, max_iter=750)
        laid = plane.fit_transform(known)
    low, high = laid.min(axis=0), laid.max(axis=0)
    laid = 0.03 + 0.94 * (laid - low) / np.maximum(high - low, 1e-9)
    dots = _between((own - middle) @ directions, known, laid)
    dots[landmarks] = laid
    return DigitMap(dots.astype(np.float32), landmarks, middle, directions, known)


def _between(points: FloatArray, known: FloatArray, places: FloatArray) -> FloatArray:
    """(n, 2): the places (m, 2) of the likest of the known (m, k), the nearer the heavier."""
    squares = (known**2).sum(axis=1)
    found = []
    for some in np.array_split(points, max(1, len(points) // 1000)):
        away = squares - 2 * some @ known.T + (some**2).sum(axis=1)[:, None]
        likest = np.argpartition(away, min(LIKEST, len(known) - 1), axis=1)[:, :LIKEST]
        weights = 1 / (np.take_along_axis(away, likest, axis=1).clip(0) + 1e-6)
        weights /= weights.sum(axis=1, keepdims=True)
        found.append((weights[..., None] * places[likest]).sum(axis=1))
    return np.concatenate(found)
