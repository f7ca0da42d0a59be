"""What a recipe's network is shown, made from the data that the recipe names."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data import (
    bundled_digits,
    corrections,
    handwriting,
    mnist,
    negatives,
    pen_digits,
    scans,
    templates,
)
from mnist_cnn.data.download import DownloadCallback
from mnist_cnn.data.pen_digits import PenDigits
from mnist_cnn.data.splits import Splits
from mnist_cnn.errors import BadInput
from mnist_cnn.models.classes import CLASSES
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.records import ClassLabels, Dataset, Drawing
from mnist_cnn.training.pools import REDRAWN, Pool, TrainingData

VARIETY = 2
"""Generated pools hold this many times what one epoch shows."""

MAX_REPEATED = 10
"""An epoch shows each correction so often at most, so that a few do not outweigh the rest."""


def prepare(recipe: Recipe, progress: DownloadCallback | None = None) -> TrainingData:
    """Loads what the recipe names and generates the rest from it.

    Raises:
        DataMissing: a data set is neither here nor to be downloaded.
        BadInput: the recipe shows nothing of the data it names.
    """
    scanned: Splits | None = None
    if "mnist" in recipe.data:
        scanned = mnist.load_mnist(progress=progress)
    elif "bundled-digits" in recipe.data:
        scanned = bundled_digits.load_bundled_digits()
    pen = pen_digits.load_pen_digits(progress=progress) if "pen-digits" in recipe.data else None
    return build(recipe, scanned, pen)


def build(recipe: Recipe, scanned: Splits | None, pen: PenDigits | None) -> TrainingData:
    """What the recipe generates from these collections, however they are divided.

    Raises:
        BadInput: the recipe shows nothing of them.
    """
    random = np.random.default_rng(recipe.seed)
    pools: list[Pool] = []
    validation = {}
    if scanned:
        pools += _scanned_pools(recipe, scanned, random)
        validation[scanned.validation.name] = scanned.validation.images, scanned.validation.labels
    no_digits = np.zeros((0, 28, 28), np.uint8)
    if pen:
        pools += _pen_pools(recipe, pen, random)
        held_out = pen_digits.framed_drawings("pen-digits-validation", pen.validation)
        validation[held_out.name] = held_out.images, held_out.labels
        if recipe.pools.not_digits:
            no_digits = _negatives(recipe, pen.validation, 2000, random)
    pools += _template_pools(recipe, random)
    if "corrections" in recipe.data:
        pools.append(_corrected(recipe, random))
    if recipe.kind == "symbols":
        validation["operators"] = _operators(1800, random)
    pools = [pool for pool in pools if pool.per_epoch and len(pool.labels)]
    if not pools:
        raise BadInput(
            f"The preset {recipe.preset} shows nothing of {', '.join(recipe.data) or 'no data'}; "
            "please add mnist or bundled-digits to --data, or take the preset standard or best."
        )
    return TrainingData(pools, validation, no_digits, _description(scanned, pen, pools))


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


def _pen_pools(recipe: Recipe, pen: PenDigits, random: np.random.Generator) -> list[Pool]:
    counts = recipe.pools
    num_rewritten, num_none = VARIETY * counts.rewritten, VARIETY * counts.not_digits
    labels = np.array([int(drawing.label or -1) for drawing in pen.train])
    return [
        Pool(
            "pen-digits-train, rewritten",
            handwriting.rewritten(pen.train, num_rewritten, random),
            np.resize(labels, num_rewritten),
            counts.rewritten,
        ),
        Pool(
            "not digits",
            _negatives(recipe, pen.train, num_none, random),
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


def _corrected(recipe: Recipe, random: np.random.Generator) -> Pool:
    """What people put right, but for the part that is only measured on."""
    known = [c for c in corrections.load() if not c.held_out]
    if not known:
        raise BadInput(
            "There are no corrections to learn from yet; please put some digits right on the first "
            "page, or leave corrections out of --data."
        )
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
    labels = 10 + np.arange(count) % (CLASSES["symbols"] - 10)
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


def _description(
    scanned: Splits | None, pen: PenDigits | None, pools: list[Pool]
) -> dict[str, Any]:
    """For `config.json`: what was used, how it was split, and its checksums."""
    sets: dict[str, Any] = {}
    if scanned:
        parts = (scanned.train, scanned.validation, scanned.test)
        sets[scanned.train.name.removesuffix("-train")] = {
            "split": [len(part) for part in parts],
            "sha256": scanned.train.checksum,
            "licence": scanned.train.licence,
        }
    if pen:
        sets["pen-digits"] = {
            "split": [len(pen.train), len(pen.validation), len(pen.test)],
            "validation_writers": _writers(pen.validation),
            "test_writers": _writers(pen.test),
            "sha256": pen.checksum,
            "licence": "CC BY 4.0",
        }
    return {
        "sets": sets,
        "images_per_epoch": {pool.name: min(pool.per_epoch, len(pool.labels)) for pool in pools},
    }


def _writers(drawings: list[Drawing]) -> list[str]:
    return sorted({drawing.writer or "" for drawing in drawings})
