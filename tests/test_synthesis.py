import numpy as np
import pytest

from mnist_cnn.data import handwriting, negatives, scans, templates
from mnist_cnn.data.augmentation import augmented
from mnist_cnn.data.glyphs import NOT_DIGITS
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.models.presets import NO_AUGMENTATION
from mnist_cnn.models.recipes import Augmentation
from mnist_cnn.records import Drawing
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
