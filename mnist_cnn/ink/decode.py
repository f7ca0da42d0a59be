"""An image file of any kind to a grey picture."""

import contextlib
import io
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_cnn.errors import BadImage
from mnist_cnn.records import FloatArray
from mnist_cnn.settings import (
    MAX_DECODED_BYTES,
    MAX_FILE_BYTES,
    MAX_IMAGE_PIXELS,
    MAX_IMAGE_SIDE,
    PROGRESSIVE_BYTES,
)

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "PPM")

SEVERAL_FRAMES = ("PNG", "GIF", "WEBP", "TIFF", "AVIF")
"""Those of them that may hold an animation, or pages."""

TOLD_FORMATS = "PNG, JPEG, BMP, GIF, WEBP, TIFF, HEIC, AVIF or PGM"
"""As people know them."""

WORKING_SIDE = 1024
"""Larger images are reduced to this before their ink is looked for."""

BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 6, "I;16B": 6}
"""What a decoded image takes, by mode; others, 4."""

HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")

Image.MAX_IMAGE_PIXELS = None  # _check_size refuses far smaller ones, in a sentence


def decode_image(source: bytes | Path) -> FloatArray:
    """A grey picture of an image file or its content: float32 (height, width), 0 for black to 1
    for white, at most `WORKING_SIDE` pixels on a side.

    The content decides what it is, whatever its name. The first frame of an animation counts.
    Orientation, transparency and depth are taken care of.

    Raises:
        BadImage: empty, none of `TOLD_FORMATS`, damaged, or too large.
    """
    return _decoded(_content(source))


def frames_left_out(content: bytes) -> bool:
    """Whether an image file that can be read holds frames or pages beside its first."""
    with contextlib.suppress(Exception):  # decoders raise whatever their code happens to
        image = Image.open(io.BytesIO(content), formats=SEVERAL_FRAMES)
        return bool(getattr(image, "is_animated", False))
    return False


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


def _decoded(content: bytes) -> FloatArray:
    is_heic = content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS
    is_heic = is_heic and b"avif" not in content[12:64]
    if is_heic:
        import pi_heif

        pi_heif.register_heif_opener()
    try:
        image = Image.open(io.BytesIO(content), formats=["HEIF"] if is_heic else FORMATS)
        _check_size(image)
        # a JPEG is scaled while it is read, by 2, 4 or 8
        scale = max(1, max(image.size) // WORKING_SIDE)
        image.draft("L", (image.width // scale, image.height // scale))
        image.load()
        if image.format == "PNG":
            _check_sums(content)
        return _grey(_upright(image))
    except UnidentifiedImageError as error:
        if is_heic:
            raise _damaged("its HEIC holds no picture") from error
        raise BadImage(
            f"The file is not an image that can be read here; expected {TOLD_FORMATS}.",
            "not_an_image",
        ) from error
    except BadImage:
        raise
    except Exception as error:  # decoders raise whatever their code happens to on damaged data
        raise _damaged(str(error)) from error


def _check_sums(content: bytes) -> None:
    """Raises BadImage where the pixels of a PNG are not those that were saved; Pillow looks at all
    checksums but the last."""
    at = 8
    while kind := content[at + 4 : at + 8]:
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        told = int.from_bytes(content[end : end + 4], "big")
        if kind == b"IDAT" and zlib.crc32(memoryview(content)[at + 4 : end]) != told:
            raise _damaged("a checksum is wrong")
        at = end + 4


def _damaged(reason: str) -> BadImage:
    return BadImage(
        f"The image is damaged or cut short ({reason}); please save or send it again.",
        "image_damaged",
    )


def _upright(image: Image.Image) -> Image.Image:
    """As its EXIF says that it is to be held; damaged EXIF says nothing."""
    try:
        return ImageOps.exif_transpose(image) or image
    except Exception:  # parsers raise whatever their code happens to on damaged data
        return image


def _check_size(image: Image.Image) -> None:
    """Raises BadImage where it has too many pixels, or would take too much memory."""
    pixels, most = image.width * image.height, MAX_IMAGE_PIXELS
    kind = ""
    if image.format != "JPEG":
        needed = BYTES_PER_PIXEL.get(image.mode, 4)
        kind = f" for a {image.format} of its colours" if needed > 1 else ""
        most = min(most, MAX_DECODED_BYTES // needed)
    elif image.info.get("progressive"):
        kind = " for a progressive JPEG"
        most = MAX_DECODED_BYTES // PROGRESSIVE_BYTES
    if pixels > most or max(image.size) > MAX_IMAGE_SIDE:
        raise BadImage(
            f"The image measures {image.width:,} × {image.height:,} pixels; at most "
            f"{most / 1e6:.0f} megapixels{kind} and {MAX_IMAGE_SIDE:,} on a side are read. "
            "Please make it smaller.",
            "image_too_large",
        )


def _grey(image: Image.Image) -> FloatArray:
    """float32 (height, width) in [0, 1], reduced to `WORKING_SIDE`."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        grey = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0).clip(0)
        image = Image.fromarray(grey / max(grey.max(), 1e-6))  # few fill their depth
    elif image.has_transparency_data:
        image = _over_paper(_reduced(image.convert("RGBA")))
    elif image.mode in ("1", "P"):
        image = image.convert("L")
    elif image.mode == "LAB":
        image = image.getchannel("L")
    image = _reduced(image)
    image = image if image.mode in ("F", "L") else image.convert("L")
    if max(image.size) > WORKING_SIDE:
        image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX, reducing_gap=None)
    grey = np.array(image, np.float32)
    if image.mode == "L":
        grey /= 255
    return grey


def _reduced(image: Image.Image) -> Image.Image:
    """By a whole factor, so that what follows works on little."""
    factor = max(image.size) // WORKING_SIDE
    return image.reduce(factor) if factor > 1 else image


def _over_paper(layers: Image.Image) -> Image.Image:
    """Transparent layers (RGBA) over white paper; over black where mostly transparent, with light
    strokes on it."""
    grey, alpha = np.asarray(layers.convert("L"), np.float64), np.asarray(layers.getchannel("A"))
    light = alpha.sum() > 0 and (grey * alpha).sum() > 127.5 * alpha.sum(dtype=np.float64)
    colour = "black" if light and alpha.mean() < 127.5 else "white"
    return Image.alpha_composite(Image.new("RGBA", layers.size, colour), layers).convert("L")
