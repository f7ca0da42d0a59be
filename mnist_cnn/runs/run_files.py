"""The JSON files of a run, and what each may hold: whoever reads one gets what is expected here."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from mnist_cnn.errors import RunDamaged
from mnist_cnn.json_files import parse_object

SCHEMA = 1

NUMBER = (int, float)

SCORES = {
    "accuracy": NUMBER,
    "accuracy_95": [NUMBER],
    "ece": NUMBER,
    "nll": NUMBER,
    "turned_away": NUMBER,
    "unsure": NUMBER,
    "images": int,
    "per_class": [(int, float, type(None))],
}

SHAPES: dict[str, dict[Any, Any]] = {
    "run.json": {
        "sha256": {str: str},
        "name": str,
        "note": str,
        "preset": str,
        "status": str,
        "kind": str,
        "machine": str,
        "parameters": NUMBER,
        "training_seconds": NUMBER,
        "total_seconds": NUMBER,
        "peak_memory_mb": NUMBER,
        "phases": {str: NUMBER},
    },
    "config.json": {
        "recipe": (dict, type(None)),
        "command": str,
        "data": {"sets": (dict, list), "images_per_epoch": dict},
        "versions": {str: str},
        "commit": (str, type(None)),
    },
    "evaluation.json": {"datasets": {str: SCORES}},
    "calibration.json": {str: NUMBER},
}
"""What is under each key, where the key is there: a type or several, a list of something, an object
with keys that are known or with any."""

NEEDED = {"run.json": ("sha256",), "evaluation.json": ("datasets",)}
"""The keys that must be there."""

SCORED = {"accuracy", "accuracy_95", "ece", "images", "turned_away", "unsure"}
"""What pages show of every test set."""


def parse(name: str, content: bytes) -> dict[str, Any]:
    """What one of these files holds.

    Raises:
        ValueError: it is no such file; says why, in words.
    """
    found = parse_object(content)
    for key in NEEDED.get(name, ()):
        if key not in found:
            raise ValueError(f"it names no {key}")
    if wrong := _wrong(found, SHAPES.get(name, {}), ""):
        raise ValueError(f"what it says of {wrong} is of another kind")
    for dataset, scores in found.get("datasets", {}).items():
        if not scores.keys() >= SCORED or len(scores["accuracy_95"]) != 2:
            raise ValueError(f"the scores of {dataset[:40]} are not whole")
    return found


@lru_cache(maxsize=20_000)
def manifest(run_id: str, folder: Path, state: tuple[int, int]) -> dict[str, Any]:
    """What `run.json` says; `state` tells it from what stood there before.

    Raises:
        RunDamaged: it cannot be used.
    """
    try:
        found = parse("run.json", (folder / "run.json").read_bytes())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise RunDamaged(f"Run {run_id} is damaged: its run.json cannot be used, {why}.") from error
    if found.get("schema") != SCHEMA:
        raise RunDamaged(
            f"Run {run_id} was made by another version of this program (schema "
            f"{found.get('schema')}, expected {SCHEMA})."
        )
    return found


def _wrong(value: Any, shape: Any, place: str) -> str:
    """Where a value is not of a shape, or nothing."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return place
        return next((bad for item in value if (bad := _wrong(item, shape[0], place))), "")
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return place
        inside = ((key, own, shape.get(key, shape.get(str))) for key, own in value.items())
        known = (_wrong(own, kind, key[:40]) for key, own, kind in inside if kind is not None)
        return next((bad for bad in known if bad), "")
    return "" if isinstance(value, shape) and not isinstance(value, bool) else place or "itself"
