"""Your own Keras network as a run, made by a process that may do little.

It gets the file's content, which was read once: what is checked is what is loaded. It has no
network, an environment that tells it where data and artifacts lie and no more, and so much memory
and time, so that a file made to harm ends with it.
"""

import json
import subprocess
import sys
from pathlib import Path

from mnist_cnn.errors import BadNetwork, DigitsError
from mnist_cnn.models.tensorflow_loader import load_tensorflow
from mnist_cnn.native_output import native_output_hidden
from mnist_cnn.runs import run_zips
from mnist_cnn.runs.new_run import NewRun, discard, new_id
from mnist_cnn.runs.store import new_folder
from mnist_cnn.settings import PROJECT_FOLDER, confined_environment
from mnist_cnn.storage import scratch_folder
from mnist_cnn.training import jobs, process_limits
from mnist_cnn.training.model_files import MAX_PARAMETERS, check_file, read_file

SECONDS = 300

MEMORY_MB = 900
"""What the process may ask for beside what mirrors files; a usual network makes it ask for 750,
most of it TensorFlow's own, of which it uses 430."""


def import_network(path: Path, name: str = "") -> str:
    """Makes a run of a Keras file, or takes in the ZIP of an exported run; the run's id.

    The network takes pictures of 28 × 28 in any usual shape and scale, and gives ten logits or
    probabilities; what it needs before and behind it is put there.

    Raises:
        BadNetwork: it is refused; says why.
    """
    return _by_a_child(read_file(path), path, name)


def import_run(path: Path) -> str:
    """Takes in the ZIP of an exported run; the run's id.

    Raises:
        BadNetwork: it is refused; says why.
    """
    content = read_file(path)
    if not run_zips.is_run_zip(content):
        raise BadNetwork(
            f"{path} is no exported run, as `python -m mnist_cnn runs export` and Download on "
            "Training runs write them; a network of your own goes in by `import`."
        )
    return _by_a_child(content, path)


def _by_a_child(content: bytes, path: Path, name: str = "") -> str:
    made = run_zips.id_in(content) or new_id()
    if new_folder(made).exists():
        made = ""  # it is another's
    command = [sys.executable, "-m", "mnist_cnn.training.importing", str(path), name, made]
    try:
        with scratch_folder() as home:
            child = subprocess.run(
                command, cwd=PROJECT_FOLDER, input=content, capture_output=True,
                timeout=SECONDS, check=False, env=confined_environment(home),
            )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        _discard(made)
        raise BadNetwork(f"{path} was given up after {SECONDS} seconds.") from error
    except OSError as error:
        raise BadNetwork(
            f"{path} could not be tried: no process could be started ({error.strerror})."
        ) from error
    try:
        answer = json.loads(child.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        _discard(made)
        raise BadNetwork(
            f"{path} could not be loaded within {MEMORY_MB:,} MB of memory, or brought its "
            f"process down (exit status {child.returncode})."
        ) from error
    if "error" in answer:
        raise BadNetwork(answer["error"])
    return str(answer["run"])


def _discard(run_id: str) -> None:
    """What a child that was killed has left of the run it was making, unless a training of that
    id has begun."""
    job = jobs.find(run_id)
    if run_id and not (job and job.state == "running"):
        discard(run_id)


def _in_the_child(path: str, name: str, run_id: str) -> None:
    """Loads and saves the network; prints the run or what is wrong as a line of JSON."""
    process_limits.first_to_die()
    process_limits.limit(MEMORY_MB, SECONDS)
    process_limits.shut_off_network()
    try:
        answer = {"run": _checked_and_saved(sys.stdin.buffer.read(), path, name, run_id)}
    except DigitsError as error:
        told = str(error)
        answer = {"error": told if told.startswith(path) else f"{path} is refused: {told}"}
    print(json.dumps(answer))


def _checked_and_saved(content: bytes, path: str, name: str, run_id: str) -> str:
    is_run = run_zips.is_run_zip(content)
    if is_run:
        run_zips.unpacked(content)
    else:
        check_file(content, path)
    load_tensorflow(sparing=True)
    with native_output_hidden():
        from mnist_cnn.models import untrusted
        from mnist_cnn.training import older_files, run_import, saving
    if is_run:
        return run_import.saved(content, name)
    with scratch_folder() as folder:
        copy = older_files.modern_copy(content, folder)
        model = untrusted.load_untrusted(copy, MAX_PARAMETERS)
    return saving.save_imported(model, NewRun(run_id, name=name or Path(path).stem)).id


if __name__ == "__main__":
    _in_the_child(*sys.argv[1:4])
