"""Trainings that are killed, each at its next moment. `python -m tests.support.killed_trainings`
prints as JSON, a line for each moment, what is left in the artifacts.

TensorFlow is loaded once, and each training is a fork of that."""

import json
import os
from typing import get_args

from mnist_cnn.cli.main import main as command_line
from mnist_cnn.models.tensorflow_loader import load_tensorflow
from mnist_cnn.native_output import native_output_hidden
from mnist_cnn.runs import store
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.training import jobs
from mnist_cnn.training.fault_hook import Moment
from tests.support.commands import TRAIN


def killed(moment: str) -> int:
    """How a training that is killed at a moment ends; less than 0 for a signal."""
    child = os.fork()
    if child == 0:
        os.environ["FAULT_AT"] = moment
        os._exit(command_line([*TRAIN, "--pools", "scanned=200"]))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def left() -> dict[str, object]:
    job = jobs.latest()
    return {
        "state": job.state if job else None,
        "reason": job.reason if job else None,
        "runs": [path.name for path in store.run_folders()],
        "production": store.production_id(),
        "running": jobs.running() is not None,
        "temporary": len(list(artifacts_folder().rglob(".tmp-*"))),
    }


def main() -> None:
    with native_output_hidden():
        load_tensorflow()
        from mnist_cnn.training import loop  # noqa: F401
    for moment in get_args(Moment):
        ended = killed(moment)
        print(json.dumps({"moment": moment, "ended": ended, **left()}), flush=True)


if __name__ == "__main__":
    main()
