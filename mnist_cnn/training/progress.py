"""What a run in the making tells the world: files in its folder, and whoever listens.

progress.json    where it is, every second, also while nothing happens: a heartbeat
curve.csv        a row per two-hundredth of the run
history.csv      a row per epoch
confusion.json   per epoch the confusion matrix of the validation digits
validation_errors.json    a few validation digits that are still misread, while it learns
"""

import base64
import csv
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import ClassLabels
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.storage import append_line_quickly, write_json_quickly

SHOWN_ERRORS = 12
"""How many misread validation digits are shown."""

POINTS = 200
"""How many rows `curve.csv` has at the end."""

BEAT = 1.0
"""Seconds between two heartbeats."""


@dataclass(frozen=True)
class TrainingProgress:
    """Where a run is. `share` is of the training, or of a download; `seconds` count from the first
    batch on, `phase_seconds` are those of each phase so far."""

    phase: str = "starting"
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    share: float = 0.0
    seconds: float = 0.0
    seconds_left: float | None = None
    images_per_second: float | None = None
    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    learning_rate: float | None = None
    peak_memory_mb: int | None = None
    phase_seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> "TrainingProgress":
        """What a progress file says, as far as that is of the kinds that it is to be of."""
        names = {own.name for own in fields(cls)}
        return cls(
            **{key: value for key, value in known.items() if key in names and _fits(key, value)}
        )


def _fits(name: str, value: object) -> bool:
    if name == "phase":
        return isinstance(value, str)
    if name == "phase_seconds":
        return isinstance(value, dict) and all(_fits("", own) for own in value.values())
    return isinstance(value, int | float) and abs(value) < 1e15


ProgressListener = Callable[[TrainingProgress], None]


class ProgressWriter:
    """Keeps a run's files while it learns. To be closed, or used in a `with`."""

    def __init__(
        self, new_run: NewRun, epochs: int, tell: ProgressListener = lambda progress: None
    ) -> None:
        self._run, self._tell = new_run, tell
        self.progress = TrainingProgress(epochs=epochs)
        self._epochs: list[dict[str, float]] = []
        self._matrices: list[list[list[int]]] = []
        self._begun: float | None = None
        self._points = 0
        self._told, self._ticked = 0.0, time.monotonic()
        self._phase_seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    @property
    def folder(self) -> Path:
        """The run's, where others may put what they tell of it."""
        return self._run.folder

    def __enter__(self) -> "ProgressWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._heart.join()
        self._write_heartbeat()  # with the time that every phase took, for `finish`

    def phase(self, name: str, share: float | None = None) -> None:
        """What is done before and after the training itself."""
        share = self.progress.share if share is None else share
        self._show(replace(self.progress, phase=name, share=share, seconds_left=None))

    def downloading(self, received: int, expected: int) -> None:
        """Bytes; 0 are expected where the server does not say."""
        self.phase("downloading", received / expected if expected else 0.0)

    def batch(self, epoch: int, batch: int, batches: int, batch_size: int, **facts: Any) -> None:
        """A batch was learned from; epoch and batch count from 0."""
        now = time.monotonic()
        self._begun = self._begun or now
        done = epoch * batches + batch + 1
        share = done / (self.progress.epochs * batches)
        if share * POINTS >= self._points + 1:
            self._points = int(share * POINTS)
            self._point(epoch + (batch + 1) / batches, facts)
        if now - self._told < BEAT / 2 and batch + 1 < batches:
            return
        seconds = now - self._begun
        self._show(
            replace(
                self.progress,
                phase="training",
                epoch=epoch + 1,
                batch=batch + 1,
                batches=batches,
                share=share,
                seconds=round(seconds, 1),
                seconds_left=round(seconds * (1 - share) / share, 1) if seconds > 1 else None,
                images_per_second=round(done * batch_size / seconds) if seconds > 1 else None,
                **facts,
            )
        )

    def epoch(self, row: dict[str, float], confusion: list[list[int]]) -> None:
        """An epoch is over: its row of the history, and the validation digits' matrix."""
        self._epochs.append({key: round(float(value), 6) for key, value in row.items()})
        self._matrices.append(confusion)
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self._epochs[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._epochs)
        self._run.write("history.csv", text.getvalue())
        self._run.write("confusion.json", json.dumps({"validation": self._matrices}))
        known: dict[str, Any] = {key: row[key] for key in asdict(self.progress) if key in row}
        self._show(replace(self.progress, **{**known, "epoch": self.progress.epoch}))

    def validation_errors(
        self, images: NDArray[np.uint8], labels: ClassLabels, predicted: ClassLabels
    ) -> None:
        """Shows the first few validation digits that are misread: images uint8 (n, 28, 28), what
        they are and what they were read as, (n,) each."""
        rows = np.flatnonzero(labels != predicted)[:SHOWN_ERRORS]
        errors = [
            {
                "image": base64.b64encode(images[row].tobytes()).decode(),
                "label": int(labels[row]),
                "predicted": int(predicted[row]),
            }
            for row in rows
        ]
        write_json_quickly(self._run.folder / "validation_errors.json", {"errors": errors})

    def _point(self, epoch: float, facts: dict[str, float]) -> None:
        path = self._run.folder / "curve.csv"
        names = ("loss", "accuracy", "learning_rate")
        if not path.exists():
            append_line_quickly(path, ",".join(("epoch", *names)))
        append_line_quickly(
            path, ",".join(f"{value:.6g}" for value in (epoch, *(facts[n] for n in names)))
        )

    def _show(self, progress: TrainingProgress) -> None:
        self._told = time.monotonic()
        self._tick()
        self.progress = replace(progress, peak_memory_mb=peak_memory_mb())
        self._tell(self.progress)

    def _tick(self) -> None:
        """Counts the time since the last tick to the phase that it was spent in."""
        with self._lock:
            now, phase = time.monotonic(), self.progress.phase
            spent = self._phase_seconds.get(phase, 0.0) + now - self._ticked
            self._phase_seconds[phase], self._ticked = spent, now

    def _beat(self) -> None:
        while True:
            self._write_heartbeat()
            if self._closed.wait(BEAT):
                return

    def _write_heartbeat(self) -> None:
        self._tick()
        seconds = {phase: round(spent, 1) for phase, spent in dict(self._phase_seconds).items()}
        progress = replace(self.progress, phase_seconds=seconds)
        heartbeat = {"pid": os.getpid(), "updated": time.time(), **asdict(progress)}
        write_json_quickly(self._run.folder / "progress.json", heartbeat)


class Stop:
    """How a run is asked to end early. Before it has learnt anything that is an interruption.

    What a signal's handler raises is lost where Python can raise nothing, in a finalizer or in a
    callback of native code, so an interruption is kept here too, for `check`.
    """

    def __init__(self) -> None:
        self.learning = self.asked = self.interrupted = False

    def ask(self) -> None:
        """Keeps what has been learnt, if anything has."""
        if not self.learning:
            self.interrupt()
        self.asked = True

    def interrupt(self) -> None:
        """Keeps nothing."""
        self.interrupted = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raises the interruption again that there has been."""
        if self.interrupted:
            raise KeyboardInterrupt


def peak_memory_mb() -> int | None:
    """The most this process ever held, in 10⁶ bytes; None on Windows, which does not keep it."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 10**6
