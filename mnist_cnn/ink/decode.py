"""An image file of any kind to a grey picture."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_cnn.errors import BadImage
from mnist_cnn.records import FloatArray
from mnist_cnn.settings import MAX_DECODED_PIXELS, MAX_FILE_BYTES, MAX_IMAGE_SIDE, MAX_JPEG_PIXELS

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")

WORKING_SIDE = 1024
"""Larger images are reduced to this before their ink is looked for."""

Image.MAX_IMAGE_PIXELS = None  # _check_dimensions refuses far smaller ones, in a sentence


def decode_image(source: bytes | Path) -> FloatArray:
    """A grey picture of an image file or its content: float32 (height, width), 0 for black to 1
    for white, at most `WORKING_SIDE` pixels on a side.

    The content decides what it is, whatever its name. The first frame of an animation counts.
    Orientation, transparency (over white paper) and depth are taken care of.

    Raises:
        BadImage: empty, not one of `FORMATS`, damaged, or too large.
    """
    return _grey(_decoded(_content(source)))


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
