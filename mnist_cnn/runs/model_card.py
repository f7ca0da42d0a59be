"""A run's model card in Markdown: what it reads, how well, and what it must not be used for."""

from typing import Any

from mnist_cnn.data.credits import credits_of
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.runs import notes
from mnist_cnn.runs.loading import load_calibration
from mnist_cnn.runs.store import Run

READS = {
    "digits": "single handwritten digits, 0 to 9",
    "symbols": f"single handwritten symbols of numbers and equations: `{SYMBOLS}`",
}


def model_card(run: Run) -> str:
    """Every number is from the run's own files.

    Raises:
        RunDamaged: one of them is missing or changed.
    """
    sections = [
        f"# Model card: {notes.name_of(run)}",
        notes.note_of(run),
        f"Run `{run.id}`, begun {run.created} UTC, {run.manifest.get('status', 'finished')}. A "
        f"convolutional network of {run.manifest.get('parameters', 0):,} parameters that reads "
        f"{READS[run.kind]}, from ink of 28 × 28 pixels to logits.",
        "## What it must not be used for\n\nAmounts of money, medical or legal records, "
        "examinations or anything else in which one misread digit harms somebody, unless a person "
        "checks every answer; telling who wrote something.",
        f"## Scores\n\n{_scores(run.evaluation['datasets'])}",
        f"## Verdicts\n\n{_verdicts(run)}",
        f"## Data\n\n{_data(run.config.get('data'))}",
        f"## Made by\n\n    {run.config.get('command') or 'a network that was trained elsewhere'}"
        f"\n\n{_versions(run.config)}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _scores(datasets: dict[str, Any]) -> str:
    rows = ["| test set | images | accuracy | 95 % interval | calibration error |"]
    rows.append("|---|---|---|---|---|")
    for name, scores in datasets.items():
        low, high = scores["accuracy_95"]
        rows.append(
            f"| {name} | {scores.get('images', 0):,} | {scores['accuracy']:.2%} | "
            f"{low:.2%} to {high:.2%} | {scores['ece']:.2%} |"
        )
    return "\n".join(rows)


def _verdicts(run: Run) -> str:
    values = load_calibration(run)
    return (
        f"Fitted on validation data: logits are divided by {values.temperature:.4g} before the "
        f"softmax; below {values.min_confidence:.2%} confidence the answer is “unsure”; where the "
        f"log-sum-exp of the logits is below {values.min_evidence:.4g} it is “not a digit”."
    )


def _data(data: Any) -> str:
    sets = (data or {}).get("sets") or {}
    if not isinstance(sets, dict) or not sets:
        return "Not known: it was trained elsewhere."
    rows = ["| data set | train / validation / test | licence | SHA-256 |", "|---|---|---|---|"]
    for name, facts in sets.items():
        split = " / ".join(f"{n:,}" for n in facts.get("split", ()))
        rows.append(
            f"| {name} | {split} | {facts.get('licence', '')} | `{facts.get('sha256', '')[:16]}…` |"
        )
    return "\n".join([*rows, "", *credits_of(sets)])


def _versions(config: dict[str, Any]) -> str:
    versions = ", ".join(f"{k} {v}" for k, v in (config.get("versions") or {}).items())
    commit = f"; commit {config['commit']}" if config.get("commit") else ""
    return f"With {versions}{commit}." if versions else ""
