"""Changes to (28, 28) images that leave the digit the same, many at once, in plain numpy."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.models.recipes import Augmentation
from mnist_cnn.records import FloatArray


def augmented(
    images: NDArray[np.uint8], amounts: Augmentation, random: np.random.Generator
) -> FloatArray:
    """float32 (n, 28, 28) in [0, 1] from uint8 (n, 28, 28): warped, then re-inked."""
    warped = _warped(images, *_sampling_points(len(images), images.shape[1], amounts, random))
    _rethicken(warped, amounts.thickness, random)
    _add_grain(warped, amounts.grain, random)
    return warped


def _sampling_points(
    count: int, size: int, amounts: Augmentation, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Where each output pixel looks in its source: x and y, both float32 (n, size, size)."""
    angle = np.radians(random.normal(0, 1, count) * amounts.rotation)
    slant = np.tan(np.radians(random.normal(0, 1, count) * amounts.slant))
    size_change = 1 + random.uniform(-1, 1, count) * amounts.scale
    aspect = 1 + random.uniform(-1, 1, count) * amounts.scale / 2
    shift = random.uniform(-1, 1, (2, count)) * amounts.shift
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin + slant * cos], [sin, cos + slant * sin]])
    matrix = (matrix / size_change * np.array([aspect, 1 / aspect])[:, None]).astype(np.float32)
    centre = (size - 1) / 2
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) - np.float32(centre)
    from_x, from_y = (
        row[0][:, None, None] * x
        + row[1][:, None, None] * y
        + (centre + moved).astype(np.float32)[:, None, None]
        for row, moved in zip(matrix, shift, strict=True)
    )
    if amounts.elastic > 0:
        from_x += _smooth_field(count, size, amounts.elastic, random)
        from_y += _smooth_field(count, size, amounts.elastic, random)
    return from_x, from_y


def _smooth_field(
    count: int, size: int, spread: float, random: np.random.Generator, knots: int = 6
) -> FloatArray:
    """Random numbers on a coarse grid, drawn out smoothly over the image."""
    coarse = random.normal(0, spread, (count, knots, knots)).astype(np.float32)
    position = np.linspace(0, knots - 1, size)
    spline = ndimage.map_coordinates(
        np.eye(knots), np.meshgrid(position, np.arange(knots), indexing="ij"), order=2
    ).astype(np.float32)
    return spline @ coarse @ spline.T


def _warped(images: NDArray[np.uint8], x: FloatArray, y: FloatArray) -> FloatArray:
    """Bilinear sampling with black beyond the edge."""
    count, size = len(images), images.shape[1]
    wide = size + 2
    padded = np.zeros((count, wide, wide), np.float32)
    padded[:, 1:-1, 1:-1] = images
    padded /= 255
    x = np.clip(x + 1, 0, wide - 1.001)
    y = np.clip(y + 1, 0, wide - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    x -= left
    y -= top
    start = np.arange(count, dtype=np.int32)[:, None, None] * (wide * wide)
    corner = start + top * wide + left
    flat = padded.ravel()
    upper = flat[corner] * (1 - x) + flat[corner + 1] * x
    lower = flat[corner + wide] * (1 - x) + flat[corner + wide + 1] * x
    return upper * (1 - y) + lower * y


def _rethicken(images: FloatArray, share: float, random: np.random.Generator) -> None:
    """In place: strokes of a share of the images grow or shrink by up to about a pixel."""
    chosen = random.random(len(images)) < share
    thinner = chosen & (random.random(len(images)) < 0.5)
    for change, mask in ((np.maximum, chosen & ~thinner), (np.minimum, thinner)):
        some = images[mask]
        amount = random.uniform(0.2, 1, (len(some), 1, 1)).astype(np.float32)
        neighbours = some.copy()
        for axis in (1, 2):
            for step in (1, -1):
                change(neighbours, np.roll(some, step, axis), out=neighbours)
        some += amount * (neighbours - some)
        images[mask] = some / np.maximum(some.max(axis=(1, 2), keepdims=True), 0.3)


def _add_grain(images: FloatArray, share: float, random: np.random.Generator) -> None:
    """In place: a share of the images is blurred and grained, as a photograph's ink is."""
    chosen = random.random(len(images)) < share
    if not chosen.any():
        return
    some = images[chosen]
    blurred = ndimage.gaussian_filter(some, (0, 0.7, 0.7))
    some += random.random((len(some), 1, 1), np.float32) * (blurred - some)
    strength = 0.25 * random.random((len(some), 1, 1), np.float32)
    some += strength * random.standard_normal(some.shape, np.float32) * (0.2 + some)
    images[chosen] = np.clip(some, 0, 1)
