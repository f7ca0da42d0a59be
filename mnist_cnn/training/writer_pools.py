"""Pools of what people wrote, drawn by writer: who wrote much does not outweigh the others."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data import handwriting
from mnist_cnn.data.negatives import THICKEST_LETTER
from mnist_cnn.data.splits import Splits
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.ink.strokes import PEN_WIDTH, extent
from mnist_cnn.models.classes import SYMBOLS, UNKNOWN, Kind
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.records import ClassLabels, Drawing
from mnist_cnn.training.pools import Pool
from mnist_cnn.training.sources import Sources

VARIETY = 2
"""Generated pools hold this many times what one epoch shows."""

LIKE_DIGITS = frozenset("oOlIi|sSzZbqg'`\\^")
"""Letters and signs that are often drawn like a digit, a caret like a 1: not shown as none, nor
measured as such."""

LETTERS = frozenset("kKmMwWnNRAEHPdha#@&")
"""What stands for all letters and foreign signs: none of them is often drawn like a
digit or a sign of arithmetic."""

NO_DIGITS = frozenset("+-=*:")
"""Signs that are clearly no digit. A slash, a comma, a bracket, and a dot once it fills the
frame, look like a 1."""

SIGNS = frozenset("+-=()/:")
"""Signs that have the same meaning in UNIPEN and for a network that knows `SYMBOLS`; dots mean
nothing without a line."""


def rows_by_writer(
    writers: Sequence[str | None], count: int, random: np.random.Generator
) -> NDArray[np.intp]:
    """(count,) rows of items, given who wrote each: of a writer of n items as many as the root of
    n tells, all of them about equally often."""
    items = Counter(writers)
    upto = np.cumsum([items[writer] ** -0.5 for writer in writers])
    places = (np.arange(count) + random.random()) / max(count, 1) * upto[-1]
    return np.minimum(np.searchsorted(upto, places, "right"), len(upto) - 1)


def drawings_by_writer(
    drawings: Sequence[Drawing], count: int, random: np.random.Generator
) -> list[Drawing]:
    rows = rows_by_writer([drawing.writer for drawing in drawings], count, random)
    return [drawings[row] for row in rows]


def swiss_pool(recipe: Recipe, swiss: Splits, random: np.random.Generator) -> Pool:
    """Scans of the Swiss numbers as they are."""
    train, per_epoch = swiss.train, recipe.pools.swiss
    rows = rows_by_writer(train.notes["writers"], VARIETY * per_epoch, random)
    return Pool(train.name, train.images[rows], train.labels[rows], per_epoch)


def letters_pool(recipe: Recipe, sources: Sources, random: np.random.Generator) -> Pool:
    """Letters and signs of UNIPEN that are none of what the network knows, rewritten."""
    per_epoch = recipe.pools.letters
    found = none_of_these(recipe.kind, sources, "train")
    chosen = drawings_by_writer(found, VARIETY * per_epoch, random)
    images = handwriting.rewritten(chosen, len(chosen), random, THICKEST_LETTER)
    none = recipe.architecture.outputs if recipe.kind == "digits" else SYMBOLS.index(UNKNOWN)
    labels = np.full(len(chosen), none)
    return Pool("unipen-letters-train, rewritten", images, labels, per_epoch)


def none_of_these(kind: Kind, sources: Sources, part: str) -> list[Drawing]:
    """What writers of a part drew that is clearly none of what such a network knows, but for dots
    that have no extent: they are blank."""
    letters, signs = (getattr(found, part, []) for found in (sources.letters, sources.signs))
    if kind == "digits":
        none = [drawing for drawing in letters if drawing.label not in LIKE_DIGITS]
        none += [drawing for drawing in signs if drawing.label in NO_DIGITS]
    else:
        none = [drawing for drawing in letters if drawing.label in LETTERS]
    return [drawing for drawing in none if extent(drawing.strokes)]


def signs_pools(recipe: Recipe, sources: Sources, random: np.random.Generator) -> list[Pool]:
    """Signs of arithmetic that people wrote: UNIPEN's rewritten, nine of ten where both are
    there, and those of BHMSDS as they are, since few people wrote them."""
    pools, per_epoch = [], recipe.pools.signs
    if found := sources.photographed_signs:
        few = per_epoch // 10 if sources.signs else per_epoch
        rows = random.permutation(len(found))[: VARIETY * few]
        pools.append(Pool(found.name, found.images[rows], found.labels[rows], few))
        per_epoch -= few
    if sources.signs:
        known = [drawing for drawing in sources.signs.train if drawing.label in SIGNS]
        chosen = drawings_by_writer(known, VARIETY * per_epoch, random)
        images = handwriting.rewritten(chosen, len(chosen), random)
        name = "unipen-signs-train, rewritten"
        pools.append(Pool(name, images, _symbols(chosen), per_epoch))
    return pools


def signs_validation(sources: Sources) -> tuple[NDArray[np.uint8], ClassLabels]:
    """Signs of arithmetic by UNIPEN's validation writers, (n, 28, 28) and (n,)."""
    signs = sources.signs.validation if sources.signs else []
    known = [drawing for drawing in signs if drawing.label in SIGNS]
    return framed(known), _symbols(known)


def framed(drawings: Sequence[Drawing]) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28), as drawings are read."""
    images = np.zeros((len(drawings), 28, 28), np.uint8)
    for row, drawing in enumerate(drawings):
        images[row] = to_uint8(normalize_strokes(drawing.strokes, PEN_WIDTH))
    return images


def _symbols(drawings: Sequence[Drawing]) -> ClassLabels:
    return np.array([SYMBOLS.index(drawing.label or "") for drawing in drawings], np.int64)
