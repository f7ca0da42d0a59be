"""Draws the example of the Batch page: a ZIP of labelled digits and a sheet.

    python -m benchmarks.examples [--output FOLDER] [--quick]

All of it comes from this project's own templates of handwriting, so that it may be given away. Most
digits are easy; some are drawn until the network in production is unsure of them or takes them for
another, and one is a letter.
"""

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.options import parser as quick_parser
from mnist_cnn.data import templates
from mnist_cnn.data.glyphs import NOT_DIGITS
from mnist_cnn.data.handwriting import Random, frame, vary_hand
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.runs import serving
from mnist_cnn.settings import PROJECT_FOLDER

EACH = 3
"""Digits of a kind in the ZIP."""
HARD = {2: "wrong", 4: "unsure", 5: "wrong", 8: "unsure"}
"""Kinds of which one is hard, and how."""
LINES = ("2718281828", "3141592653", "1618033988", "6022140760")
STEP = 44
"""Pixels from one digit of the sheet to the next."""


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", optimize=True)
    return file.getvalue()


def sure(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How each image (n, 28, 28) is read: "right", "wrong", "unsure" or "none"."""
    read = classifier.predict_many(images.astype(np.float32) / 255)
    return np.array(
        [
            "none"
            if r.digit is None
            else "unsure"
            if r.status == "unsure"
            else "right"
            if r.digit == label
            else "wrong"
            for r, label in zip(read, labels, strict=True)
        ]
    )


def digits(classifier: Classifier, tries: int, random: Random) -> list[tuple[str, np.ndarray]]:
    """Names in the ZIP and images, uint8 (28, 28)."""
    members = []
    for digit in range(10):
        labels = np.full(tries, digit)
        images = templates.sketched(labels, random)
        kinds = sure(classifier, images, labels)
        hard = np.flatnonzero(kinds == HARD.get(digit, ""))[:1]
        easy = np.flatnonzero(kinds == "right")[: EACH - len(hard)]
        for number, row in enumerate([*easy, *hard], 1):
            members.append((f"digits/{digit}/{number}.png", 255 - images[row]))
    return members


def letter(classifier: Classifier, tries: int, random: Random) -> np.ndarray:
    """Something that the network takes for no digit, uint8 (28, 28)."""
    ink = [
        frame(vary_hand(templates.sketch(NOT_DIGITS["A"], random), random), random)
        for _ in range(tries)
    ]
    images = np.round(255 * np.stack(ink)).astype(np.uint8)
    kinds = sure(classifier, images, np.zeros(tries))
    return 255 - images[np.flatnonzero(kinds == "none")[0]]


def easy_digit(classifier: Classifier, digit: int, random: Random) -> np.ndarray:
    """A digit that the network reads right, uint8 (28, 28)."""
    labels = np.full(20, digit)
    images = templates.sketched(labels, random)
    return images[np.flatnonzero(sure(classifier, images, labels) == "right")[0]]


def sheet(classifier: Classifier, random: Random) -> np.ndarray:
    """Lines of digits on paper, uint8 (height, width), a little out of line."""
    paper = np.full((STEP * len(LINES) + 24, STEP * len(LINES[0]) + 24), 244.0)
    for down, line in enumerate(LINES):
        for across, sign in enumerate(line):
            image = easy_digit(classifier, int(sign), random)
            y, x = (12 + STEP * place + random.integers(4, 12) for place in (down, across))
            paper[y : y + 28, x : x + 28] -= 0.8 * image
    return np.clip(np.round(paper / 4) * 4, 0, 255).astype(np.uint8)


def write(folder: Path, tries: int) -> None:
    random, classifier = np.random.default_rng(5), serving.production_classifier()
    folder.mkdir(parents=True, exist_ok=True)
    members = digits(classifier, tries, random)
    members.insert(len(members) // 2, ("digits/4/4.png", letter(classifier, 200, random)))
    with zipfile.ZipFile(folder / "digits.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, image in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), png(image))
    (folder / "sheet.png").write_bytes(png(sheet(classifier, random)))
    for path in sorted(folder.iterdir()):
        print(f"{path}: {path.stat().st_size / 1000:.1f} kB")


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="default: examples/batch")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        shipped = Path(scratch) if options.quick else PROJECT_FOLDER / "examples" / "batch"
        write(options.output or shipped, tries=100 if options.quick else 3000)


if __name__ == "__main__":
    main()
