"""Promotion and its log.

artifacts/production.json        the run that answers, and the promotion that made it so
artifacts/promotions.jsonl       when, from, to, by whom, and why the gate was overridden

The pointer and its promotion change at once; the log follows. Where it could not, as after a kill,
the pointer's own promotion counts as its last line, and the next promotion writes it down.
"""

import contextlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_cnn.errors import RunDamaged, RunError, RunNotFound, StorageFailed
from mnist_cnn.runs import gate, store
from mnist_cnn.runs.notes import name_of
from mnist_cnn.runs.store import Run, one_at_a_time
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import append_lines, write_atomically

ROLL_BACK = "roll back"
"""What the log gives as the reason of a promotion that undoes another."""


@dataclass(frozen=True)
class Promotion:
    """One line of the promotion log; `when` in UTC, `reason` where the gate was overridden,
    `undoes` whether it rolled the one before back; older lines tell that by the reason alone."""

    when: str
    before: str | None
    after: str
    by: str
    reason: str = ""
    kind: str = "digits"
    undoes: bool | None = None

    @property
    def rolled_back(self) -> bool:
        return self.reason == ROLL_BACK if self.undoes is None else self.undoes


def promote(run_id: str, by: str, reason: str = "") -> Run:
    """Puts a run into production, if it passes the gate or a reason to override it is given.

    Raises:
        RunNotFound, RunDamaged: it is no whole run.
        RunRefused: it does not pass the gate; says whether a reason would help.
        StorageFailed: it could not be written; the old run stays.
    """
    with one_at_a_time():
        run = store.open_run(run_id)
        before = store.production_id(run.kind)
        gate.check(run, before, reason)
        _switch(Promotion(_now(), before, run_id, by, reason, run.kind, undoes=False))
    return run


def promote_if_first(run: Run) -> str:
    """Puts a run into production where none of its kind is; why that was refused, or nothing.

    Raises:
        StorageFailed: it could not be written.
    """
    if store.production_id(run.kind) is None:
        try:
            promote(run.id, by="the first run")
        except RunError as error:
            return str(error)
    return ""


def roll_back(by: str) -> Promotion:
    """Undoes the last promotion, of whichever kind; what it wrote into the log.

    Raises:
        RunNotFound: there is none to undo, or none was in production before it.
        RunDamaged, RunRefused: the run before it cannot answer.
        StorageFailed: it could not be written; nothing was changed.
    """
    with one_at_a_time():
        last = last_promotion()
        if last is None:
            raise RunNotFound("There is no earlier run in production to roll back to.")
        if last.before is None:
            raise RunNotFound(
                f"The last promotion, of run {last.after}, was the first of its kind "
                f"({last.kind}); there is no earlier run to roll back to."
            )
        gate.check(store.open_run(last.before), None)
        entry = Promotion(
            *(_now(), store.production_id(last.kind), last.before, by, ROLL_BACK, last.kind),
            undoes=True,
        )
        _switch(entry)
    return entry


def last_promotion() -> Promotion | None:
    """Which one a roll back would undo."""
    undone: list[tuple[str, str | None]] = []
    for promotion in reversed(promotions()):
        key = (promotion.kind, promotion.after)
        if promotion.rolled_back:
            undone.append((promotion.kind, promotion.before))
        elif key in undone:
            undone.remove(key)
        else:
            return promotion
    return None


def promotions() -> list[Promotion]:
    """The log, oldest first; lines that cannot be read are passed over."""
    entries = _logged()
    return [*entries, *_not_yet_logged(entries)]


def _logged() -> list[Promotion]:
    try:
        lines = _log().read_bytes().splitlines()
    except OSError:
        return []
    return [entry for line in lines if (entry := _promotion(line))]


def _not_yet_logged(entries: list[Promotion]) -> list[Promotion]:
    """The promotion that made the pointer what it is, where the log lacks it."""
    content = store.pointers().get("promotion")
    last = _promotion(json.dumps(content)) if content else None
    return [last] if last and last not in entries[-1:] else []


def summaries(first: int = 0, count: int | None = None) -> list[dict[str, Any]]:
    """What the list of runs says of each, the newest first; of a damaged one what is wrong."""
    entries = list(store.list_all().items())[first : None if count is None else first + count]
    return [
        {"run": run_id, "production": store.in_production(run_id), **_summary(run)}
        for run_id, run in entries
    ]


def _summary(run: Run | RunDamaged) -> dict[str, Any]:
    if isinstance(run, RunDamaged):
        return {"damaged": str(run)}
    summary: dict[str, Any] = {"name": name_of(run)}
    try:
        scores = run.evaluation["datasets"]
        return summary | {"accuracy": {name: s["accuracy"] for name, s in scores.items()}}
    except (RunError, KeyError, TypeError) as error:
        return summary | {"damaged": str(error)}


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


def _switch(entry: Promotion) -> None:
    if pending := _not_yet_logged(_logged()):
        _log_promotions(pending)
    pointers = {**store.pointers(), store.POINTERS[entry.kind]: entry.after}
    pointers["promotion"] = asdict(entry)
    write_atomically(store.pointers_path(), (json.dumps(pointers) + "\n").encode())
    with contextlib.suppress(StorageFailed):  # the pointer knows it
        _log_promotions([entry])


def _log_promotions(entries: list[Promotion]) -> None:
    append_lines(_log(), [json.dumps(asdict(entry)) for entry in entries])


def _promotion(line: bytes | str) -> Promotion | None:
    """What a line of the log says, or nothing where it cannot be read."""
    try:
        entry = Promotion(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    words = (entry.when, entry.after, entry.by, entry.reason, entry.kind, entry.before or "")
    known = all(isinstance(word, str) for word in words) and entry.kind in store.POINTERS
    return entry if known and entry.undoes in (None, True, False) else None


def _log() -> Path:
    return artifacts_folder() / "promotions.jsonl"
