"""What a recipe's network is shown, made from the data that the recipe names."""

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mnist_cnn.data import (
    corrections,
    handwriting,
    negatives,
    scans,
    symbol_corrections,
    templates,
)
from mnist_cnn.data.corrections import Correction
from mnist_cnn.data.download import DownloadCallback
from mnist_cnn.data.glyphs import OPERATORS
from mnist_cnn.data.splits import Splits
from mnist_cnn.errors import BadInput
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.records import ClassLabels, Dataset, Drawing
from mnist_cnn.training import line_pools, writer_pools
from mnist_cnn.training import sources as collections
from mnist_cnn.training.pools import REDRAWN, Labelled, Pool, TrainingData
from mnist_cnn.training.sources import Sources
from mnist_cnn.training.writer_pools import VARIETY

MAX_REPEATED = 10
"""An epoch shows each correction so often at most, so that a few do not outweigh the rest."""


def prepare(recipe: Recipe, progress: DownloadCallback | None = None) -> TrainingData:
    """Loads what the recipe names and generates the rest from it.

    Raises:
        DataMissing: a data set is neither here nor to be downloaded.
        BadInput: the recipe shows nothing of the data it names.
    """
    sources = collections.load(recipe, progress)
    with threadpool_limits(1, "blas"):  # products are too small for two threads to be any quicker
        return build(recipe, sources)


def build(recipe: Recipe, sources: Sources) -> TrainingData:
    """What the recipe generates from these collections, however they are divided.

    Raises:
        BadInput: the recipe shows nothing of them, or there is nothing to calibrate by.
    """
    random = np.random.default_rng(recipe.seed)
    no_digits = np.zeros((0, 28, 28), np.uint8)
    pools: list[Pool] = []
    if sources.scanned:
        pools += _scanned_pools(recipe, sources.scanned, random)
    if sources.drawn:
        pools += _pen_pools(recipe, sources, random)
        if recipe.pools.not_digits:
            drawings = [drawing for drawn in sources.drawn for drawing in drawn.validation]
            no_digits = _negatives(recipe, drawings, 2000, random)
    pools += _template_pools(recipe, random)
    if "corrections" in recipe.data:
        pools += _corrected_pools(recipe, random)
    validation = _validation(sources)
    letters = []
    if recipe.kind == "symbols":
        validation |= _symbols_validation(recipe, sources, random)
    else:
        letters = writer_pools.none_of_these(recipe.kind, sources, "validation")
    pools += _pools_by_writer(recipe, sources, random)
    pools = [pool for pool in pools if pool.per_epoch and len(pool.labels)]
    _refuse_nothing(recipe, pools, validation)
    per_epoch = {pool.name: min(pool.per_epoch, len(pool.labels)) for pool in pools}
    told = {"sets": collections.description(sources), "images_per_epoch": per_epoch}
    return TrainingData(pools, validation, no_digits, told, writer_pools.framed(letters))


def _refuse_nothing(recipe: Recipe, pools: list[Pool], validation: dict[str, Labelled]) -> None:
    data = ", ".join(recipe.data)
    if not pools:
        raise BadInput(
            f"The preset {recipe.preset} shows nothing of {data or 'no data'}; please add mnist or "
            "bundled-digits to --data, or take the preset standard or best."
        )
    if not validation:
        raise BadInput(
            f"In {data} there are no digits to calibrate a network by; please add mnist, "
            "bundled-digits or another collection of digits to --data."
        )


def _validation(sources: Sources) -> dict[str, Labelled]:
    """The validation digits of each collection, and UNIPEN's signs."""
    sets = {}
    for splits in (sources.scanned, sources.swiss):
        if splits:
            sets[splits.validation.name] = splits.validation.images, splits.validation.labels
    drawn = {"pen-digits-validation": sources.pen, "unipen-digits-validation": sources.digits}
    for name, found in drawn.items():
        if found:
            labels = np.array([int(drawing.label or -1) for drawing in found.validation])
            sets[name] = writer_pools.framed(found.validation), labels
    return sets


def _symbols_validation(
    recipe: Recipe, sources: Sources, random: np.random.Generator
) -> dict[str, Labelled]:
    sets = {"operators": _operators(1800, random)}
    if sources.signs:
        sets["unipen-signs-validation"] = writer_pools.signs_validation(sources)
    if recipe.pools.lines:
        sets["lines"] = line_pools.lines_validation(6000, sources, random)
    return sets


def _pools_by_writer(recipe: Recipe, sources: Sources, random: np.random.Generator) -> list[Pool]:
    pools = []
    if sources.swiss and recipe.pools.swiss:
        pools.append(writer_pools.swiss_pool(recipe, sources.swiss, random))
    if sources.letters and recipe.pools.letters:
        pools.append(writer_pools.letters_pool(recipe, sources, random))
    if recipe.kind == "symbols":
        pools += writer_pools.signs_pools(recipe, sources, random)
        if recipe.pools.lines:
            pools.append(line_pools.lines_pool(recipe.pools.lines, sources, random))
    return pools


def _scanned_pools(recipe: Recipe, scanned: Splits, random: np.random.Generator) -> list[Pool]:
    images, labels = scanned.train.images, scanned.train.labels
    counts = recipe.pools

    def some(count: int) -> NDArray[np.intp]:
        return random.permutation(len(labels))[:count]

    redrawn, photographed = some(counts.redrawn), some(counts.photographed)
    return [
        Pool(scanned.train.name, images, labels, counts.scanned),
        Pool(
            REDRAWN,
            scans.redrawn(images[redrawn], random),
            labels[redrawn],
            counts.redrawn,
        ),
        Pool(
            "photographed",
            scans.photographed(images[photographed], random),
            labels[photographed],
            counts.photographed,
        ),
    ]


def _pen_pools(recipe: Recipe, sources: Sources, random: np.random.Generator) -> list[Pool]:
    """Digits as strokes, rewritten, and what is made of them that is none. The pen digits alone
    are taken in turn, with UNIPEN's by writer."""
    counts = recipe.pools
    num_rewritten, num_none = VARIETY * counts.rewritten, VARIETY * counts.not_digits
    drawings = [drawing for drawn in sources.drawn for drawing in drawn.train]
    if sources.digits:
        count = num_rewritten or len(drawings)
        drawings = writer_pools.drawings_by_writer(drawings, count, random)
    labels = np.array([int(drawing.label or -1) for drawing in drawings])
    name = "pen-digits-train" if sources.pen else ""
    name += " and " * bool(sources.pen and sources.digits)
    name += "unipen-digits-train" if sources.digits else ""
    return [
        Pool(
            f"{name}, rewritten",
            handwriting.rewritten(drawings, num_rewritten, random),
            np.resize(labels, num_rewritten),
            counts.rewritten,
        ),
        Pool(
            "not digits",
            _negatives(recipe, drawings, num_none, random),
            np.full(num_none, recipe.architecture.outputs),
            counts.not_digits,
        ),
    ]


def _template_pools(recipe: Recipe, random: np.random.Generator) -> list[Pool]:
    digits = np.arange(VARIETY * recipe.pools.sketched) % 10
    sketched = templates.sketched(digits, random)
    signs = _operators(VARIETY * recipe.pools.operators, random)
    return [
        Pool("sketched", sketched, digits, recipe.pools.sketched),
        Pool("operators", *signs, recipe.pools.operators),
    ]


def _corrected_pools(recipe: Recipe, random: np.random.Generator) -> list[Pool]:
    """What people put right, but for the part that is only measured on; a network of symbols
    learns what was put right in lines too."""
    pools = []
    if known := [c for c in corrections.with_hands() if not c.held_out]:
        pools.append(_corrected(known, recipe, random))
    said = symbol_corrections.load() if recipe.kind == "symbols" else ()
    symbols = [symbol for symbol in said if not symbol.held_out]
    if symbols:
        total = min(recipe.pools.corrected, MAX_REPEATED * len(symbols))
        pools.append(line_pools.corrected_pool(symbols, total, random))
    if not pools:
        raise BadInput(
            "There are no corrections to learn from yet; please put some digits right on the first "
            "page, or leave corrections out of --data."
        )
    return pools


def _corrected(known: list[Correction], recipe: Recipe, random: np.random.Generator) -> Pool:
    total = min(recipe.pools.corrected, MAX_REPEATED * len(known))
    chosen = [known[row] for row in np.resize(random.permutation(len(known)), total)]
    images = np.zeros((total, 28, 28), np.uint8)
    for row, correction in enumerate(chosen):
        drawing = Drawing(correction.strokes, str(correction.label))
        again = handwriting.rewritten([drawing], 1, random)[0] if correction.strokes else None
        images[row] = correction.image if again is None else again
    labels = np.array([correction.label for correction in chosen], np.int64)
    return Pool("corrections", images, labels, total)


def _operators(count: int, random: np.random.Generator) -> tuple[NDArray[np.uint8], ClassLabels]:
    known = np.array([SYMBOLS.index(sign) for sign in OPERATORS])
    labels = known[np.arange(count) % len(known)]
    return templates.operators(labels, random), labels


def operators_test() -> Dataset:
    """Signs of arithmetic that no network has learned from, though from the same templates."""
    images, labels = _operators(1800, np.random.default_rng(20261122))
    return Dataset("operators-test", images, labels, "generated from templates", "MIT", "")


def _negatives(
    recipe: Recipe, drawings: list[Drawing], count: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    make = negatives.not_symbols if recipe.kind == "symbols" else negatives.not_digits
    return make(drawings, count, random)
