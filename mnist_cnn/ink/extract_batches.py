"""`extract_ink` for many grey pictures of one size at once: the same ink, far sooner."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.ink import extract
from mnist_cnn.records import FloatArray

Doubles = NDArray[np.float64]

Mask = NDArray[np.bool_]


def extract_ink_many(greys: FloatArray) -> FloatArray:
    """`images.ink` of many grey pictures at once: float32 (n, height, width) of the same."""
    difference = greys - _papers(greys)
    contrast, inverted = _strongest(difference), _strongest(-difference)
    dark = (-difference.min(axis=(1, 2)) > contrast) & (inverted > contrast)
    difference[dark] *= -1
    contrast = np.where(dark, inverted, contrast)
    blank = contrast < extract.MIN_CONTRAST
    noise = _noise(difference, contrast)
    grainy = np.flatnonzero(~blank & (noise > extract.MIN_NOISE * contrast))
    if len(grainy):
        blur = 4 * noise[grainy] / contrast[grainy]
        smooth = _blurred(difference[grainy], np.clip(blur, 0.5, 0.035 * min(greys.shape[1:])))
        difference[grainy] = smooth
        contrast[grainy] = _strongest(smooth)
        noise[grainy] = _noise(smooth, contrast[grainy])
    of_grain_alone = noise * (1 + math.sqrt(2 * math.log(greys[0].size)))
    blank |= contrast < np.maximum(extract.MIN_CONTRAST, of_grain_alone)
    floor = np.minimum(2.5 * noise, 0.4 * contrast)
    scale = np.where(blank, np.inf, contrast - floor)
    found = np.clip((difference - _each(floor)) / _each(scale), 0, 1).astype(np.float32)
    speckled = np.flatnonzero(noise > 0)
    found[speckled] = _without_specks(found[speckled])
    return found


def _papers(greys: FloatArray) -> FloatArray:
    """`images._paper` of each."""
    _, height, width = greys.shape
    y, x, on_rim = extract.paper_samples(height, width)
    values = greys[:, y][:, :, x].reshape(len(greys), -1)
    rim = values[:, on_rim.ravel()]
    level = _median(rim)
    off = np.abs(rim - level[:, None])
    near = off <= np.maximum(0.02, 3 * 1.4826 * _median(off))[:, None]
    papers = np.repeat(level, height * width).reshape(greys.shape)
    least = np.where(near, rim, np.float32(np.inf)).min(axis=1)
    most = np.where(near, rim, np.float32(-np.inf)).max(axis=1)
    uneven = np.flatnonzero(most - least >= 0.02)
    if len(uneven):
        bare = np.zeros((len(uneven), on_rim.size), bool)
        bare[:, on_rim.ravel()] = near[uneven]
        surface = _surfaces(_terms(y / height, x / width), values[uneven], bare)
        everywhere = _terms(np.arange(height) / height, np.arange(width) / width)
        papers[uneven] = (surface @ everywhere.T).reshape(-1, height, width)
    return papers


def _surfaces(terms: Doubles, values: FloatArray, bare: Mask) -> Doubles:
    """Six coefficients each of the quadratic surface through what is bare, in three rounds."""
    one, other = np.triu_indices(terms.shape[1])
    products = terms[:, one] * terms[:, other]
    matrices = np.empty((len(values), terms.shape[1], terms.shape[1]))
    # arrays this large cost more to fetch anew in each round than what is done with them
    scratch, residual = np.empty(values.shape), np.empty_like(values)
    for _ in range(3):
        np.copyto(scratch, bare)
        matrices[:, one, other] = matrices[:, other, one] = scratch @ products
        scratch *= values
        inverses = np.linalg.pinv(matrices, 1e-10, hermitian=True)
        surface = np.einsum("nij,nj->ni", inverses, scratch @ terms)
        np.matmul(surface, terms.T, out=scratch)
        np.subtract(values, scratch, out=residual, casting="same_kind")
        off = np.abs(residual - _median(residual, bare)[:, None])
        spread = np.maximum(0.01, 1.4826 * _median(off, bare))
        near = np.abs(residual) <= 3 * spread[:, None]
        bare = np.where(near.any(axis=1, keepdims=True), near, bare)
    return np.asarray(surface)


def _terms(y: Doubles, x: Doubles) -> Doubles:
    return extract.surface_terms(np.repeat(y, len(x)), np.tile(x, len(y)))


def _noise(difference: FloatArray, contrast: Doubles) -> FloatArray:
    """`images._noise` of each."""
    if max(difference.shape[1:]) <= extract.GRAINLESS:
        return np.zeros(len(difference), np.float32)
    rim = extract.rim(difference)
    deviations = np.abs(rim - _median(rim)[:, None])
    differing = (deviations > 1e-3) & (deviations < extract.INKY * contrast[:, None])
    grain = np.float32(1.4826) * _median(deviations, differing)
    return np.where(differing.sum(axis=1) < 0.4 * rim.shape[1], np.float32(0), grain)


def _strongest(difference: FloatArray) -> Doubles:
    """`images._strongest` of each."""
    flat = difference.reshape(len(difference), -1)
    count = extract.num_strongest(flat.shape[1])
    return np.asarray(np.partition(flat, -count, axis=1)[:, -count:].mean(axis=1), np.float64)


def _blurred(pictures: FloatArray, sigmas: Doubles) -> FloatArray:
    """Each by a Gaussian of its own width, as `ndimage.gaussian_filter` does it."""
    across, down = (_blurs(size, sigmas) for size in (pictures.shape[2], pictures.shape[1]))
    return np.asarray(down @ pictures @ across.transpose(0, 2, 1), np.float32)


def _blurs(size: int, sigmas: Doubles) -> Doubles:
    """(n, size, size): the matrices that blur a row, which is mirrored beyond its ends."""
    radii = (4 * sigmas + 0.5).astype(int)
    steps = np.arange(-radii.max(), radii.max() + 1)
    weights = np.exp(-0.5 * (steps / sigmas[:, None]) ** 2) * (np.abs(steps) <= radii[:, None])
    weights /= weights.sum(axis=1, keepdims=True)
    places = np.arange(size)[:, None] + steps
    mirrored = np.abs((places + size) % (2 * size) - size + 0.5) - 0.5
    takes = mirrored.T[:, :, None] == np.arange(size)
    return np.asarray((weights @ takes.reshape(len(steps), -1)).reshape(-1, size, size))


def _without_specks(found: FloatArray) -> FloatArray:
    """`images._without_specks` of each."""
    in_a_picture = np.zeros((3, 3, 3), bool)
    in_a_picture[1] = True
    pieces, _ = ndimage.label(found > 0, in_a_picture)
    weights = np.bincount(pieces.ravel(), weights=found.ravel(), minlength=1).astype(np.float32)
    weights[0] = 0
    weight = weights[pieces]
    largest = weight.max(axis=(1, 2), keepdims=True, initial=0)
    return np.where((weight > 0) & (weight >= largest / 40), found, np.float32(0))


def _each(values: NDArray[Any]) -> NDArray[Any]:
    """A number for each picture, to be set against its pixels."""
    return values[:, None, None]


def _median(values: FloatArray, some: Mask | None = None) -> FloatArray:
    """The median of each row, or of some values of each; of none it is no number."""
    counts = np.full(len(values), values.shape[1]) if some is None else some.sum(axis=1)
    ordered = values.copy() if some is None else np.where(some, values, np.float32(np.inf))
    ordered.sort(axis=1)
    rows = np.arange(len(values))
    return np.asarray((ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2)
