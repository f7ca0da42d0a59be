"""Writes docs/model_card.md and its picture from the run in production.

    python -m benchmarks.model_card

Every number comes from the run's own config.json, calibration.json and evaluation.json; the
picture shows the pen digits of unseen writers that the run misreads.
"""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.options import parser as quick_parser
from mnist_cnn.data import pen_digits
from mnist_cnn.data.credits import credits_of
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.models.classes import CLASSES
from mnist_cnn.models.pipeline import predict_strokes
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_calibration, load_classifier
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import PROJECT_FOLDER

DOCS = PROJECT_FOLDER / "docs"
TILE = 120


def card(run: Run, num_failures: int) -> str:
    config, scores, calibration = run.config, run.evaluation["datasets"], load_calibration(run)
    sections = [
        f"# Model card: run {run.id}",
        "Written by `python -m benchmarks.model_card` from the run's own files.",
        "## What it is\n\nA convolutional network from one (28, 28) image of ink to ten logits, "
        f"{run.manifest['parameters']:,} parameters, trained by Keras and served by LiteRT; the "
        "greatest difference between the two in a probability of the test sets is "
        f"{run.evaluation['keras_litert_difference']:.1g}. Its int8 copy, for reading many at once, "
        f"reads {run.evaluation['int8_reads_otherwise']:.3%} of them otherwise. Trained in "
        f"{run.manifest['training_seconds'] / 60:.0f} minutes on two CPU cores by\n\n"
        f"    {config['command']}",
        "## What it is for\n\nReading single handwritten Arabic digits, drawn, scanned or "
        "photographed, where a person looks at the answer or a wrong one costs little.",
        "## What it must not be used for\n\nAmounts of money, medical or legal records, examinations "
        "or anything else in which one misread digit harms somebody, unless a person checks every "
        "answer; letters or whole words; telling who wrote something. Its writers were few and do not "
        "stand for all people: 30 in the pen digits, US census workers and "
        "pupils in MNIST, 204 in UNIPEN and 15 Swiss.",
        f"## Data\n\n{_data_table(config['data'])}",
        f"## Recipe\n\n{_recipe(config)}",
        f"## Scores\n\n{_score_table(scores)}",
        _per_class(scores),
        "## Verdicts\n\nFitted on validation data: logits are divided by "
        f"{calibration.temperature:.3g} before the softmax; below "
        f'{calibration.min_confidence:.1%} confidence the answer is "unsure"; with log-odds of '
        f'being a digit below {calibration.min_evidence:.3g} it is "not a digit".',
        f"## Where it fails\n\nAll {num_failures} pen digits of the six unseen writers that it misreads, "
        "drawn from their strokes, the true digit and the answer beneath:\n\n![Misread digits](failures.png)",
        *_of_symbols(store.production_run("symbols")),
    ]
    return "\n\n".join(sections) + "\n"


def _of_symbols(run: Run) -> list[str]:
    """What reads numbers and equations beside it."""
    return [
        f"## The network of symbols: run {run.id}\n\nNumbers and equations are read with a second "
        f"network, of {run.manifest['parameters']:,} parameters, which tells {CLASSES['symbols']} "
        "symbols apart and what is none. The same holds of what it is for. Trained in "
        f"{run.manifest['training_seconds'] / 60:.0f} minutes by\n\n    {run.config['command']}",
        _data_table(run.config["data"]),
        f"Of its {run.config['recipe']['epochs']} epochs {_shown(run.config)}",
        _score_table(run.evaluation["datasets"]),
    ]


def _data_table(data: dict[str, Any]) -> str:
    lines = ["| data set | train / validation / test | licence | SHA-256 |", "|---|---|---|---|"]
    for name, facts in data["sets"].items():
        split = " / ".join(f"{n:,}" for n in facts["split"])
        lines.append(f"| {name} | {split} | {facts['licence']} | `{facts['sha256'][:16]}…` |")
    return "\n".join([*lines, "", *credits_of(data["sets"])])


def _recipe(config: dict[str, Any]) -> str:
    recipe = config["recipe"]
    settings = {k: v for k, v in recipe.items() if not isinstance(v, dict | list)}
    branches = recipe["architecture"].get("branches", 1)
    apart = (
        f" Its {branches} branches draw their own; those after the first are shown as many scans in "
        "place of redrawn ones. The mean of their logits answers."
        if branches > 1
        else ""
    )
    return (
        f"Of its {recipe['epochs']} epochs {_shown(config)}{apart}\n\n"
        "| setting | value |\n|---|---|\n"
        + "\n".join(f"| {key} | {value} |" for key, value in settings.items())
        + "".join(
            f"\n| {group}: {key} | {value} |"
            for group in ("architecture", "augmentation")
            for key, value in recipe[group].items()
        )
    )


def _shown(config: dict[str, Any]) -> str:
    shown = ", ".join(f"{n:,} {name}" for name, n in config["data"]["images_per_epoch"].items())
    return f"each shows {shown}, each changed at random."


def _score_table(scores: dict[str, Any]) -> str:
    lines = [
        "| test set | images | accuracy (95 % interval) | ECE | NLL | rejected | unsure | accuracy where sure |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, s in scores.items():
        low, high = s["accuracy_95"]
        lines.append(
            f"| {name} | {s['images']:,} | {s['accuracy']:.2%} ({low:.2%} to {high:.2%}) "
            f"| {s['ece']:.2%} | {s['nll']:.4f} | {s['turned_away']:.2%} | {s['unsure']:.2%} "
            f"| {s['accuracy_kept']:.2%} |"
        )
    return "\n".join(lines)


def _per_class(scores: dict[str, Any]) -> str:
    lines = ["| accuracy per digit | " + " | ".join(map(str, range(10))) + " |", "|---" * 11 + "|"]
    for name, s in scores.items():
        cells = ["–" if a is None else f"{a:.1%}" for a in s["per_class"]]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def failures(run: Run) -> tuple[Image.Image, int]:
    """The misread pen digits of the test writers, drawn from their strokes."""
    classifier = load_classifier(run)
    wrong = []
    for drawing in pen_digits.load_pen_digits().test:
        prediction = predict_strokes(classifier, drawing.strokes).prediction
        if str(prediction.likeliest[0]) != drawing.label:
            wrong.append((drawing, prediction))
    columns = 8
    rows = max(1, -(-len(wrong) // columns))
    sheet = Image.new("L", (columns * TILE, rows * (TILE + 24)), 255)
    draw = ImageDraw.Draw(sheet)
    for number, (drawing, prediction) in enumerate(wrong):
        x, y = number % columns * TILE, number // columns * (TILE + 24)
        ink = Image.fromarray((255 - 255 * rasterize(drawing.strokes, 0.08)).astype(np.uint8))
        ink.thumbnail((TILE - 24, TILE - 24), Image.Resampling.BOX)
        sheet.paste(ink, (x + 12, y + 12))
        said = prediction.status if prediction.digit is None else str(prediction.digit)
        sure = f"{prediction.confidence:.0%}" if prediction.status == "ok" else prediction.status
        draw.text((x + 12, y + TILE - 4), f"{drawing.label} read {said} ({sure})", fill=0)
    return sheet, len(wrong)


def main() -> None:
    quick = quick_parser(__doc__).parse_args().quick
    run = store.production_run()
    sheet, num_failures = failures(run)
    if quick:
        print(card(run, num_failures))
        return
    DOCS.mkdir(exist_ok=True)
    sheet.save(DOCS / "failures.png", optimize=True)
    (DOCS / "model_card.md").write_text(card(run, num_failures))
    print(DOCS / "model_card.md")


if __name__ == "__main__":
    main()
