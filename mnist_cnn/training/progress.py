"""What a run in the making tells the world: files in its folder, and whoever listens.

progress.json    where it is, every second, also while nothing happens: a heartbeat
curve.csv        a row per two-hundredth of the run
history.csv      a row per epoch
confusion.json   per epoch the confusion matrix of the validation digits
"""

import csv
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.storage import append_line_quickly, write_json_quickly

POINTS = 200
"""How many rows `curve.csv` has at the end."""

BEAT = 1.0
"""Seconds between two heartbeats."""


@dataclass(frozen=True)
class TrainingProgress:
    """Where a run is. `share` is of the training; the seconds count from the first batch on."""

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
        self._told = 0.0
        self._closed = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def __enter__(self) -> "ProgressWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._heart.join()

    def phase(self, name: str, share: float | None = None) -> None:
        """What is done before and after the training itself."""
        share = self.progress.share if share is None else share
        self._show(replace(self.progress, phase=name, share=share, seconds_left=None))

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
        self.progress = replace(progress, peak_memory_mb=peak_memory_mb())
        self._tell(self.progress)

    def _beat(self) -> None:
        while True:
            path = self._run.folder / "progress.json"
            heartbeat = {"pid": os.getpid(), "updated": time.time(), **asdict(self.progress)}
            write_json_quickly(path, heartbeat)
            if self._closed.wait(BEAT):
                return


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
