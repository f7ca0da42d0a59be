"""How long a recipe will take here and how well its network will read, told from earlier runs."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mnist_cnn.errors import DigitsError
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs.store import Run

ASKED = 300
"""So many of the newest runs are asked; each has files to be read."""

OTHER_WORK = 20.0
"""Seconds for starting, preparing data, exporting and measuring, where no run tells."""

UNREADABLE = (DigitsError, KeyError, TypeError, ValueError)
"""What a damaged or older run raises; it tells nothing then."""

NEEDS = {
    "rewritten": {"pen-digits", "unipen"},
    "not_digits": {"pen-digits", "unipen"},
    "corrected": {"corrections"},
    "swiss": {"swiss-numbers"},
    "letters": {"unipen"},
    "signs": {"unipen", "bhmsds"},
    "lines": {"pen-digits", "unipen"},
}
"""Pools that are made from one of these; the others are made from scans, or from templates."""

TEMPLATE_POOLS = ("sketched", "operators")


@dataclass(frozen=True)
class Forecast:
    """`seconds` in all, or None where no run tells; `basis` says which runs were asked.

    `accuracy` is that of the latest run with the same settings, per data set; `memory_mb` the most
    that the newest run of this preset held.
    """

    seconds: float | None
    basis: str
    accuracy: dict[str, float]
    memory_mb: int | None = None


def forecast(recipe: Recipe, known: Sequence[Run], machine: str | None) -> Forecast:
    """From the newest runs of this machine, the same preset before others; else of any.

    Args:
        known: whole runs, the newest first; of many the first few hundred are asked.
        machine: the mark of this machine, as runs carry it.
    """
    known = known[:ASKED]
    told = _told(recipe, known, machine)
    here = [run for run in known if run.manifest.get("machine") == machine]
    same = [run for run in here if run.manifest.get("preset") == recipe.preset]
    for group, basis in (
        (same, "from runs of this preset on this machine"),
        (here, "from other runs on this machine"),
        (list(known), "from runs on another machine"),
    ):
        speeds = [speed for run in group[:5] if (speed := _speed(run))]
        if speeds:
            rate, overhead = (statistics.median(column) for column in zip(*speeds, strict=True))
            seconds = _work(recipe) / rate + (overhead if group is same else OTHER_WORK)
            return Forecast(seconds, basis, **told)
    return Forecast(None, "no run tells yet", **told)


def _told(recipe: Recipe, known: Sequence[Run], machine: str | None) -> dict[str, Any]:
    """What earlier runs say besides the time, by the fields of a forecast."""
    same = [run.manifest for run in known if run.manifest.get("preset") == recipe.preset]
    memory = next((m["peak_memory_mb"] for m in same if m.get("peak_memory_mb")), None)
    return {"accuracy": _accuracy(recipe, known), "memory_mb": memory}


def usual_phases(preset: str, known: Sequence[Run], machine: str | None) -> dict[str, float]:
    """The seconds that each phase took in the newest run of a preset on this machine.

    Where it does not tell them apart, what lay beside the training counts as half preparing, half
    measuring.
    """
    for run in known:
        facts = run.manifest
        if facts.get("preset") != preset or facts.get("machine") != machine:
            continue
        if isinstance(facts.get("phases"), dict):
            return {str(name): float(spent) for name, spent in facts["phases"].items()}
        if speed := _speed(run):
            return {"preparing data": speed[1] / 2, "measuring": speed[1] / 2}
    return {}


def images_per_epoch(recipe: Recipe) -> int:
    """How many images an epoch shows, or nearly so."""
    scans = "mnist" in recipe.data or "bundled-digits" in recipe.data
    pools = asdict(recipe.pools)
    pools["scanned"] = min(pools["scanned"], 55_000 if "mnist" in recipe.data else 1_297)
    counts = {
        name: count
        for name, count in pools.items()
        if name in TEMPLATE_POOLS
        or (bool(NEEDS[name] & set(recipe.data)) if name in NEEDS else scans)
    }
    return sum(counts.values())


def _work(recipe: Recipe) -> float:
    """Multiply-adds over all images, with a little for what each image costs besides."""
    network = recipe.architecture
    per_image = network.multiply_adds + 1_000_000 * network.branches
    return float(recipe.epochs * images_per_epoch(recipe) * per_image)


def _speed(run: Run) -> tuple[float, float] | None:
    """Work per second of training, and the seconds beside it."""
    try:
        recipe = Recipe.from_dict(run.config["recipe"])
        training = float(run.manifest["training_seconds"])
        if run.manifest.get("status", "finished") != "finished" or training <= 0:
            return None
        return _work(recipe) / training, float(run.manifest["total_seconds"]) - training
    except UNREADABLE:
        return None


def _accuracy(recipe: Recipe, known: Sequence[Run]) -> dict[str, float]:
    for run in known:
        try:
            if Recipe.from_dict(run.config["recipe"]).as_dict() | {"seed": 0} != (
                recipe.as_dict() | {"seed": 0}
            ):
                continue
            scores = run.evaluation["datasets"]
            return {name: float(values["accuracy"]) for name, values in scores.items()}
        except UNREADABLE:
            continue
    return {}
