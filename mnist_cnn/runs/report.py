"""A run on one page of HTML that needs nothing else: scores, curves, settings."""

import csv
import html
import json
from collections.abc import Sequence

from mnist_cnn.runs import notes
from mnist_cnn.runs.store import Run

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem;
text-align:left}pre{background:#f3f4f6;padding:.8rem;overflow:auto}svg{width:100%}"""


def page(run: Run) -> str:
    """The report, as a whole HTML document."""
    name = html.escape(notes.name_of(run))
    facts = {
        "Run": run.id,
        "Begun (UTC)": run.created,
        "Status": run.manifest.get("status", "finished"),
        "Parameters": f"{run.manifest.get('parameters', 0):,}",
        "Trained for": f"{run.manifest.get('training_seconds', 0) / 60:.1f} min",
        "Note": notes.note_of(run),
        "Made again by": run.config.get("command", ""),
    }
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title>"
        f"<style>{STYLE}</style><h1>{name}</h1>"
        + _table(["", ""], [[key, str(value)] for key, value in facts.items()])
        + "<h2>Scores</h2>"
        + _table(["Test set", "Images", "Accuracy", "95 % interval", "ECE"], _scores(run))
        + _learning(run)
        + "<h2>Settings</h2><pre>"
        + html.escape(json.dumps(run.config, indent=1))
        + "</pre></html>"
    )


def _learning(run: Run) -> str:
    """Its curves; nothing of a network that was trained elsewhere."""
    if "history.csv" not in run.manifest["sha256"]:
        return ""
    history = list(csv.DictReader(run.read("history.csv").decode().splitlines()))
    accuracy = _curves(history, "accuracy", "Accuracy")
    return f"<h2>How it learned</h2>{accuracy}{_curves(history, 'loss', 'Loss')}"


def _scores(run: Run) -> list[list[str]]:
    return [
        [
            name,
            f"{scores['images']:,}",
            f"{scores['accuracy']:.2%}",
            f"{scores['accuracy_95'][0]:.2%} to {scores['accuracy_95'][1]:.2%}",
            f"{scores['ece']:.2%}",
        ]
        for name, scores in run.evaluation.get("datasets", {}).items()
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"

    return f"<table>{row(header, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table>"


def _curves(history: Sequence[dict[str, str]], measure: str, title: str) -> str:
    """Training and validation over epochs, as a drawing."""
    lines = {
        "training": ("#1d6fa5", [float(row[measure]) for row in history]),
        "validation": ("#b7791f", [float(row[f"val_{measure}"]) for row in history]),
    }
    values = [value for _, line in lines.values() for value in line]
    low, high = min(values), max(values)
    drawn = []
    for number, (name, (colour, line)) in enumerate(lines.items()):
        points = [
            (60 + 520 * i / max(len(line) - 1, 1), 180 - 150 * (v - low) / ((high - low) or 1))
            for i, v in enumerate(line)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)
        drawn.append(
            f'<g fill="{colour}"><polyline points="{path}" fill="none" stroke="{colour}" '
            f'stroke-width="2"/>{dots}<text x="{400 + 90 * number}" y="16">{name}</text></g>'
        )
    return (
        f'<svg viewBox="0 0 600 215" font-size="12" role="img" aria-label="{title} per epoch">'
        f'<text x="60" y="16" font-weight="600">{title}</text>'
        f'<text x="4" y="184">{low:.4g}</text><text x="4" y="34">{high:.4g}</text>'
        f'<text x="60" y="208">epoch 1</text><text x="535" y="208">epoch {len(history)}</text>'
        f'<path d="M60 30V180H580" fill="none" stroke="#999"/>{"".join(drawn)}</svg>'
    )
