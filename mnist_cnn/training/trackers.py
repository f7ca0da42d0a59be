"""What a training tells trackers of experiments, where it is asked to.

A thread follows the files that the run writes anyway, so that a tracker which is slow or gone
holds nothing up: it costs a sentence, and the run is saved all the same.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from mnist_cnn.errors import BadInput
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs import store
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import artifacts_folder, tracking_server
from mnist_cnn.training import progress_files
from mnist_cnn.training.tracked import Tracked, Tracker, matrix_picture, parameters

PACKAGES = {"mlflow": "mlflow", "tensorboard": "tensorboard"}
"""The trackers that are known, and the package that each needs."""

NONE = "none"

EVERY = 2.0
"""Seconds between two looks at the run's files."""

ANSWER_SECONDS = 3.0
"""How long a server may take to say that it is there."""

LAST_SECONDS = 60.0
"""How long the last of it, the model among it, may take once the run is saved."""

Say = Callable[[str], None]


def available() -> list[str]:
    """The trackers that a training here can be told to: installed, and with a server to go to."""
    installed = [name for name, package in PACKAGES.items() if find_spec(package) is not None]
    return [name for name in installed if name != "mlflow" or tracking_server()]


def chosen(option: str | None, say: Say) -> list[str]:
    """The trackers of `--log-to`, joined by commas; without one, MLflow where
    `MLFLOW_TRACKING_URI` is set.

    Raises:
        BadInput: one is not known, not installed, or has no server to go to.
    """
    asked = option if option is not None else "mlflow" if tracking_server() else NONE
    names = [name for name in asked.split(",") if name and name != NONE]
    for name in names:
        if name not in PACKAGES:
            known = ", ".join([*PACKAGES, NONE])
            raise BadInput(f"--log-to knows {known}, joined by commas; got {name[:40]!r}.")
        if find_spec(PACKAGES[name]) is None:
            how = f"{name} is not installed: `pip install -r requirements-tracking.txt` brings it."
            if option is None:
                say(f"MLFLOW_TRACKING_URI is set, but {how} Training goes on without it.")
                return []
            raise BadInput(f"--log-to {name}: {how}")
        if name == "mlflow" and not tracking_server():
            raise BadInput(
                "--log-to mlflow needs the server's address: please set MLFLOW_TRACKING_URI, for "
                "example to http://127.0.0.1:5000."
            )
    return list(dict.fromkeys(names))


@contextlib.contextmanager
def told(names: Sequence[str], recipe: Recipe, run_id: str, name: str, say: Say) -> Iterator[Say]:
    """Tells these trackers of the training within, and how it ended.

    Args:
        say: is given a sentence for each tracker that fails.
    """
    follower = _Follower(Tracked(run_id, name, parameters(recipe)), say)
    for tracker in names:
        follower.add(tracker)
    follower.start()
    try:
        yield say
    except KeyboardInterrupt:
        follower.end(None, stopped=True)
        raise
    except BaseException:
        follower.end(None, stopped=False)
        raise
    follower.end(store.open_run(run_id), stopped=False)


def tensorboard_folder() -> str:
    """Where TensorBoard's files go, a folder for each run."""
    return str(artifacts_folder() / "tensorboard")


def _tracker(name: str) -> Tracker:
    if name == "mlflow":
        from mnist_cnn.training.mlflow_tracker import MlflowTracker

        return MlflowTracker(tracking_server())
    from mnist_cnn.training.tensorboard_tracker import TensorboardTracker

    return TensorboardTracker(tensorboard_folder())


def _silent(name: str) -> str:
    """That a server does not answer, and why, or nothing; names host and port alone, since a
    password may stand before them."""
    if name != "mlflow" or not tracking_server().startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(tracking_server())
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        if not host:
            raise ValueError("it names no host")
    except ValueError:
        return "MLFLOW_TRACKING_URI is no address like http://127.0.0.1:5000"
    try:
        with socket.create_connection((host, port), ANSWER_SECONDS):
            return ""
    except (OSError, ValueError) as error:
        return f"{host}:{port} does not answer ({error})"


@dataclass
class _Follower:
    """The thread, and those that it still tells."""

    tracked: Tracked
    say: Say
    trackers: dict[str, Tracker] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names: list[str] = []
        self._told = 0
        self._over = threading.Event()
        self._how: tuple[Run | None, bool] = (None, False)
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def add(self, name: str) -> None:
        if why := _silent(name):
            self._give_up(name, why)
        else:
            self._names.append(name)

    def start(self) -> None:
        if self._names:
            self._thread.start()

    def end(self, run: Run | None, stopped: bool) -> None:
        """Has what is left told, for so long."""
        self._how = run, stopped
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(LAST_SECONDS)
        if self._thread.is_alive():
            slow = " and ".join(self.trackers or self._names)
            self.say(f"{slow} took too long; not all of it was logged.")

    def _follow(self) -> None:
        for name in self._names:
            self._try(name, partial(self._begin, name))
        while not self._over.wait(EVERY) and self.trackers:
            self._tell_epochs()
        self._tell_epochs()
        self._each("end", *self._how)

    def _begin(self, name: str) -> None:
        tracker = _tracker(name)
        tracker.begin(self.tracked)
        self.trackers[name] = tracker

    def _tell_epochs(self) -> None:
        rows = progress_files.history(self.tracked.run_id).to_dict("records")
        matrices = progress_files.validation_matrices(self.tracked.run_id)
        for row, matrix in list(zip(rows, matrices, strict=False))[self._told :]:
            self._told += 1
            numbers = {str(key): float(value) for key, value in row.items() if key != "epoch"}
            self._each("epoch", self._told, numbers, matrix_picture(matrix))

    def _each(self, what: str, *news: Any) -> None:
        for name, tracker in list(self.trackers.items()):
            self._try(name, partial(getattr(tracker, what), *news))

    def _try(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # whatever the library and its server came to
            self.trackers.pop(name, None)
            lines = str(error).strip().splitlines() or [type(error).__name__]
            self._give_up(name, lines[0][:200])

    def _give_up(self, name: str, why: str) -> None:
        why = re.sub(r"://\S*@", "://", why)  # without the password
        self.say(f"Training goes on without {name}: {why}.")
