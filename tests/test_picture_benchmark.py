"""The pictures that benchmarks measure reading by are what they are said to be."""

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks import pen
from benchmarks.crops import CUT
from benchmarks.number_pictures import NUMBERS, number_pictures
from benchmarks.pictures import Album, Count, aligned
from benchmarks.sheets import SHEETS, sheets, text_page
from benchmarks.situations import EUROPEAN, SITUATIONS, pictures
from mnist_cnn.data.unipen import UNIPEN_FILES
from tests.support.artifacts import needs

SIDES = {"16 × 16": 16, "32 × 32": 32, "8 × 8": 8}


@pytest.fixture
def _digits() -> None:
    needs(UNIPEN_FILES["digits"])


def grey(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), np.float32) / 255


@pytest.mark.data
@pytest.mark.parametrize("name", [*SITUATIONS, *CUT])
def test_each_kind_shows_something(name: str, _digits: None) -> None:
    (picture,) = pictures(name, 1)
    image = Image.open(io.BytesIO(picture.content))
    shown = image.getchannel("A") if image.mode == "RGBA" else image.convert("L")
    assert np.ptp(np.asarray(shown, np.float32)) > 15 and picture.digit in range(10)
    sides = [side for form, side in SIDES.items() if form in name]
    assert not sides or image.size == (sides[0],) * 2


@pytest.mark.data
@pytest.mark.parametrize("name", ["form cell, box on the picture edge", EUROPEAN])
def test_pictures_differ_and_come_again_the_same(name: str, _digits: None) -> None:
    found = list(pictures(name, 10))
    assert list(pictures(name, 10)) == found
    assert len({picture.content for picture in found}) == 10
    digits = {picture.digit for picture in found}
    assert digits == ({1, 4, 7, 9} if name == EUROPEAN else set(range(10)))


def test_there_are_35_situations() -> None:
    assert len(SITUATIONS) == 35


@pytest.mark.data
@pytest.mark.parametrize("name", SHEETS)
def test_sheets_hold_rows_of_digits(name: str, _digits: None) -> None:
    (sheet,) = sheets(name, 1)
    assert len(sheet.digits) >= 6 and set(sheet.digits) <= set(range(10))
    assert min(grey(sheet.content).shape) > 80


@pytest.mark.data
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_fit_their_pictures(name: str) -> None:
    needs(UNIPEN_FILES["numbers"])
    (picture,) = number_pictures(name, 1)
    height, width = grey(picture.content).shape
    assert 300 <= width <= 1200 and height >= 40 and len(picture.text) > 1


def test_a_page_of_text_has_dark_words_on_light_paper() -> None:
    page = grey(text_page(np.random.default_rng(0)))
    assert np.median(page) > 0.5 and 0.01 < (page < 0.4).mean() < 0.3


def test_ink_has_the_size_that_is_asked_for() -> None:
    stroke = np.array([[0.0, 0.0], [0.0, 50.0]])
    mask = pen.ink([stroke], 100, 10)
    assert abs(mask.shape[0] - 100) <= 1 and abs(mask.shape[1] - 10) <= 1
    assert mask[50].mean() > 0.8


def test_a_broad_pen_leaves_a_ring_open() -> None:
    angles = np.linspace(0, 2 * np.pi, 60)
    ring = np.stack([20 * np.cos(angles), 50 * np.sin(angles)], axis=1)
    width = pen.legible_pen([ring], 0.4)
    assert width < 0.4 and pen.num_holes(pen.ink([ring], 100, 100 * width)) == 1


@pytest.mark.parametrize(
    ("read", "true", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], (3, 3)),
        ([1, 7, 3], [1, 2, 3], (3, 2)),
        ([1, 3], [1, 2, 3], (2, 2)),
        ([1, None, 2, 3], [1, 2, 3], (3, 3)),
        ([], [1, 2], (0, 0)),
        ([None], [1, 2, 3], (1, 0)),
    ],
)
def test_items_are_aligned_with_the_digits_of_a_sheet(read, true, expected) -> None:
    assert aligned(read, true) == expected


def test_counts_add_up_and_tell_their_error() -> None:
    total = Count(2, 1, 1, 0) + Count(2, 1, 0, 2)
    assert total.row("all", error=True) == "| all | 4 | 50.0 % ± 25.0 | 25.0 % | 50.0 % |"


def test_kept_pictures_are_named_by_their_answers(tmp_path) -> None:
    Album(tmp_path / "new").keep(b"\x89PNG", "form cell, box", 3, "wrong", 7, "read", 1)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [
        "form_cell_box_3_wrong_7_read_1.png"
    ]
    Album().keep(b"", "nowhere")
