"""How well numbers and equations are read. Prints a Markdown table.

    python -m benchmarks.reading [--numbers 500] [--choosing]

Numbers are put together from digits of writers that no network learns from. UNIPEN's are whole as
people wrote them, most of them by writers of the test part; `--choosing` reads only those of the
other parts, by which the reader was chosen, and shows what was misread. Where
`expressions.jsonl.gz` and `symbols.jsonl.gz`, which are for measuring only, lie in the data folder,
they are measured too. Segmentation and classification errors are told apart: a symbol whose
strokes were grouped as its writer meant them is counted as found, whatever it was read as.
"""

import gzip
import json
import os
import platform
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.live import pen_up_to
from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from benchmarks.writings import GAPS, PEN, Writing, as_image, expressions, number
from mnist_cnn.data import pen_digits, unipen
from mnist_cnn.expressions import line, reader
from mnist_cnn.metrics import wilson_interval
from mnist_cnn.models import classifier
from mnist_cnn.runs import serving
from mnist_cnn.settings import data_folder
from tests.support import browser
from tests.support.browser import on_canvas
from tests.support.drawings import written

BOXES = "document.querySelector('.line-picture svg')?.innerHTML"
WRITTEN_AS = {",": ".", "*": "×", "x": "×", " ": "", "\n": ""}
"""What counts as the same."""


def normalized(text: str) -> str:
    """A text as it counts: a decimal comma is a point, an asterisk a sign of multiplication."""
    for sign, meant in WRITTEN_AS.items():
        text = text.replace(sign, meant)
    return text


@dataclass
class Count:
    """What came out of many readings; `wrong_values` are those that were told for another text."""

    symbols: int = 0
    wrong_values: int = 0
    found: int = 0
    right: int = 0
    texts: int = 0
    texts_right: int = 0

    def add(self, writing: Writing, line: line.Line) -> None:
        read = {frozenset(symbol.strokes): symbol.text for symbol in line.symbols}
        for label, members in writing.groups:
            self.symbols += 1
            self.found += members in read
            self.right += read.get(members) == label
        self.add_text(writing.text, line)

    def add_text(self, text: str, line: line.Line) -> bool:
        """Whether all of it was read right."""
        right = normalized(line.text) == normalized(text)
        self.texts += 1
        self.texts_right += right
        self.wrong_values += line.value is not None and not right
        return right


def share(right: int, total: int) -> str:
    low, high = wilson_interval(right, total)
    return f"{right / max(total, 1):.1%} ({low:.1%} to {high:.1%}) of {total:,}"


def isolated(networks: classifier.LineNetworks) -> None:
    path = data_folder() / "symbols.jsonl.gz"
    if not path.exists():
        return
    with gzip.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    mistakes: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for row in rows:
        strokes = [np.asarray(stroke, np.float64)[:, :2] for stroke in row["strokes"]]
        answer = reader.read_symbol(strokes, networks)
        if answer != row["label"]:
            mistakes[f"{row['label']} as {answer}"] += 1
            missed[row["label"]] += 1
    print(f"| symbols one by one | {share(len(rows) - mistakes.total(), len(rows))} |")
    often = ", ".join(f"{what}: {times}" for what, times in mistakes.most_common(6))
    print(f"| most often misread of these | {often} |")
    written = Counter(row["label"] for row in rows)
    least = sorted(missed, key=lambda label: -missed[label] / written[label])[:4]
    shares = ", ".join(f"{label}: {missed[label]} of {written[label]}" for label in least)
    print(f"| misread of these, by symbol | {shares} |")


def pen_up_to_boxes(times: int = 15) -> float:
    """From the end of the last stroke of twelve symbols to their boxes on screen: ms, median."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        browser.server(Path(folder) / "log") as server,
    ):
        chromium = browser.launch(playwright)
        assert chromium
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        browser.open_page(page, f"{server.url}/Numbers_and_equations")
        *most, last = on_canvas(page, written("123+456-78=9"))
        for stroke in most:
            browser.draw(page, [stroke])
            page.wait_for_timeout(400)
        spent = []
        for _ in range(times):
            spent.append(pen_up_to(BOXES, page, last))
            browser.click_button(page, "Undo")
            page.wait_for_timeout(1200)
        chromium.close()
    return statistics.median(spent)


def written_expressions(networks: classifier.LineNetworks) -> list[float]:
    """Prints how well they are read; the seconds that those of 10 to 14 symbols took."""
    count, spent = Count(), []
    for writing in expressions():
        line = reader.read_strokes_line(writing.strokes, networks)
        count.add(writing, line)
        if 10 <= len(writing.groups) <= 14:
            spent.append(line.seconds)
    if count.texts:
        right = share(count.right, count.symbols)
        print(f"| expressions: symbols found | {share(count.found, count.symbols)} |")
        print(f"| expressions: symbols found and read right | {right} |")
        print(f"| whole expressions right | {share(count.texts_right, count.texts)} |")
    return spent


def whole_numbers(networks: classifier.LineNetworks, choosing: bool) -> None:
    """Prints how many of UNIPEN's numbers, phone numbers and dates are read without a mistake."""
    found = unipen.load_unipen("numbers")
    drawings = [*found.train, *found.validation] if choosing else found.test
    digits, others = Count(), Count()
    for drawing in drawings:
        text = drawing.label or ""
        line = reader.read_strokes_line(drawing.strokes, networks)
        count = digits if text.replace(" ", "").isdigit() else others
        if not count.add_text(text, line) and choosing:
            print(f"{text!r} read as {line.text!r}, value {line.value}")
    writers = len({drawing.writer for drawing in drawings})
    for name, count in (("digits only", digits), ("with signs", others)):
        right = share(count.texts_right, count.texts)
        told = f"{right}, {count.wrong_values} wrong values"
        print(f"| UNIPEN's numbers of {writers} writers, {name} | {told} |")


def composed_numbers(networks: classifier.LineNetworks, count: int) -> None:
    test = pen_digits.load_pen_digits().test
    random = np.random.default_rng(0)
    drawn, pictured = Count(), Count()
    for gap in GAPS:
        for_gap = Count()
        for _ in range(count):
            writing = number(test, gap, random)
            line = reader.read_strokes_line(writing.strokes, networks)
            for_gap.add(writing, line)
            drawn.add(writing, line)
            if gap != "touching":
                apart = number(test, gap, random, PEN)
                seen = reader.read_ink_line(as_image(apart), networks)
                pictured.texts += 1
                pictured.texts_right += seen.text == apart.text
        print(f"| numbers drawn, {gap} | {share(for_gap.texts_right, for_gap.texts)} |")
    print(f"| numbers drawn, all | {share(drawn.texts_right, drawn.texts)} |")
    print(f"| their symbols found | {share(drawn.found, drawn.symbols)} |")
    print(f"| numbers as pictures, not touching | {share(pictured.texts_right, pictured.texts)} |")


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--numbers", type=int, default=500, help="of each spacing")
    parser.add_argument("--choosing", action="store_true", help="numbers of no test writer")
    options = shortened(parser.parse_args(), numbers=20)
    networks = serving.line_networks()
    if options.choosing:
        whole_numbers(networks, choosing=True)
        return
    print("| what | measured (95 % interval) |\n|---|---|")
    spent = written_expressions(networks)
    whole_numbers(networks, choosing=False)
    composed_numbers(networks, options.numbers)
    isolated(networks)
    if spent:
        print(f"| reading 10 to 14 symbols, median | {1000 * statistics.median(spent):.1f} ms |")
    print(f"| pen-up → boxes of 12 symbols on screen, median | {pen_up_to_boxes():.0f} ms |")
    print(f"\nRun {networks.symbols.run_id}, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}.")


if __name__ == "__main__":
    main()
