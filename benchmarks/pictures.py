"""How well pictures that people bring are read. Prints Markdown tables.

    python -m benchmarks.pictures [--each 40] [--only NAME] [--save FOLDER]

Pictures of one digit in 35 situations and of digits cut out to the ink, of numbers and sums, of
sheets and of a page of text are made from pen strokes of writers that no network learns from, the
same ones each time. The naive way beside them is what tutorials teach: grey, inverted where most of
it is light, resized to 28 × 28, then the network alone. A picture is read rightly where the true
digit comes first, be it "unsure"; "not a digit" counts too where the picture was turned.
"""

import argparse
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.crops import CUT
from benchmarks.naive_reading import naive_digit
from benchmarks.number_pictures import NUMBERS, SUMS, number_pictures
from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from benchmarks.picture_costs import COSTS, print_costs
from benchmarks.reading import normalized
from benchmarks.sheets import SHEETS, sheets, text_page
from benchmarks.situations import SITUATIONS, TURNED, pictures
from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files
from mnist_cnn.expressions import reader
from mnist_cnn.ink.page import read_image
from mnist_cnn.models.classifier import Classifier, LineNetworks
from mnist_cnn.models.pipeline import predict_image
from mnist_cnn.records import Prediction
from mnist_cnn.runs import serving

TEXT = "a page of text"

PER_SHEET = 4
"""So many pictures of one digit for each sheet."""


@dataclass
class Count:
    """What came out of many pictures."""

    pictures: int = 0
    right: int = 0
    surely_wrong: int = 0
    naive: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(vars(self)[name] + vars(other)[name] for name in vars(self)))

    def row(self, name: str, error: bool = False) -> str:
        """A row of the table, with the standard error of the right ones at will."""
        of = max(1, self.pictures)
        share = self.right / of
        spread = f" ± {100 * math.sqrt(share * (1 - share) / of):.1f}" if error else ""
        wrong, naive = (f"{100 * part / of:.1f} %" for part in (self.surely_wrong, self.naive))
        return f"| {name} | {self.pictures} | {100 * share:.1f} %{spread} | {wrong} | {naive} |"


@dataclass(frozen=True)
class Album:
    """A folder that pictures are written to, their answers in the files' names, if any."""

    folder: Path | None = None

    def keep(self, content: bytes, *words: object) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.=-]+", "_", " ".join(map(str, words))).strip("_")
        suffix = ".png" if content.startswith(b"\x89PNG") else ".jpg"
        (self.folder / f"{name[:150]}{suffix}").write_bytes(content)


def first(prediction: Prediction) -> int | None:
    """The digit that comes first, where it is read as one."""
    read = prediction.status in ("ok", "unsure")
    return prediction.likeliest[0] if read and prediction.probabilities else None


def count_digits(name: str, each: int, classifier: Classifier, album: Album) -> Count:
    count = Count()
    for number, picture in enumerate(pictures(name, each)):
        prediction = predict_image(classifier, picture.content).prediction
        digit = first(prediction)
        right = digit == picture.digit
        right |= name == TURNED and prediction.status == "not_a_digit"
        count.pictures += 1
        count.right += right
        count.surely_wrong += prediction.status == "ok" and not right
        count.naive += naive_digit(classifier, picture.content) == picture.digit
        mark, read = "right" if right else "wrong", "none" if digit is None else digit
        album.keep(
            picture.content, name, number, mark, picture.digit, "read", read, prediction.status
        )
    return count


def print_digits(
    title: str, names: Sequence[str], each: int, classifier: Classifier, album: Album
) -> None:
    if not names:
        return
    print(f"| {title} | n | right | wrong and sure | naive, right |\n|---|---|---|---|---|")
    total = Count()
    for name in names:
        count = count_digits(name, each, classifier, album)
        total += count
        print(count.row(name), flush=True)
    print(total.row("**all**", error=True) + "\n")


def print_numbers(names: Sequence[str], each: int, networks: LineNetworks, album: Album) -> None:
    if not names:
        return
    print("| numbers as pictures | n | right | a wrong value |\n|---|---|---|---|")
    for name in names:
        read, right, wrong_values = 0, 0, 0
        for number, picture in enumerate(number_pictures(name, each)):
            line = reader.read_ink_line(read_image(picture.content), networks)
            whole = normalized(line.text) == normalized(picture.text)
            read, right = read + 1, right + whole
            wrong_values += line.value is not None and not whole
            mark = "right" if whole else "wrong"
            album.keep(picture.content, name, number, mark, picture.text, "read", line.text)
        if read:
            shares = (f"{100 * part / read:.1f} %" for part in (right, wrong_values))
            print(f"| {name} | {read} | {' | '.join(shares)} |", flush=True)
    print()


def aligned(read: Sequence[int | None], true: Sequence[int]) -> tuple[int, int]:
    """How many of the true digits have an item of their own, in order, and how many of these are
    read rightly: by the alignment of the two rows with the fewest changes."""
    best = [[(-column, 0, 0) for column in range(len(true) + 1)]]
    for row, digit in enumerate(read, 1):
        line = [(-row, 0, 0)]
        for column, meant in enumerate(true, 1):
            changes, found, right = best[-1][column - 1]
            hit = digit == meant
            both = (changes - (not hit), found + 1, right + hit)
            extra, missed = best[-1][column], line[-1]
            either = max((extra[0] - 1, *extra[1:]), (missed[0] - 1, *missed[1:]))
            line.append(max(both, either, key=lambda way: (way[0], way[2], way[1])))
        best.append(line)
    _, found, right = best[-1][-1]
    return found, right


def print_sheets(names: Sequence[str], count: int, classifier: Classifier, album: Album) -> None:
    if not names:
        return
    print("| sheets | sheets | digits | found | of these right | items beside them |")
    print("|---|---|---|---|---|---|")
    for name in names:
        digits, found, right, extra = 0, 0, 0, 0
        for number, sheet in enumerate(sheets(name, count)):
            items = files.items_of([("sheet.png", sheet.content)])
            results = list(stream.read_all(items, classifier))
            read = [first(r.prediction) if r.prediction else None for r in results]
            own, hit = aligned(read, sheet.digits)
            digits, found = digits + len(sheet.digits), found + own
            right, extra = right + hit, extra + len(read) - own
            album.keep(sheet.content, name, number, own, "of", len(sheet.digits), "right", hit)
        shares = f"{100 * found / digits:.1f} % | {100 * right / max(1, found):.1f} % | {extra}"
        print(f"| {name} | {count} | {digits} | {shares} |", flush=True)
    print()


def print_text_pages(count: int, album: Album) -> None:
    random = np.random.default_rng(0)
    rows = []
    for number in range(count):
        content = text_page(random)
        rows.append(len(list(files.items_of([("page.jpg", content)]))))
        album.keep(content, TEXT, number, rows[-1], "rows")
    print(f"| {TEXT} | rows of the batch |\n|---|---|")
    print(f"| {count} photographs | {', '.join(map(str, rows))} |\n")


def chosen(names: Sequence[str], options: argparse.Namespace) -> list[str]:
    return [name for name in names if options.only in name]


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--each", type=int, default=40, help="pictures of each kind")
    parser.add_argument("--only", default="", metavar="NAME", help="kinds with this in their name")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="where to write the pictures")
    options = shortened(parser.parse_args(), each=3)
    classifier, album = serving.production_classifier(), Album(options.save)
    count = max(1, options.each // PER_SHEET)
    for title, makers in (("situation", SITUATIONS), ("cut to the ink", CUT)):
        print_digits(title, chosen(list(makers), options), options.each, classifier, album)
    numbers = chosen([*NUMBERS, SUMS], options)
    if numbers:
        print_numbers(numbers, options.each, serving.line_networks(), album)
    print_sheets(chosen(list(SHEETS), options), count, classifier, album)
    if chosen([TEXT], options):
        print_text_pages(min(3, count), album)
    print_costs(chosen(COSTS, options), classifier)
    print(f"Run {classifier.run_id}, {options.each} pictures of each kind.")


if __name__ == "__main__":
    main()
