"""A digit is found in whatever picture it stands, and what is not sure says so."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_images

from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files
from mnist_cnn.errors import BadImage
from mnist_cnn.ink.decode import WORKING_SIDE, decode_image
from mnist_cnn.ink.page import page_ink
from mnist_cnn.ink.picture import Picture
from mnist_cnn.ink.rulings import rulings
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.pipeline import predict_image, predict_strokes
from mnist_cnn.records import PredictionResult
from tests.support.drawings import SEVEN, written
from tests.support.heic import SEVEN_HEIC

INK = 255 * np.pad(rasterize(SEVEN), 4)
"""The seven, about 150 × 190 pixels."""


def page(width: int = 500, height: int = 400, paper: int = 235) -> Image.Image:
    return Image.new("L", (width, height), paper)


def write(image: Image.Image, place: tuple[int, int] = (180, 90), ink: int = 30) -> Image.Image:
    """The seven on a picture, its top left corner at a place in pixels."""
    mask = Image.fromarray(INK.astype(np.uint8))
    image.paste(ink, (*place, place[0] + mask.width, place[1] + mask.height), mask)
    return image


def ruled(image: Image.Image, step: int, ink: int = 150, squared: bool = False) -> Image.Image:
    draw = ImageDraw.Draw(image)
    for y in range(step // 2, image.height, step):
        draw.line((0, y, image.width, y), ink, 2)
    for x in range(step // 2, image.width if squared else 0, step):
        draw.line((x, 0, x, image.height), ink, 2)
    return image


def boxed(image: Image.Image, inset: int, pen: int = 5) -> Image.Image:
    edges = (inset, inset, image.width - inset - 1, image.height - inset - 1)
    ImageDraw.Draw(image).rectangle(edges, outline=0, width=pen)
    return image


def with_bars() -> Image.Image:
    image = write(page())
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 60, 400), 0)
    draw.rectangle((440, 0, 500, 400), 0)
    return image


def on_a_desk() -> Image.Image:
    desk = page(640, 560, paper=60)
    desk.paste(write(page(320, 300), (80, 50)), (150, 120))
    return desk


def window() -> Image.Image:
    """A paint program's: a bar on top, with icons."""
    image = write(page(600, 500, 255), (200, 160))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 600, 40), 215)
    for left in range(10, 200, 40):
        draw.rectangle((left, 10, left + 20, 30), 60)
    return image


def punched() -> Image.Image:
    image = write(page())
    for top in (90, 260):
        ImageDraw.Draw(image).ellipse((20, top, 50, top + 30), 40)
    return image


SURROUNDINGS = {
    "ruled": write(ruled(page(), 40)),
    "squared": write(ruled(page(), 30, squared=True)),
    "cell": boxed(write(page(260, 280), (55, 45)), 0),
    "box": boxed(write(page(300, 320), (75, 65)), 20),
    "bars": with_bars(),
    "desk": on_a_desk(),
    "window": window(),
    "holes": punched(),
}


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(classifier: Classifier, image: Image.Image) -> PredictionResult:
    return predict_image(classifier, saved(image))


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_a_digit_is_found_among_what_surrounds_it(name: str, classifier: Classifier) -> None:
    image = SURROUNDINGS[name]
    result = read(classifier, image)
    assert (result.prediction.digit, result.prediction.symbols) == (7, 1)
    assert result.part is not None
    left, top, right, bottom = result.part
    width, height = (right - left) * image.width, (bottom - top) * image.height
    assert (width, height) == pytest.approx((INK.shape[1], INK.shape[0]), abs=16)


def test_a_clean_drawing_passes_unchanged(classifier: Classifier) -> None:
    white = Image.fromarray(np.pad(INK, 30).astype(np.uint8))
    result, drawn = read(classifier, white), predict_strokes(classifier, SEVEN)
    assert result.prediction.status == "ok"
    assert np.abs(result.image - drawn.image).max() <= 1 / 255
    assert result.others == ()


@pytest.mark.parametrize("light", [True, False])
def test_a_picture_that_is_cut_to_its_ink_is_read(light: bool, classifier: Classifier) -> None:
    ink = Image.fromarray(INK[4:-4, 4:-4].astype(np.uint8)).resize((60, 76))
    pixels = np.asarray(ink) if light else 255 - np.asarray(ink)
    assert read(classifier, Image.fromarray(pixels)).prediction.digit == 7


@pytest.mark.parametrize("side", [12, 16, 32, 80, 120])
@pytest.mark.parametrize("digit", [0, 2, 3, 4, 5, 6, 7, 8, 9])  # a 1 would fill all of it
def test_every_digit_is_read_though_its_bars_lie_on_the_rim(
    digit: int, side: int, classifier: Classifier
) -> None:
    ink = rasterize(written(str(digit)))
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.5), np.flatnonzero(ink.max(axis=0) > 0.5)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = [max(1, round(side * length / max(ink.shape))) for length in ink.T.shape]
    cut = Image.fromarray((255 * ink).astype(np.uint8)).resize(size, Image.Resampling.BOX)
    for shown in (cut, Image.fromarray(255 - np.asarray(cut))):
        assert read(classifier, shown).prediction.digit == digit


def test_another_piece_can_be_asked_for(classifier: Classifier) -> None:
    two = write(write(page(900, 400), (100, 90)), (600, 90))
    both = read(classifier, two)
    assert (both.prediction.digit, both.prediction.symbols) == (None, 2)
    right = predict_image(classifier, saved(two), part=(0.5, 0, 1, 1))
    assert right.prediction.digit == 7
    assert right.part is not None and right.part[0] > 0.6


def test_what_lies_on_its_side_is_said_to(classifier: Classifier) -> None:
    image = Image.fromarray((255 * np.pad(rasterize(written("4")), 40)).astype(np.uint8))
    turned = read(classifier, image.transpose(Image.Transpose.ROTATE_90))
    assert (turned.prediction.digit, turned.prediction.status) == (4, "unsure")
    assert turned.turned == 270


def test_a_picture_with_something_in_it_is_never_blank(classifier: Classifier) -> None:
    image = page()
    ImageDraw.Draw(image).line((60, 60, 90, 300, 420, 80, 80, 90, 400, 330), 20, 6)
    boxed(image, 0)
    assert read(classifier, image).prediction.status in ("not_a_digit", "unsure")
    assert read(classifier, page()).prediction.status == "blank"


def test_lines_are_told_from_the_ink_that_crosses_them() -> None:
    """Of a seven on squared paper, only what runs along a line is taken for one."""
    ink = np.asarray(write(page())) < 130
    lines = np.asarray(ruled(page(), 50, 30, squared=True)) < 130
    found, thickness = rulings(ink | lines)
    assert (found & lines).sum() > 0.93 * (lines & ~ink).sum()
    assert (found & ink).sum() < 0.06 * ink.sum()
    assert thickness == 2


def test_two_ones_are_no_lines() -> None:
    mask = np.zeros((200, 200), bool)
    mask[20:180, 50:66] = mask[20:180, 130:146] = True
    assert not rulings(mask)[0].any()


@pytest.mark.parametrize("upright", [True, False])
def test_a_lonely_stroke_is_no_line_unless_it_is_a_fine_one(upright: bool) -> None:
    for pen, is_line in ((16, False), (3, True)):
        mask = np.zeros((300, 300), bool)
        mask[140 : 140 + pen, 40:260] = True
        assert rulings(mask.T if upright else mask)[0].any() == is_line


def boxes(count: int) -> Image.Image:
    """So many sevens in boxes of their own."""
    image = page(220 * count + 20, 280, 255)
    for number in range(count):
        left = 20 + 220 * number
        write(image, (left + 20, 40), 0)
        ImageDraw.Draw(image).rectangle((left, 20, left + 190, 260), outline=0, width=3)
    return image


def combed(count: int) -> Image.Image:
    image = page(180 * count + 20, 280, 255)
    draw = ImageDraw.Draw(image)
    for number in range(count + 1):
        left = 10 + 180 * number
        draw.line((left, 200, left, 260), 0, 3)
        if number < count:
            write(image, (left + 20, 50), 0)
    draw.line((10, 260, 10 + 180 * count, 260), 0, 3)
    return image


@pytest.mark.parametrize("make", [boxes, combed])
def test_digits_in_boxes_and_combs_are_found_once_and_in_order(
    make: Callable[[int], Image.Image], classifier: Classifier
) -> None:
    results = list(stream.read_all(files.items_of([("form.png", saved(make(5)))]), classifier))
    assert [result.digit for result in results] == [7] * 5
    lefts = [result.item.box[0] for result in results if result.item.box]
    assert lefts == sorted(lefts) and len(lefts) == 5


def test_an_open_four_is_one_digit(classifier: Classifier) -> None:
    image = page(1080, 260, 255)
    draw = ImageDraw.Draw(image)
    for x in range(60, 1060, 200):
        draw.line((x + 30, 50, x, 140, x + 55, 140), 0, 9)
        draw.line((x + 80, 80, x + 70, 200), 0, 9)
    results = list(stream.read_all(files.items_of([("fours.png", saved(image))]), classifier))
    assert [result.digit for result in results] == [4] * 5


def test_a_page_of_text_is_no_sheet_of_digits(classifier: Classifier) -> None:
    image = page(1000, 1000, 250)
    words = (
        "Whoever sees an hypothesis where somebody drew\na frame will be busy all the afternoon."
    )
    for line in range(8):
        ImageDraw.Draw(image).text((30, 20 + 110 * line), words, 20, ImageFont.load_default(36))
    (result,) = stream.read_all(files.items_of([("page.png", saved(image))]), classifier)
    assert "no sheet of digits" in result.item.error


def test_lines_and_frames_are_taken_from_a_page() -> None:
    """What is left is the very ink of the drawing, but for where a line crosses it."""
    bare = page_ink(np.asarray(write(page()), np.float32) / 255)
    for name in ("ruled", "box"):
        image = SURROUNDINGS[name]
        found = page_ink(np.asarray(image, np.float32) / 255) > 0.5
        assert 0.85 < found.sum() / (bare > 0.5).sum() < 1.1


def test_strokes_on_transparency_are_read_in_either_colour(classifier: Classifier) -> None:
    alpha = np.pad(INK, 30).astype(np.uint8)
    for level in (0, 255):
        layers = np.dstack([np.full((*alpha.shape, 3), level, np.uint8), alpha])
        assert read(classifier, Image.fromarray(layers)).prediction.digit == 7


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "PPM", "group4"])
def test_formats_of_scanners_and_telephones_are_read(kind: str, classifier: Classifier) -> None:
    options = {"compression": "group4"} if kind == "group4" else {}
    image = write(page()).convert("1") if options else write(page())
    content = saved(image, "TIFF" if options else kind, **options)
    assert predict_image(classifier, content).prediction.digit == 7


def test_heic_is_read_or_said_to_be_damaged(classifier: Classifier) -> None:
    assert predict_image(classifier, SEVEN_HEIC).prediction.digit == 7
    with pytest.raises(BadImage, match="damaged") as caught:
        decode_image(SEVEN_HEIC[:12] + bytes(400))
    assert caught.value.code == "image_damaged"


@pytest.mark.parametrize("top", [15, 1020, 4095, 40_000])
def test_sixteen_bits_are_read_by_their_own_range(top: int, classifier: Classifier) -> None:
    deep = np.asarray(write(page())).astype(np.uint32) * top // 255
    content = saved(Image.fromarray(deep.astype(np.uint16)))
    assert predict_image(classifier, content).prediction.digit == 7


@pytest.mark.fault(49, 16)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0", b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0"])
def test_damaged_exif_costs_no_picture(exif: bytes, classifier: Classifier) -> None:
    for kind in ("PNG", "JPEG"):
        content = saved(write(page()), kind, exif=exif)
        assert predict_image(classifier, content).prediction.digit == 7


@pytest.mark.fault(18)
@pytest.mark.parametrize("number", [0, 1])
def test_a_photograph_without_a_digit_has_no_bold_answer(
    number: int, classifier: Classifier
) -> None:
    photograph = Image.fromarray(load_sample_images().images[number])
    assert predict_image(classifier, saved(photograph, "JPEG")).prediction.status != "ok"


@pytest.mark.fault(18)
@pytest.mark.parametrize("letter", "ABKRX")
def test_a_letter_is_no_digit(letter: str, classifier: Classifier) -> None:
    image = page(200, 200)
    ImageDraw.Draw(image).text((50, 20), letter, 0, ImageFont.load_default(140))
    assert predict_image(classifier, saved(image)).prediction.status == "not_a_digit"


@pytest.mark.fault(21)
@pytest.mark.parametrize("brush", [1, 60])
@pytest.mark.parametrize("corner", [(0, 0), (-80, -56), (-80, 0), (65, 45)])
def test_any_pen_is_read_also_at_the_border(
    brush: int, corner: tuple[int, int], classifier: Classifier
) -> None:
    """The points of the seven leave 80 and 56 pixels on the left and above, 65 and 45 beyond."""
    image = Image.new("L", (420, 420))
    points = [tuple(point) for point in ((SEVEN[0] + corner) * 1.5).tolist()]
    draw = ImageDraw.Draw(image)
    draw.line(points, 255, brush)
    for x, y in points:
        draw.ellipse((x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2), 255)
    read = predict_image(classifier, saved(image)).prediction
    assert read.digit == 7 or read.status == "unsure"
    strokes = [stroke + corner for stroke in SEVEN]
    assert predict_strokes(classifier, strokes).prediction.digit == 7


@pytest.mark.parametrize("size", [(2592, 1944), (3000, 2000), (4000, 1800), (6000, 8000)])
def test_camera_sizes_are_read(size: tuple[int, int], classifier: Classifier) -> None:
    photograph = write(page(600, 450)).resize(size)
    content = saved(photograph, "JPEG")
    assert predict_image(classifier, content).prediction.digit == 7
    assert max(decode_image(content).shape) <= WORKING_SIDE


@pytest.mark.fault(64, 14)
@pytest.mark.parametrize(
    ("mode", "size", "options", "words"),
    [
        ("L", (7100, 7100), {}, "at most 50 megapixels and"),
        ("RGB", (5100, 5100), {}, "at most 25 megapixels for a PNG of its colours"),
        ("RGB", (5000, 4000), {"format": "JPEG"}, "at most 17 megapixels for a progressive JPEG"),
    ],
)
def test_what_would_take_too_much_memory_is_refused_in_a_true_sentence(
    mode: str, size: tuple[int, int], options: dict[str, str], words: str
) -> None:
    kind = options.get("format", "PNG")
    content = saved(Image.new(mode, size), kind, progressive=kind == "JPEG")
    with pytest.raises(BadImage, match=words):
        decode_image(content)


def test_a_picture_keeps_little_for_its_closer_look() -> None:
    grey = decode_image(saved(write(page(1400, 1000)), "JPEG"))
    picture = Picture.of(grey).compact()
    assert picture.grey.nbytes <= 640 * 640
    assert picture.is_plain and picture.symbols == 1
