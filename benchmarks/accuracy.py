"""How well runs read, on data that no network here has learned from. Prints Markdown tables.

    python -m benchmarks.accuracy [RUN ...]        # default: the run in production
    python -m benchmarks.accuracy --time-to-99     # of training, on MNIST, instead

Several runs of one recipe that differ in their seed give the mean over seeds. What is measured
on `symbols.jsonl.gz` and `not_digits.jsonl.gz`, which are for measuring only, is left out where
these files are not in the data folder. Test sets are read here and when a run is saved, and nothing
is chosen by them.
"""

import functools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import ndimage

from benchmarks.options import parser as quick_parser
from benchmarks.time_to_99 import time_to_99
from mnist_cnn import metrics
from mnist_cnn.data import local_sets, mnist, pen_digits, unipen
from mnist_cnn.errors import BadStrokes
from mnist_cnn.evaluation.scores import LabelledLogits, compute_logits
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.normalize import normalize
from mnist_cnn.ink.stroke_files import read_strokes
from mnist_cnn.models.classifier import TTA_BELOW, Classifier
from mnist_cnn.records import Dataset, Drawing
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.settings import data_folder
from mnist_cnn.training import writer_pools
from mnist_cnn.training.sources import Sources

PEN_WIDTHS = (0.02, 0.05, 0.08, 0.12, 0.16, 0.20)
"""From hairline to marker: shares of the drawing's longer side."""


def paper(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Dark grey ink on grey paper with grain: noise of a fifth of the contrast."""
    return np.clip(0.7 - 0.5 * np.pad(image, 4) + random.normal(0, 0.1, (36, 36)), 0, 1)


DISTORTIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "shifted by up to 6 px": lambda image, random: ndimage.shift(
        np.pad(image, 6), random.uniform(-6, 6, 2), order=1
    ),
    "rotated by 20°": lambda image, _: ndimage.rotate(np.pad(image, 6), 20, reshape=False, order=1),
    "rotated by -20°": lambda image, _: ndimage.rotate(
        np.pad(image, 6), -20, reshape=False, order=1
    ),
    "scaled to half": lambda image, _: ndimage.zoom(np.pad(image, 4), 0.5, order=1),
    "scaled to double": lambda image, _: ndimage.zoom(np.pad(image, 4), 2, order=1),
    "thickened by 2 px": lambda image, _: ndimage.grey_dilation(np.pad(image, 2), (3, 3)),
    "on grey paper with noise": paper,
}


SAMPLE: list[int] = []
"""Images of MNIST's test set that a short pass measures, where it is one."""


@functools.cache
def mnist_test() -> Dataset:
    whole = mnist.load_mnist().test
    return whole.part(whole.name, slice(SAMPLE[0])) if SAMPLE else whole


@functools.cache
def distorted(name: str) -> Dataset:
    """MNIST's test images changed, then brought back by the road every image takes."""
    random = np.random.default_rng(0)
    change = DISTORTIONS[name]
    images = [
        normalize(extract_ink(change(image.astype(np.float32) / 255, random).astype(np.float32)))
        for image in mnist_test().images
    ]
    return Dataset(
        name, np.round(np.stack(images) * 255).astype(np.uint8), mnist_test().labels, "", "", ""
    )


@functools.cache
def measuring_only(name: str) -> list[Drawing]:
    path = data_folder() / name
    if not path.exists():
        return []
    return [row for row in read_strokes(path) if not isinstance(row, BadStrokes)]


@functools.cache
def symbols(pen_width: float) -> Dataset:
    digits = [d for d in measuring_only("symbols.jsonl.gz") if d.label in set("0123456789")]
    return pen_digits.framed_drawings("symbols", digits, pen_width)


@functools.cache
def not_digits() -> np.ndarray:
    drawings = [Drawing(d.strokes, "0") for d in measuring_only("not_digits.jsonl.gz")]
    return pen_digits.framed_drawings("not digits", drawings).images


@functools.cache
def strangers() -> dict[str, Dataset]:
    """Digits by test writers of the collections that are on this machine."""
    names = {
        "unipen-digits-test": "UNIPEN digits of 51 unseen writers",
        "swiss-numbers-test": "Swiss numbers of 3 unseen writers",
    }
    found = {words: local_sets.local_test_set(name) for name, words in names.items()}
    return {words: dataset for words, dataset in found.items() if dataset}


@functools.cache
def unipen_letters() -> np.ndarray:
    """What UNIPEN's test writers wrote that is clearly no digit, uint8 (n, 28, 28)."""
    if local_sets.to_download(["unipen"]):
        return np.zeros((0, 28, 28), np.uint8)
    sources = Sources(letters=unipen.load_unipen("not_digits"), signs=unipen.load_unipen("signs"))
    return writer_pools.framed(writer_pools.none_of_these("digits", sources, "test"))


def measured(classifier: Classifier) -> Iterator[tuple[str, float, str]]:
    """What, how much, and in which unit."""
    scores = functools.partial(_scores, classifier)
    on_mnist = scores(mnist_test())
    yield "MNIST test, accuracy", 100 * on_mnist["accuracy"], "%"
    pen = pen_digits.framed_drawings("pen-digits-test", pen_digits.load_pen_digits().test)
    on_pen = scores(pen)
    yield "pen digits of 6 unseen writers, accuracy", 100 * on_pen["accuracy"], "%"
    yield from _of_strangers(classifier)
    if measuring_only("symbols.jsonl.gz"):
        widths = {width: scores(symbols(width))["accuracy"] for width in PEN_WIDTHS}
        yield "CROHME digits, accuracy", 100 * widths[0.12], "%"
        for width, accuracy in widths.items():
            yield f"the same with a pen of {width}, accuracy", 100 * accuracy, "%"
    for name in DISTORTIONS:
        yield f"MNIST test {name}, accuracy", 100 * scores(distorted(name))["accuracy"], "%"
    yield "ECE, MNIST test", 100 * on_mnist["ece"], "%"
    yield "ECE, pen digits", 100 * on_pen["ece"], "%"
    yield "MNIST test, rejected", 100 * on_mnist["turned_away"], "%"
    yield "MNIST test, unsure", 100 * on_mnist["unsure"], "%"
    yield "MNIST test, accuracy where sure", 100 * on_mnist["accuracy_kept"], "%"
    yield from _rejections(classifier)
    yield "one image, LiteRT, one thread, median", _latency(classifier), "ms"
    yield "MNIST test, share with test-time augmentation", 100 * _asked_again(classifier), "%"


def _of_strangers(classifier: Classifier) -> Iterator[tuple[str, float, str]]:
    for name, dataset in strangers().items():
        answers = LabelledLogits(compute_logits(classifier, dataset.images), dataset.labels)
        found = answers.scores(classifier.calibration)
        yield f"{name}, accuracy", 100 * found["accuracy"], "%"
        writers = np.array(dataset.notes["writers"])
        of_each = [answers.right[writers == writer].mean() for writer in sorted(set(writers))]
        yield f"{name}, accuracy, mean of the writers", 100 * statistics.mean(of_each), "%"
        yield f"{name}, rejected", 100 * found["turned_away"], "%"
        yield f"{name}, unsure", 100 * found["unsure"], "%"
        yield f"ECE, {name}", 100 * found["ece"], "%"


def _rejections(classifier: Classifier) -> Iterator[tuple[str, float, str]]:
    threshold = classifier.calibration.min_evidence
    if measuring_only("not_digits.jsonl.gz"):
        yes = metrics.log_sum_exp(compute_logits(classifier, symbols(0.12).images))
        no = metrics.log_sum_exp(compute_logits(classifier, not_digits()))
        yield "AUROC, digits against letters and signs", metrics.auroc(yes, no), ""
        yield (
            "letters and signs rejected, 98 % of digits kept",
            100 * metrics.rejected(yes, no),
            "%",
        )
        yield "the same at the stored threshold", 100 * float((no < threshold).mean()), "%"
    if len(unipen_letters()):
        no = metrics.log_sum_exp(compute_logits(classifier, unipen_letters()))
        yield (
            "letters and signs of UNIPEN's test writers rejected",
            100 * float((no < threshold).mean()),
            "%",
        )


def _scores(classifier: Classifier, dataset: Dataset) -> dict[str, Any]:
    return LabelledLogits(compute_logits(classifier, dataset.images), dataset.labels).scores(
        classifier.calibration
    )


def _asked_again(classifier: Classifier) -> float:
    """The share of images that a first look leaves unsure."""
    images = mnist_test().images.astype(np.float32) / 255
    first = [classifier.raw_logits(images[i : i + 250]) for i in range(0, len(images), 250)]
    return float((metrics.softmax(np.concatenate(first)).max(axis=1) < TTA_BELOW).mean())


def _latency(classifier: Classifier, times: int = 500) -> float:
    image = mnist_test().images[:1].astype(np.float32) / 255
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        classifier.compute_logits(image)
        spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent)


def compare(run_ids: list[str]) -> None:
    chosen = [store.open_run(run_id) for run_id in run_ids] or [store.production_run()]
    columns = [list(measured(load_classifier(run))) for run in chosen]
    seeds = f"mean of {len(chosen)} seeds" if len(chosen) > 1 else "one seed"
    print(f"| {seeds}: {', '.join(run.id for run in chosen)} | measured |\n|---|---|")
    for cells in zip(*columns, strict=True):
        values = [value for _, value, _ in cells]
        what, _, unit = cells[0]
        spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
        print(f"| {what} | {statistics.mean(values):.{3 if not unit else 2}f} {unit}{spread} |")


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("runs", nargs="*", metavar="RUN")
    parser.add_argument("--time-to-99", action="store_true", help="of training, on MNIST")
    options = parser.parse_args()
    if options.quick:
        SAMPLE.append(500)
    if options.time_to_99:
        time_to_99()
    else:
        compare(options.runs)


if __name__ == "__main__":
    main()
