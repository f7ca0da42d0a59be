"""Any image to ink, and ink to the (28, 28) frame that networks read."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_cnn.errors import BadImage
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.settings import (
    MAX_DECODED_PIXELS,
    MAX_FILE_BYTES,
    MAX_IMAGE_SIDE,
    MAX_JPEG_PIXELS,
)
from mnist_cnn.strokes import PEN_WIDTH, rasterize

FRAME = 28
DIGIT = 20
"""MNIST's frame: the digit's longer side measures 20 of the 28 pixels."""
CENTRE = 14.5
"""Where the centre of mass goes, counted from the frame's edge: the middle of pixel 14, which
is where it lies in MNIST on average."""

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
WORKING_SIDE = 1024
"""Larger images are reduced to this before their ink is looked for."""

FAINTEST, FAINTEST_LARGE = 0.03, 0.15
"""Ink below this share of the darkest does not count for where a digit ends. Small images have
soft rims that belong to the digit; in those larger than `LARGE` px the rim is thin, and JPEG
leaves ripples around it."""
LARGE = 3 * FRAME

LEAST_CONTRAST = 0.08
"""An image whose ink differs from its paper by less, of 1 for black on white, is blank."""

LEAST_NOISE = 0.05
"""Grain below this share of the ink's strength averages out by itself."""

Image.MAX_IMAGE_PIXELS = None  # _check_dimensions refuses far smaller ones, in a sentence


def normalize(ink: FloatArray) -> FloatArray:
    """The only road to (28, 28): as MNIST's makers framed their digits.

    Args:
        ink: white ink on black, any shape (height, width), 0 for paper, greater for ink.

    Returns:
        float32 (28, 28) in [0, 1], the darkest ink at 1: cropped to the ink, its longer side
        20 px by area averaging with the aspect kept, its centre of mass in the middle
        of pixel (14, 14). All zeros where there is no ink.
    """
    peak = float(ink.max(initial=0.0))
    if peak <= 0.0:
        return np.zeros((FRAME, FRAME), np.float32)
    faintest = peak * (FAINTEST if max(ink.shape) <= LARGE else FAINTEST_LARGE)
    rows = np.flatnonzero(ink.max(axis=1) > faintest)
    columns = np.flatnonzero(ink.max(axis=0) > faintest)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    crop = np.asarray(ink[top:bottom, left:right], np.float32)
    pixels = max(crop.shape) / DIGIT
    mass = crop.sum()
    centre_y = float(crop.sum(axis=1) @ np.arange(0.5, crop.shape[0])) / mass
    centre_x = float(crop.sum(axis=0) @ np.arange(0.5, crop.shape[1])) / mass
    frame = (
        _averaging(crop.shape[0], centre_y, pixels)
        @ crop
        @ _averaging(crop.shape[1], centre_x, pixels).T
    )
    return np.clip(frame / frame.max(), 0, 1, dtype=np.float32)


def normalize_strokes(strokes: Sequence[Stroke], pen_width: float = PEN_WIDTH) -> FloatArray:
    """What a network sees of a drawing: float32 (28, 28)."""
    return normalize(rasterize(strokes, pen_width))


def read_image(source: bytes | Path) -> FloatArray:
    """The ink of an image file: float32 (height, width) in [0, 1], white on black.

    The file's content decides what it is, whatever its name. The first frame of an animation
    counts. Orientation, transparency (over white paper), depth, polarity, uneven paper and
    noise are taken care of. A blank image gives zeros.

    Raises:
        BadImage: empty, not one of `FORMATS`, damaged, or too large.
    """
    return ink(_grey(_decoded(_content(source))))


def ink(grey: FloatArray) -> FloatArray:
    """The ink of a grey picture: how far each pixel differs from the paper around it.

    Args:
        grey: float32 (height, width), 0 for black to 1 for white, in either polarity.

    Returns:
        float32 (height, width), 0 for paper to 1 for the darkest ink.
    """
    difference = grey - _paper(grey)
    contrast = _strongest(difference)
    if -difference.min() > contrast and (inverted := _strongest(-difference)) > contrast:
        difference, contrast = -difference, inverted
    if contrast < LEAST_CONTRAST:
        return np.zeros_like(grey)
    noise = _noise(difference)
    if noise > LEAST_NOISE * contrast:
        from scipy import ndimage  # a fifth of a second that strokes need not wait for

        blur = np.clip(4 * noise / contrast, 0.5, 0.035 * min(grey.shape))
        difference = ndimage.gaussian_filter(difference, blur)
        noise, contrast = _noise(difference), _strongest(difference)
    of_grain_alone = noise * (1 + math.sqrt(2 * math.log(grey.size)))
    if contrast < max(LEAST_CONTRAST, of_grain_alone):
        return np.zeros_like(grey)
    floor = min(2.5 * noise, 0.4 * contrast)
    found = np.clip((difference - floor) / (contrast - floor), 0, 1, dtype=np.float32)
    return _without_specks(found) if noise > 0 else found


def symbols_side_by_side(ink: FloatArray) -> int:
    """How many tall pieces of ink clear white columns keep apart: 0 for none, 2 for "42".

    Symbols that touch or overhang each other count as one, so this never splits a digit; it
    misses some numbers instead.
    """
    inked = ink > 0.3 * ink.max(initial=0.0)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(columns):
        return 0
    height = np.ptp(rows) + 1
    gaps = np.flatnonzero(np.diff(columns) > max(2, 0.08 * height))
    pieces = np.split(columns, gaps + 1)
    tall = [
        np.ptp(np.flatnonzero(inked[:, piece[0] : piece[-1] + 1].any(axis=1))) + 1 >= 0.6 * height
        for piece in pieces
    ]
    return max(1, int(np.sum(tall)))


def _averaging(length: int, centre: float, pixels: float) -> FloatArray:
    """(28, length): row i averages the source pixels that frame pixel i covers, by area.

    Where the ink already has the frame's size it moves by whole pixels, as MNIST's makers moved
    it: a fraction would only blur it. Ink that would stick out is moved back inside.
    """
    if pixels <= 1:
        centre = math.floor(centre) + 0.5
    centre = min(max(centre, length - (FRAME - CENTRE) * pixels), CENTRE * pixels)
    edges = centre + (np.arange(FRAME + 1) - CENTRE) * pixels
    covered = np.clip(edges[:, None] - np.arange(length)[None, :], 0, 1)
    return np.asarray(np.diff(covered, axis=0) / pixels, np.float32)


def _paper(grey: FloatArray) -> FloatArray:
    """The brightness of the bare paper at each pixel: a quadratic surface, so that a shadow
    or a lamp to one side does not count as ink."""
    height, width = grey.shape
    y, x, on_rim = paper_samples(height, width)
    values, bare = grey[np.ix_(y, x)].ravel().astype(np.float64), on_rim.ravel()
    level = _median(values[bare])
    bare &= np.abs(values - level) <= max(0.02, 3 * 1.4826 * _median_deviation(values[bare]))
    if np.ptp(values[bare]) < 0.02:
        return np.full_like(grey, level)
    terms = surface_terms(np.repeat(y / height, len(x)), np.tile(x / width, len(y)))
    for _ in range(3):
        some = terms[bare]
        surface, *_ = np.linalg.lstsq(some.T @ some, some.T @ values[bare], rcond=1e-10)
        residual = values - terms @ surface
        spread = max(0.01, 1.4826 * _median_deviation(residual[bare]))
        near = np.abs(residual) <= 3 * spread
        if not near.any():  # a few pixels that no surface fits
            break
        bare = near
    rows, columns = np.arange(height) / height, np.arange(width) / width
    paper = surface[0] + (surface[1] * rows + surface[3] * rows**2)[:, None]
    paper = paper + (surface[2] * columns + surface[4] * columns**2)[None, :]
    return (paper + surface[5] * np.outer(rows, columns)).astype(np.float32)


def paper_samples(
    height: int, width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Rows and columns at which to look for the paper, and where they meet on the picture's rim."""
    step = max(1, min(height, width) // 32)
    y, x = np.arange(0, height, step), np.arange(0, width, step)
    depth = 0.08 * min(height, width)
    return y, x, _near_an_end(y, height, depth)[:, None] | _near_an_end(x, width, depth)


def _near_an_end(places: NDArray[np.intp], length: int, depth: float) -> NDArray[np.bool_]:
    return np.asarray(np.minimum(places, length - 1 - places) <= depth)


def surface_terms(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 6): what a quadratic surface is made of."""
    return np.stack([np.ones_like(y), y, x, y * y, x * x, x * y], axis=1)


def _noise(difference: FloatArray) -> float:
    """The standard deviation of the paper's grain, read off the image's rim.

    White paper cuts off the brighter half of its grain, so that many pixels are equal; then the
    others tell. Where most are equal there is no grain.
    """
    values = rim(difference[None])[0]
    deviations = np.abs(values - _median(values))
    differing = deviations[deviations > 1e-3]
    return 0.0 if len(differing) < 0.4 * len(values) else 1.4826 * _median(differing)


def rim(pictures: FloatArray) -> FloatArray:
    """(n, pixels): those at the edge of each picture, at its corners twice."""
    depth = max(1, round(0.08 * min(pictures.shape[1:])))
    sides = (
        pictures[:, :depth],
        pictures[:, -depth:],
        pictures[:, :, :depth],
        pictures[:, :, -depth:],
    )
    return np.concatenate([side.reshape(len(pictures), -1) for side in sides], axis=1)


def _strongest(difference: FloatArray) -> float:
    """The darkest ink, as the mean of the few strongest pixels, which one speck cannot fake."""
    count = num_strongest(difference.size)
    few, peak = difference.ravel(), difference.max()
    for share in (0.9, 0.5, 0.1):  # most pixels are paper: many equal values, slow to partition
        dark = few[few > share * peak]
        if len(dark) >= count and peak > 0:
            few = dark
            break
    return float(np.mean(np.partition(few, -count)[-count:]))


def num_strongest(pixels: int) -> int:
    """How many of so many pixels speak for the darkest ink."""
    return min(max(3, pixels // 5000), pixels)


def _without_specks(found: FloatArray) -> FloatArray:
    """Without the connected pieces that hold less than a fortieth of the largest one's ink."""
    from scipy import ndimage

    pieces, count = ndimage.label(found > 0, structure=np.ones((3, 3)))
    if count < 2:
        return found
    weights = np.bincount(pieces.ravel(), weights=found.ravel())
    weights[0] = 0
    return np.where((weights >= weights.max() / 40)[pieces], found, np.float32(0))


def _median_deviation(values: NDArray[Any]) -> float:
    return _median(np.abs(values - _median(values)))


def _median(values: NDArray[Any]) -> float:
    """numpy's median of one row of numbers, without the many checks before it."""
    middle = len(values) // 2
    some = np.partition(values, [max(0, middle - 1), middle])
    return float(some[middle] if len(values) % 2 else (some[middle - 1] + some[middle]) / 2)


def _content(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        content = source
    else:
        try:
            with open(source, "rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise BadImage(f"{source} could not be read: {error.strerror}.") from error
    if not content:
        raise BadImage("The file is empty (0 bytes); please choose an image.", "image_empty")
    if len(content) > MAX_FILE_BYTES:
        raise BadImage(
            f"The file has more than {MAX_FILE_BYTES // 2**20} MB; please choose a smaller image.",
            "image_too_large",
        )
    return content


def _decoded(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        _check_dimensions(image)
        image.draft("L", (WORKING_SIDE, WORKING_SIDE))
        if image.width * image.height > MAX_DECODED_PIXELS:
            raise _too_large(image.size)
        image.load()
        return ImageOps.exif_transpose(image) or image
    except UnidentifiedImageError as error:
        raise BadImage(
            f"The file is not an image that can be read here; expected {', '.join(FORMATS)}.",
            "not_an_image",
        ) from error
    except Image.DecompressionBombError as error:
        raise BadImage(str(error), "image_too_large") from error
    # Pillow's decoders raise whatever their format's code happens to raise on damaged data.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        raise BadImage(
            f"The image is damaged or cut short ({error}); please save or send it again.",
            "image_damaged",
        ) from error


def _check_dimensions(image: Image.Image) -> None:
    most = MAX_JPEG_PIXELS if image.format == "JPEG" else MAX_DECODED_PIXELS
    side = 2 * MAX_IMAGE_SIDE if image.format == "JPEG" else MAX_IMAGE_SIDE
    if max(image.size) > side or image.width * image.height > most:
        raise _too_large(image.size)


def _too_large(size: tuple[int, int]) -> BadImage:
    return BadImage(
        f"The image measures {size[0]:,} × {size[1]:,} pixels; at most "
        f"{MAX_DECODED_PIXELS / 1e6:.0f} megapixels and {MAX_IMAGE_SIDE:,} on a side are read "
        f"({MAX_JPEG_PIXELS / 1e6:.0f} megapixels for a JPEG). Please make it smaller.",
        "image_too_large",
    )


def _grey(image: Image.Image) -> FloatArray:
    """float32 (height, width) in [0, 1], reduced to `WORKING_SIDE`, transparency over white."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        grey = np.asarray(image, np.float32)
        image = Image.fromarray(grey / max(65535.0 if image.mode != "F" else 1.0, grey.max()))
    elif image.has_transparency_data:
        layers = image.convert("RGBA")
        paper = Image.new("RGBA", layers.size, "white")
        image = Image.alpha_composite(paper, layers).convert("L")
    else:
        image = image.convert("L")
    if max(image.size) > WORKING_SIDE:
        image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX, reducing_gap=None)
    grey = np.asarray(image, np.float32)
    return grey if image.mode == "F" else grey / 255
