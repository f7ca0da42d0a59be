"""Your own Keras network as a run: checked as a file, then loaded in a process with limits.

The process may take so much memory and time and no more, so that a file made to harm ends with it.
"""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from mnist_cnn.errors import BadNetwork, DigitsError
from mnist_cnn.models.tensorflow_loader import load_tensorflow
from mnist_cnn.native_output import native_output_hidden
from mnist_cnn.runs import run_zips
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.runs.run_zips import is_run_zip
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.storage import scratch_folder
from mnist_cnn.training.model_files import check_file

MAX_PARAMETERS = 5_000_000

SECONDS = 300

MEMORY_MB = 3000


def import_network(path: Path, name: str = "") -> str:
    """Makes a run of a Keras file, or takes in the ZIP of an exported run; the run's id.

    The network takes pictures of 28 × 28 in any usual shape and scale, and gives ten logits or
    probabilities; what it needs before and behind it is put there.

    Raises:
        BadNetwork: it is refused; says why.
    """
    if is_run_zip(path):
        run_zips.check_file(path)
    else:
        check_file(path)
    command = [
        sys.executable,
        "-m",
        "mnist_cnn.training.importing",
        str(path.resolve()),
        name,
    ]
    try:
        child = subprocess.run(
            command, cwd=PROJECT_FOLDER, capture_output=True, text=True, errors="replace",
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BadNetwork(f"{path} was given up after {SECONDS} seconds.") from error
    try:
        answer = json.loads(child.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise BadNetwork(
            f"{path} could not be loaded within {MEMORY_MB:,} MB of memory, or brought its "
            f"process down (exit status {child.returncode})."
        ) from error
    if "error" in answer:
        raise BadNetwork(f"{path} is refused: {answer['error']}")
    return str(answer["run"])


def import_run(path: Path) -> str:
    """Takes in the ZIP of an exported run; the run's id.

    Raises:
        BadNetwork: it is refused; says why.
    """
    if not is_run_zip(path):
        raise BadNetwork(
            f"{path} is no exported run, as `python -m mnist_cnn runs export` and Download on "
            "Training runs write them; a network of your own goes in by `import`."
        )
    return import_network(path)


def _in_the_child(path: Path, name: str) -> None:
    """Loads and saves the network; prints the run or what is wrong as a line of JSON."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MB * 2**20, MEMORY_MB * 2**20))
    load_tensorflow()
    with native_output_hidden():
        from mnist_cnn.models import untrusted
        from mnist_cnn.training import older_files, run_import, saving
    try:
        if is_run_zip(path):
            print(json.dumps({"run": run_import.saved(path.read_bytes(), name)}))
            return
        with scratch_folder() as folder:
            copy = older_files.modern_copy(path, folder)
            model = untrusted.load_untrusted(copy, MAX_PARAMETERS)
        answer = {"run": saving.save_imported(model, NewRun(name=name or path.stem)).id}
    except DigitsError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    _in_the_child(Path(sys.argv[1]), sys.argv[2])
