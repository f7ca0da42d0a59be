"""What a recipe's networks misread of all that may be chosen by: cross-validation over MNIST and
the pen digits' writers. Prints a Markdown table.

    python -m benchmarks.folds [--folds N] [options of `train`]
    python -m benchmarks.folds --preset best --epochs 6 --pools redrawn=24000

Each fold's network learns from the other folds and is measured on its own: a sixth of MNIST's
60,000 training digits and four of the 24 writers. Together they tell recipes apart that the 5,000
and 1,000 validation digits cannot. No test set is read.
"""

import dataclasses
import sys

import numpy as np

from benchmarks.options import parser as quick_parser
from mnist_cnn import metrics
from mnist_cnn.cli.main import parser
from mnist_cnn.cli.training import recipe_of
from mnist_cnn.data import handwriting, mnist, pen_digits
from mnist_cnn.data.pen_digits import PenDigits
from mnist_cnn.data.splits import Splits
from mnist_cnn.evaluation.scores import compute_logits
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.recipe_options import check
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.models.tensorflow_loader import load_tensorflow
from mnist_cnn.records import Dataset


def divided(fold: int, folds: int) -> tuple[Splits, PenDigits]:
    """MNIST and the pen digits without their test sets, one fold of each held out."""
    scanned, pen = mnist.load_mnist(), pen_digits.load_pen_digits()
    parts = (scanned.train, scanned.validation)
    images = np.concatenate([part.images for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    whole = dataclasses.replace(scanned.train, images=images, labels=labels)
    held_out = np.arange(len(whole)) * folds // len(whole) == fold
    drawings = pen.train + pen.validation
    writers = sorted({drawing.writer or "" for drawing in drawings})[fold::folds]
    return (
        Splits(
            whole.part("mnist-train", ~held_out),
            whole.part("mnist-validation", held_out),
            whole.part("mnist-test", slice(0)),
        ),
        PenDigits(
            [drawing for drawing in drawings if drawing.writer not in writers],
            [drawing for drawing in drawings if drawing.writer in writers],
            [],
        ),
    )


def held_out_sets(scanned: Splits, pen: PenDigits) -> list[Dataset]:
    """What a fold's network is measured on."""
    drawn = [pen_digits.framed_drawings("", pen.validation, width) for width in (0.12, 0.20)]
    twice = 2 * len(pen.validation)
    others = handwriting.rewritten(pen.validation, twice, np.random.default_rng(0))
    return [
        dataclasses.replace(scanned.validation, name="MNIST"),
        dataclasses.replace(drawn[0], name="pen digits"),
        dataclasses.replace(drawn[1], name="the same with a pen of 0.2"),
        Dataset("in other hands", others, np.tile(drawn[0].labels, 2), "", "", ""),
    ]


def of_fold(recipe: Recipe, fold: int, folds: int) -> list[tuple[str, int, int, float]]:
    """For each set that was held out its name, images, mistakes and its summed NLL."""
    from mnist_cnn.models import export, network
    from mnist_cnn.training import loop
    from mnist_cnn.training.sources import load
    from mnist_cnn.training.training_data import build

    scanned, pen = divided(fold, folds)
    model = network.build(recipe.architecture)
    others = {name for name in recipe.data if name not in ("mnist", "pen-digits")}
    rest = load(dataclasses.replace(recipe, data=tuple(others)))
    sources = dataclasses.replace(
        rest,
        scanned=scanned if "mnist" in recipe.data else rest.scanned,
        pen=pen if "pen-digits" in recipe.data else None,
    )
    data = build(recipe, sources)
    loop.fit(model, recipe, data)
    kept = export.compact(model, recipe.architecture)
    classifier = Classifier(export.export_litert(kept), Calibration())
    rows = []
    for held_out in held_out_sets(scanned, pen):
        probabilities = metrics.softmax(compute_logits(classifier, held_out.images))
        wrong = int((probabilities.argmax(axis=1) != held_out.labels).sum())
        nll = metrics.negative_log_likelihood(probabilities, held_out.labels)
        rows.append((held_out.name, len(held_out), wrong, nll * len(held_out)))
    return rows


def main() -> None:
    own = quick_parser(__doc__)
    own.add_argument("--folds", type=int, default=6, metavar="N")
    options, others = own.parse_known_args()
    if options.quick:
        options.folds, others = 2, ["--preset", "quick", *others]
    recipe = check(recipe_of(parser().parse_args(["train", *others])))
    load_tensorflow()
    import keras

    results = []
    for fold in range(1 if options.quick else options.folds):
        keras.utils.set_random_seed(recipe.seed)
        results.append(of_fold(recipe, fold, options.folds))
        print(f"fold {fold + 1} of {options.folds}", results[-1], file=sys.stderr)
    print(f"| {options.folds} folds: {' '.join(others)} | images | mistakes | of each fold | NLL |")
    print("|---|---|---|---|---|")
    for rows in zip(*results, strict=True):
        names, images, wrong, nll = zip(*rows, strict=True)
        of_each = ", ".join(map(str, wrong))
        print(f"| {names[0]} | {sum(images):,} | {sum(wrong)} | {of_each} "
              f"| {sum(nll) / sum(images):.4f} |")  # fmt: skip


if __name__ == "__main__":
    main()
