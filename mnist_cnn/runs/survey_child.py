"""What a run makes of a test set, found out by a process of its own: it takes a while, and
libraries that no server needs afterwards."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import BadNetwork, DigitsError
from mnist_cnn.evaluation import inside, neighbours, survey
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.runs import store, surveys
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import PROJECT_FOLDER, child_environment
from mnist_cnn.storage import scratch_folder

SURVEYED = 0.8
"""The share of the whole that is done when the digits were looked at, and have no places yet."""


def found_by_a_child(run: Run, name: str, progress: Callable[[float], None]) -> bytes:
    """A survey as it is kept. `progress` is told the share that is done.

    Raises:
        BadNetwork: the network cannot be looked into, or the process did not get to the end.
    """
    with scratch_folder() as folder:
        target = folder / "survey.npz"
        command = [sys.executable, "-m", __name__, run.id, name, str(target)]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(
            command,
            cwd=PROJECT_FOLDER,
            env=child_environment(),
            stdout=pipe,
            stderr=nowhere,
            text=True,
        ) as child:
            assert child.stdout
            for line in child.stdout:
                told = json.loads(line)
                if "trouble" in told:
                    raise BadNetwork(told["trouble"])
                progress(told["share"])
        if child.returncode:
            raise BadNetwork(
                "The process that looked at the test digits was ended before it was through "
                f"(code {child.returncode}); with more free memory it may go well."
            )
        return target.read_bytes()


def _in_the_child(run_id: str, name: str, target: Path) -> None:
    """Tells how far it is, line by line, and what went wrong."""
    if hasattr(os, "nice"):
        os.nice(5)  # who draws meanwhile comes first
    try:
        network = NumpyNetwork.read(store.open_run(run_id).read("model.keras"))
        digits = labelled_sets.load(name)
        if not digits:
            raise BadNetwork(f"There are no digits {name} on this machine any more.")
        layers = inside.layers_of(network)
        found = survey.survey(network, layers, digits.images, lambda s: _tell(share=SURVEYED * s))
        target.write_bytes(surveys.packed(found, neighbours.lay_out(found.features)))
    except DigitsError as error:
        _tell(trouble=str(error))
    except Exception as error:  # networks come from anywhere
        _tell(trouble=f"The test digits could not be looked at: {error!r}")


def _tell(**told: float | str) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    _in_the_child(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
