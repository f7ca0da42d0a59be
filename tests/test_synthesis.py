from collections import Counter

import numpy as np
import pytest

from mnist_cnn.data import handwriting, negatives, scans, templates
from mnist_cnn.data.augmentation import augmented
from mnist_cnn.data.glyphs import DIGITS, HANDS, NOT_DIGITS
from mnist_cnn.data.unipen import UNIPEN_FILES, load_unipen
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.models.presets import NO_AUGMENTATION
from mnist_cnn.models.recipes import Augmentation
from mnist_cnn.records import Drawing
from mnist_cnn.training.writer_pools import drawings_by_writer, rows_by_writer
from tests.support.artifacts import needs
from tests.support.drawings import SEVEN

DRAWINGS = [Drawing(SEVEN, "7")]
SEVENS = np.stack([np.round(normalize_strokes(SEVEN) * 255).astype(np.uint8)] * 40)


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_no_augmentation_changes_nothing() -> None:
    assert augmented(SEVENS, NO_AUGMENTATION, random()) == pytest.approx(SEVENS / 255, abs=1e-3)


def test_augmentation_is_repeatable_varied_and_in_range() -> None:
    first, again = (augmented(SEVENS, Augmentation(), random()) for _ in range(2))
    assert (first == again).all()
    assert len(np.unique(first.sum(axis=(1, 2)))) == len(SEVENS)
    assert first.min() >= 0
    assert first.max() <= 1


def test_a_shift_moves_the_centre_of_mass_by_no_more_than_asked() -> None:
    moved = augmented(SEVENS, Augmentation(0, 0, 0, 3.0, 0, 0, 0), random())
    columns = np.arange(28)
    centres = (moved.sum(axis=1) @ columns) / moved.sum(axis=(1, 2))
    start = (SEVENS[0].sum(axis=0) @ columns) / SEVENS[0].sum()
    assert np.abs(centres - start).max() < 3.2
    assert np.ptp(centres) > 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: handwriting.rewritten(DRAWINGS, 30, random()),
        lambda: scans.redrawn(SEVENS, random()),
        lambda: scans.photographed(SEVENS, random()),
        lambda: negatives.not_digits(DRAWINGS, 200, random()),
    ],
    ids=["rewritten", "redrawn", "photographed", "not digits"],
)
def test_what_is_generated_is_inked_varied_and_repeatable(make) -> None:
    images = make()
    assert images.dtype == np.uint8
    assert images.shape[1:] == (28, 28)
    assert images.max(axis=(1, 2)).min() > 200
    assert len(np.unique(images, axis=0)) > 0.8 * len(images)
    assert (images == make()).all()


def test_who_wrote_much_does_not_outweigh_the_others() -> None:
    writers = ["many"] * 900 + ["few"] * 9
    rows = rows_by_writer(writers, 1100, random())
    times = np.bincount(rows, minlength=len(writers))
    assert times[:900].sum() == pytest.approx(1000, abs=1)
    assert set(times[:900]) == {1, 2}
    assert set(times[900:]) <= {11, 12}
    assert len(rows_by_writer(writers, 0, random())) == 0


@pytest.mark.data
def test_unipen_is_drawn_by_many_people() -> None:
    needs(UNIPEN_FILES["digits"])
    drawings = load_unipen("digits").train
    most = [
        max(Counter(drawing.writer for drawing in shown).values()) / len(shown)
        for shown in (drawings, drawings_by_writer(drawings, 2000, random()))
    ]
    assert most[0] > 0.1
    assert most[1] < 0.05
    assert len({d.writer for d in drawings_by_writer(drawings, 2000, random())}) > 125


def test_letters_are_written_with_no_broad_pen() -> None:
    inks = [handwriting.rewritten(DRAWINGS, 60, random(), widest) for widest in (0.3, 0.1)]
    assert inks[0].mean() > 1.3 * inks[1].mean()


def test_a_seven_stays_legible_on_noisy_paper(classifier) -> None:
    images = scans.photographed(SEVENS, random()).astype(np.float32) / 255
    assert (classifier.compute_logits(images).argmax(axis=1) == 7).mean() > 0.8


def test_a_skeleton_is_thin_and_in_one_piece() -> None:
    from scipy import ndimage

    thick = np.zeros((1, 40, 40), bool)
    thick[0, 5:35, 10:16] = thick[0, 5:11, 10:34] = True
    (skeleton,) = scans._thinned(thick)
    assert 0 < skeleton.sum() < 70
    assert ndimage.label(skeleton, np.ones((3, 3)))[1] == 1


@pytest.mark.parametrize("name", NOT_DIGITS)
def test_every_glyph_can_be_drawn(name: str) -> None:
    strokes = templates.sketch(NOT_DIGITS[name], random())
    assert normalize_strokes(strokes).max() == 1


def test_no_digit_is_shown_as_none() -> None:
    digits = {way for ways in HANDS.values() for way in ways} | {way for _, way in DIGITS}
    assert not digits & set(NOT_DIGITS.values())
