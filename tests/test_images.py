"""Any picture of a digit comes to the same (28, 28)."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image

from mnist_cnn.errors import BadImage
from mnist_cnn.ink import decode
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.extract_batches import extract_ink_many
from mnist_cnn.ink.image_batches import normalize_many
from mnist_cnn.ink.normalize import normalize, normalize_strokes
from mnist_cnn.ink.page import read_image
from mnist_cnn.ink.strokes import PEN_WIDTH, from_canvas, rasterize
from mnist_cnn.ink.symbol_count import count_symbols
from tests.support.artifacts import needs
from tests.support.drawings import SEVEN, canvas_json
from tests.support.files import zipped

STROKES = from_canvas(canvas_json(*SEVEN))


def picture(dark_on_light: bool = False, margin: int = 40) -> Image.Image:
    """The drawn seven as a person would save it: 8-bit grey."""
    pixels = np.pad(rasterize(STROKES), margin)
    return Image.fromarray((255 * (1 - pixels if dark_on_light else pixels)).astype(np.uint8))


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def framed(content: bytes) -> np.ndarray:
    return normalize(read_image(content))


def test_the_frame_is_mnists() -> None:
    image = normalize_strokes(STROKES)
    assert image.shape == (28, 28)
    assert image.min() == 0
    assert image.max() == 1
    rows, columns = np.flatnonzero(image.max(axis=1)), np.flatnonzero(image.max(axis=0))
    # Twenty pixels, placed by a fraction, touch at most twenty-one.
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (20, 21)
    centre = (image.sum(axis=1) @ np.arange(28)) / image.sum()
    assert centre == pytest.approx(14, abs=0.5)


@pytest.mark.parametrize("dark_on_light", [True, False])
def test_a_drawing_and_its_png_in_either_polarity_agree(dark_on_light: bool) -> None:
    """The PNG holds the very pixels of the rasterized strokes, so nothing may differ but rounding
    to 8 bits: a two-hundred-and-fifty-fifth a pixel."""
    difference = np.abs(framed(saved(picture(dark_on_light))) - normalize_strokes(STROKES))
    assert difference.max() <= 1 / 255


@pytest.mark.parametrize("scale", [0.5, 2, 3.7])
def test_the_size_of_a_picture_matters_little(scale: float) -> None:
    """Another raster moves the ink's edges by up to half a source pixel, which at half size is an
    eighth of a frame pixel along the contour; on average over the frame a hundredth."""
    small = picture()
    resized = small.resize((int(small.width * scale), int(small.height * scale)))
    difference = np.abs(framed(saved(resized)) - normalize_strokes(STROKES))
    assert difference.mean() < 0.015


def test_a_canvas_png_agrees_with_its_strokes_but_for_the_width_of_the_brush() -> None:
    """The canvas draws with a brush of fixed pixels; `PEN_WIDTH` is relative to the digit. Drawn
    with the brush that comes to the same width, edges may differ by a canvas pixel, which is a
    ninth of a frame pixel."""
    from PIL import ImageDraw

    brush = PEN_WIDTH * 175
    image = Image.new("L", (280, 280))
    draw = ImageDraw.Draw(image)
    points = [tuple(point) for point in STROKES[0].tolist()]
    draw.line(points, fill=255, width=round(brush))
    for x, y in points:
        draw.ellipse((x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2), fill=255)
    difference = np.abs(framed(saved(image)) - normalize_strokes(STROKES))
    assert difference.mean() < 0.015


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP", "JPEG"])
def test_every_format_is_read(kind: str) -> None:
    difference = np.abs(framed(saved(picture(), kind)) - normalize_strokes(STROKES))
    assert difference.mean() < 0.01


@pytest.mark.fault(16)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P", "1", "LA"])
def test_every_colour_mode_is_read(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    content = saved(picture(dark_on_light=True).convert(mode), kind)
    assert np.abs(framed(content) - normalize_strokes(STROKES)).mean() < 0.01


@pytest.mark.fault(16)
def test_the_lightness_of_a_lab_picture_counts() -> None:
    grey = picture(dark_on_light=True)
    plain = Image.new("L", grey.size, 128)
    content = saved(Image.merge("LAB", (grey, plain, plain)), "TIFF")
    assert np.abs(framed(content) - normalize_strokes(STROKES)).mean() < 0.01


@pytest.mark.fault(16)
def test_sixteen_bits_are_not_clipped() -> None:
    deep = Image.fromarray((rasterize(STROKES) * 40_000 + 10_000).astype(np.uint16))
    assert np.abs(framed(saved(deep)) - normalize_strokes(STROKES)).mean() < 0.01


@pytest.mark.fault(16)
def test_transparent_paper_is_white() -> None:
    layers = np.zeros((*rasterize(STROKES).shape, 4), np.uint8)
    layers[..., 3] = 255 * rasterize(STROKES)
    content = saved(Image.fromarray(np.pad(layers, ((20, 20), (20, 20), (0, 0)))))
    assert np.abs(framed(content) - normalize_strokes(STROKES)).mean() < 0.01


@pytest.mark.fault(16)
def test_a_photograph_taken_sideways_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter clockwise
    turned = picture().transpose(Image.Transpose.ROTATE_90)
    difference = framed(saved(turned, "JPEG", exif=exif)) - normalize_strokes(STROKES)
    assert np.abs(difference).mean() < 0.01


@pytest.mark.fault(17)
def test_the_first_frame_of_an_animation_counts() -> None:
    blank = Image.new("L", picture().size)
    content = saved(picture(), "GIF", save_all=True, append_images=[blank, picture(True)])
    assert np.abs(framed(content) - normalize_strokes(STROKES)).mean() < 0.01


@pytest.mark.parametrize("polarity", [1, -1])
def test_grey_uneven_noisy_paper_is_seen_through(polarity: int) -> None:
    random = np.random.default_rng(0)
    shape = np.pad(rasterize(STROKES), 50)
    lamp = np.linspace(-0.1, 0.1, shape.shape[1])
    grey = 0.6 + lamp - 0.4 * shape + random.normal(0, 0.05, shape.shape)
    grey = np.clip(0.5 + polarity * (grey - 0.5), 0, 1).astype(np.float32)
    assert np.abs(normalize(extract_ink(grey)) - normalize_strokes(STROKES)).mean() < 0.03


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_image_has_no_ink(level: int) -> None:
    assert framed(saved(Image.new("L", (200, 100), level))).sum() == 0


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=6)))
def test_the_smallest_images_are_read_too(pixels: NDArray[np.uint8]) -> None:
    frame = framed(saved(Image.fromarray(pixels)))
    assert frame.shape == (28, 28) and frame.max() in (0, 1)


@pytest.mark.fault(18)
def test_grain_alone_has_no_ink() -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        grain = random.normal(0.5, 0.1, (60, 80)).astype(np.float32)
        assert extract_ink(grain).sum() == 0


@pytest.mark.fault(15, 16)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "image_empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        (b"%PDF-1.7 not an image", "not_an_image"),
        (saved(picture(), "ICO"), "not_an_image"),
        (saved(picture(), "PNG")[:200], "image_damaged"),
        (saved(picture(), "JPEG")[:300], "image_damaged"),
        (saved(picture(), "PNG")[:8], "not_an_image"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "not_an_image"),
        (b"x" * (20 * 2**20 + 1), "image_too_large"),
    ],
    ids=["empty", "svg", "pdf", "ico", "cut png", "cut jpeg", "signature", "zeros", "21 MB"],
)
def test_what_is_no_image_is_refused_in_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(BadImage) as caught:
        read_image(content)
    assert caught.value.code == code
    assert str(caught.value).endswith((".", "again."))


@pytest.mark.fault(14)
@pytest.mark.parametrize("size", [(13_300, 13_300), (1, 60_000), (8_000, 7_000)])
def test_fifty_megapixels_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(BadImage, match="Please make it smaller") as caught:
        read_image(saved(Image.new("1", size)))
    assert caught.value.code == "image_too_large"


def empty_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    head, body = chunk(b"IHDR", size + b"\x08\0\0\0\0"), chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


@pytest.mark.fault(14)
@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_a_picture_of_no_pixels_is_none(size: tuple[int, int]) -> None:
    with pytest.raises(BadImage):
        read_image(empty_png(*size))
    with pytest.raises(BadImage):
        read_image(b"P5 %d %d 255\n" % size)
    bitmap = bytearray(saved(Image.new("L", (3, 3)), "BMP"))
    bitmap[18:26] = size[0].to_bytes(4, "little") + size[1].to_bytes(4, "little")
    with pytest.raises(BadImage):
        read_image(bytes(bitmap))


PNG = saved(picture())


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    "head",
    [
        b"<html>", b"%PDF-1.7\n", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"GIF89a/*" + bytes(40) + b"*/=1;",
        b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), b"#!/bin/sh\n", b"\x7fELF",
    ],
)  # fmt: skip
def test_what_begins_as_something_else_is_no_picture(head: bytes) -> None:
    with pytest.raises(BadImage) as caught:
        read_image(head + PNG)
    assert caught.value.code == "not_an_image"


@pytest.mark.fault(15)
@pytest.mark.parametrize("tail", [zipped(("a.png", b"x")), b"<script>alert(1)</script>", b"%PDF-"])
def test_what_follows_a_picture_is_never_looked_at(tail: bytes) -> None:
    assert (framed(PNG + tail) == framed(PNG)).all()


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    ("chunk", "at"), [(b"IHDR", 17), (b"IHDR", 4), (b"IDAT", 10), (b"IDAT", 90), (b"IEND", -5)]
)
def test_a_changed_byte_is_damage(chunk: bytes, at: int) -> None:
    content = bytearray(PNG)
    content[content.index(chunk) + at] ^= 255
    with pytest.raises(BadImage) as caught:
        read_image(bytes(content))
    assert caught.value.code in ("image_damaged", "not_an_image", "image_too_large")


@pytest.mark.fault(17)
@pytest.mark.parametrize(("kind", "frames"), [("GIF", 500), ("PNG", 20), ("TIFF", 5), ("WEBP", 3)])
def test_of_many_frames_the_first_counts_and_it_is_told(kind: str, frames: int) -> None:
    small = picture().resize((90, 90))
    others = [small.point([(v + n) % 256 for v in range(256)]) for n in range(1, frames)]
    content = saved(small, kind, save_all=True, append_images=others)
    assert decode.frames_left_out(content)
    assert not decode.frames_left_out(saved(small, kind))
    assert np.abs(framed(content) - framed(saved(small))).mean() < 0.02


def test_a_telephones_photograph_is_read() -> None:
    large = picture(dark_on_light=True, margin=80).resize((3000, 4000))
    assert np.abs(framed(saved(large, "JPEG")) - normalize_strokes(STROKES)).mean() < 0.05


@pytest.mark.data
def test_mnists_own_images_pass_unchanged_but_for_a_few() -> None:
    images = np.load(needs("mnist.npz"))["x_test"][:1000]
    changes = [np.abs(normalize(i.astype(np.float32)) * 255 - i).mean() for i in images]
    assert np.mean(np.array(changes) < 1) > 0.99


@pytest.mark.data
@pytest.mark.slow
def test_the_road_does_not_cost_mnist_accuracy(classifier) -> None:
    file = np.load(needs("mnist.npz"))
    images, labels = file["x_test"][:3000].astype(np.float32) / 255, file["y_test"][:3000]
    straight = (classifier.compute_logits(images).argmax(axis=1) == labels).mean()
    by_road = np.stack([normalize(extract_ink(image)) for image in images])
    assert (classifier.compute_logits(by_road).argmax(axis=1) == labels).mean() >= straight - 0.0005


@pytest.mark.parametrize(("count", "gap"), [(1, 0), (2, 30), (3, 30)])
def test_symbols_side_by_side_are_counted(count: int, gap: int) -> None:
    row = [np.pad(rasterize(STROKES), ((0, 0), (0, gap)))] * count
    assert count_symbols(np.hstack(row)) == count


def test_a_speck_beside_a_digit_is_no_second_one() -> None:
    digit = np.pad(rasterize(STROKES), 40)
    digit[60:70, 5:12] = 1
    assert count_symbols(digit) == 1
    assert count_symbols(np.zeros((20, 20))) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 120), st.integers(3, 120))
def test_many_at_once_are_framed_as_one_by_one(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    inks = np.zeros((5, height, width), np.float32)
    for image in inks[1:]:  # the first is blank
        top, left = random.integers(0, height), random.integers(0, width)
        part = image[top : top + random.integers(1, 40), left : left + random.integers(1, 40)]
        part[:] = random.random(part.shape) ** 3
    many = normalize_many(inks)
    assert many.dtype == np.float32
    # the centre of mass in float32, of up to a hundred pixels, moves edges by a hundred-thousandth
    assert np.allclose(many, [normalize(image) for image in inks], atol=1e-4)


# once in thousands of pictures a pixel right on a threshold falls to the other side
@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60))
@example(283, 1, 5)  # grain in so few pixels that no surface of the paper fits any of them
def test_ink_of_many_at_once_is_that_of_each(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    greys = np.ones((6, height, width), np.float32)
    for number, grey in enumerate(greys[1:]):  # the first is blank
        top, left = random.integers(0, height), random.integers(0, width)
        grey[top : top + random.integers(1, 30), left : left + random.integers(1, 9)] -= 0.7
        lamp = random.uniform(0, 0.3) * np.linspace(-1, 1, width)
        grey[:] += (number % 2) * lamp + random.normal(0, random.uniform(0, 0.3), grey.shape)
        grey[:] = 1 - grey if number == 3 else grey
    greys = np.clip(greys, 0, 1)
    assert np.allclose(extract_ink_many(greys), [extract_ink(grey) for grey in greys], atol=1e-4)


def test_a_zoomed_frame_is_the_frame_from_close_up() -> None:
    ink = np.random.default_rng(3).random((70, 41)).astype(np.float32)
    whole = normalize(ink, 4).reshape(28, 4, 28, 4).mean(axis=(1, 3))
    assert whole / whole.max() == pytest.approx(normalize(ink), abs=1e-5)
