"""What a personal hand brings to people whose writing no network and no number was chosen by.

    python -m benchmarks.hands [--repeats 5]
    python -m benchmarks.hands --fit        makes mnist_cnn/hands/projection.npz again first

Each test writer of UNIPEN, the pen digits and the Swiss numbers teaches some of each digit, chosen
anew for every repeat, and is judged on the rest. Prints Markdown tables.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from benchmarks.writers import Person, fit, people
from mnist_cnn.data import unipen
from mnist_cnn.expressions.reader import read_strokes_line
from mnist_cnn.hands.descriptor import describe
from mnist_cnn.hands.gain import learn
from mnist_cnn.hands.hand import (
    HandClassifier,
    TaughtDrawing,
    adjusted,
    nearest,
    squared_distances,
)
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.ink.stroke_files import read_strokes
from mnist_cnn.metrics import log_sum_exp
from mnist_cnn.models.classifier import Classifier, LineNetworks
from mnist_cnn.records import Drawing, FloatArray
from mnist_cnn.runs import serving
from mnist_cnn.settings import data_folder


@dataclass
class Count:
    """Mistakes and digits turned away, before and after, of so many; and whom it made worse."""

    total: int = 0
    wrong: NDArray[np.int64] = None  # type: ignore[assignment]
    rejected: NDArray[np.int64] = None  # type: ignore[assignment]
    worse: int = 0

    def __post_init__(self) -> None:
        self.wrong, self.rejected = np.zeros(2, np.int64), np.zeros(2, np.int64)


def chosen(labels: NDArray[np.int64], each: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Rows of so many of each digit, where there are that many and one is left to be judged."""
    rows: list[int] = []
    for digit in range(10):
        found = random.permutation(np.flatnonzero(labels == digit))
        rows += found[: min(each, len(found) - 1)].tolist() if len(found) > 1 else []
    return np.array(rows)


def taught(
    network: Classifier, person: Person, rows: NDArray[np.intp]
) -> tuple[list[TaughtDrawing], Callable[[FloatArray, FloatArray], FloatArray]]:
    """What somebody taught, and how logits (n, 10) with descriptors (n, 24) change by it."""
    drawings = [TaughtDrawing(int(person.labels[r]), person.images[r]) for r in rows]
    listens, _ = learn(network, drawings)
    if not isinstance(listens, HandClassifier):
        return drawings, lambda logits, vectors: logits
    labels, known = person.labels[rows], person.vectors[rows]
    return drawings, lambda logits, vectors: adjusted(
        logits, nearest(squared_distances(vectors, known), labels)
    )


def read_by_their_hand(
    network: Classifier, everybody: list[Person], each: int, repeats: int
) -> dict[str, Count]:
    """What is wrong and turned away, by source, when each teaches so many of each digit."""
    counts: dict[str, Count] = {}
    for person in everybody:
        mistakes, total = np.zeros(2, np.int64), 0
        for repeat in range(repeats):
            rows = chosen(person.labels, each, np.random.default_rng(1000 * each + repeat))
            rest = np.setdiff1d(np.arange(len(person.labels)), rows)
            _, heard = taught(network, person, rows)
            before, labels = person.logits[rest], person.labels[rest]
            after = heard(before, person.vectors[rest])
            least = network.calibration.min_evidence
            wrong = [int((z.argmax(axis=1) != labels).sum()) for z in (before, after)]
            away = [int((log_sum_exp(z) < least).sum()) for z in (before, after)]
            for name in (person.source, "all"):
                count = counts.setdefault(name, Count())
                count.total += len(rest)
                count.wrong += wrong
                count.rejected += away
            mistakes, total = mistakes + wrong, total + len(rest)
        worse = (mistakes[1] - mistakes[0]) / max(total, 1) > 1 / 200
        for name in (person.source, "all"):
            counts[name].worse += int(worse)
    return counts


def strangers(
    network: Classifier, everybody: list[Person], each: int, repeats: int
) -> Iterator[tuple[str, int, int, int]]:
    """Of images that are not the writer's own digits: what, how many of how many before and after:
    the same person's letters and signs turned away, and mistakes with somebody else's digits."""
    least = network.calibration.min_evidence
    letters, digits = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for repeat in range(repeats):
        for number, person in enumerate(everybody):
            rows = chosen(person.labels, each, np.random.default_rng(1000 * each + repeat))
            _, heard = taught(network, person, rows)
            if len(person.others):
                images = person.others.astype(np.float32) / 255
                logits = network.compute_logits(images)
                after = heard(logits, describe(images, logits))
                away = [int((log_sum_exp(z) < least).sum()) for z in (logits, after)]
                letters += [*away, len(images)]
            other = everybody[(number + 1 + repeat) % len(everybody)]
            logits = other.logits[:100]
            after = heard(logits, other.vectors[:100])
            wrong = [int((z.argmax(axis=1) != other.labels[:100]).sum()) for z in (logits, after)]
            digits += [*wrong, len(logits)]
    for what, (alone, with_hand, total) in (
        ("letters and signs of the same hand turned away", letters.tolist()),
        ("mistakes with somebody else's digits", digits.tolist()),
    ):
        yield what, alone, with_hand, total


def whole_numbers(network: Classifier, everybody: list[Person], each: int) -> tuple[int, int, int]:
    """Of the numbers by writers of any part who also wrote digits: how many are wrong before and
    after they taught so many of each digit, of how many."""
    symbols = serving.line_networks().symbols
    by_name = {person.name: person for person in everybody}
    wrong, total = np.zeros(2, np.int64), 0
    numbers = unipen.load_unipen("numbers")
    for drawing in (*numbers.train, *numbers.validation, *numbers.test):
        person = by_name.get(drawing.writer or "")
        if person is None or not (drawing.label or "").isdecimal():
            continue
        rows = chosen(person.labels, each, np.random.default_rng(each))
        drawings, _ = taught(network, person, rows)
        for place, digits in enumerate((network, learn(network, drawings)[0])):
            text = read_strokes_line(drawing.strokes, LineNetworks(symbols, digits)).text
            wrong[place] += text != drawing.label
        total += 1
    return int(wrong[0]), int(wrong[1]), total


def costs(network: Classifier, person: Person) -> tuple[float, float]:
    """Milliseconds for learning thirty drawings, and for each answer more than without a hand."""
    rows = np.random.default_rng(0).permutation(len(person.labels))[:30]
    drawings = [TaughtDrawing(int(person.labels[r]), person.images[r]) for r in rows]
    hand = HandClassifier(network, drawings)
    image = person.images[:1].astype(np.float32) / 255

    learning = statistics.median(seconds(partial(learn, network, drawings)) for _ in range(20))
    pairs = [
        (seconds(partial(hand.raw_logits, image)), seconds(partial(network.raw_logits, image)))
        for _ in range(500)
    ]
    return 1000 * learning, 1000 * statistics.median(heard - alone for heard, alone in pairs)


def seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def foreign_signs(network: Classifier, everybody: list[Person], each: int) -> tuple[int, int, int]:
    """CROHME's letters and signs turned away, before and with each hand, of how many readings."""
    found = read_strokes(data_folder() / "not_digits.jsonl.gz")
    some = [drawing for drawing in found if isinstance(drawing, Drawing)][::9]
    images = np.stack([normalize_strokes(d.strokes) for d in some])
    logits = network.compute_logits(images)
    vectors, least = describe(images, logits), network.calibration.min_evidence
    before = int((log_sum_exp(logits) < least).sum())
    after = 0
    for person in everybody:
        rows = chosen(person.labels, each, np.random.default_rng(each))
        after += int((log_sum_exp(taught(network, person, rows)[1](logits, vectors)) < least).sum())
    return before * len(everybody), after, len(images) * len(everybody)


def fewer(before: int, after: int) -> str:
    return f"{(after - before) / before:+.0%}" if before else ""


def table(network: Classifier, everybody: list[Person], each: Iterable[int], repeats: int) -> None:
    print("| taught | writers | judged | mistakes | | turned away | | made worse |")
    print("|---|---|---|---|---|---|---|---|")
    for number in each:
        for source, count in read_by_their_hand(network, everybody, number, repeats).items():
            writers = sum(source in (p.source, "all") for p in everybody)
            wrong, away = count.wrong.tolist(), count.rejected.tolist()
            print(
                f"| {number} of each | {source}, {writers} | {count.total:,} | {wrong[0]} → "
                f"{wrong[1]} | {fewer(*wrong)} | {away[0]} → {away[1]} | {fewer(*away)} | "
                f"{count.worse} |",
                flush=True,
            )


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--each", type=int, nargs="+", default=[1, 2, 3, 5])
    parser.add_argument("--fit", action="store_true", help="makes the projection again first")
    parser.add_argument("--validation", action="store_true", help="writers to choose by instead")
    options = shortened(parser.parse_args(), repeats=1, each=[1])
    network = serving.production_classifier()
    if options.fit:
        fit()
    everybody = people(network, "validation" if options.validation else "test")
    table(network, everybody, options.each, options.repeats)
    parts = ("train", "validation", "test")
    all_parts = [person for part in parts for person in people(network, part, False)]
    print("\n| with hands of 1 and 3 of each | before → after | |\n|---|---|---|")
    for each in sorted({options.each[0], options.each[-2:][0]}):
        rows = [
            *strangers(network, everybody, each, options.repeats),
            ("CROHME's letters and signs turned away", *foreign_signs(network, everybody, each)),
            ("whole numbers of the same hand wrong", *whole_numbers(network, all_parts, each)),
        ]
        for what, before, after, total in rows:
            print(
                f"| {each} of each: {what} | {before} → {after} of {total:,} | "
                f"{100 * (after - before) / max(total, 1):+.2f} points, {fewer(before, after)} |"
            )
    learning, answer = costs(network, max(everybody, key=lambda p: len(p.labels)))
    print(f"| learning 30 drawings | {learning:.0f} ms | |")
    print(f"| each answer, beside the network's own time | {answer:.2f} ms | |")
    print(f"\nRun {network.run_id}, {os.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()
