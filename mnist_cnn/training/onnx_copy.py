"""A run's network as ONNX, by Keras' own export, where it answers as the run does.

A process of its own converts and compares, so that no server loads TensorFlow for it.
"""

import json
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mnist_cnn.errors import StorageFailed
from mnist_cnn.models.tensorflow_loader import load_tensorflow
from mnist_cnn.native_output import native_output_hidden
from mnist_cnn.runs.run_zips import OnnxCopy
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.storage import scratch_folder

NEEDED = ("onnx", "onnxruntime", "tf2onnx")
"""The packages of requirements-onnx.txt."""

EXACTLY = 1e-5
"""The greatest difference of a probability from Keras' with which a network counts as the same."""

SECONDS = 300

KEPT = 4
"""Copies that are kept for who asks again."""

_one_at_a_time = threading.Lock()
_made: dict[str, OnnxCopy] = {}
"""The last copies by the SHA-256 of their Keras files."""


def onnx_copy(run: Run) -> OnnxCopy:
    """The network as ONNX; or why there is none. One is made at a time; others wait.

    Raises:
        RunDamaged: its Keras file is missing or changed.
    """
    content = run.read("model.keras")
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        return OnnxCopy(
            why=f"{' and '.join(missing)} were not installed where this was exported: "
            "`pip install -r requirements-onnx.txt`"
        )
    known = run.manifest["sha256"]["model.keras"]
    with _one_at_a_time:
        made = _made.pop(known, None) or _converted_by_a_child(content)
        if made.content:  # what failed may go well another time
            _made[known] = made
        while len(_made) > KEPT:
            del _made[next(iter(_made))]
    return made


def _converted_by_a_child(content: bytes) -> OnnxCopy:
    try:
        with scratch_folder() as folder:
            source, target = folder / "model.keras", folder / "model.onnx"
            source.write_bytes(content)
            command = [sys.executable, "-m", __name__, str(source), str(target)]
            child = subprocess.run(
                command, cwd=PROJECT_FOLDER, capture_output=True, timeout=SECONDS, check=True
            )
            difference = float(json.loads(child.stdout.splitlines()[-1])["difference"])
            made = target.read_bytes()
    except (
        *(subprocess.SubprocessError, OSError, StorageFailed),
        *(ValueError, KeyError, IndexError),
    ) as error:
        return OnnxCopy(why=f"it could not be converted here ({type(error).__name__})")
    if not difference <= EXACTLY:
        return OnnxCopy(why=f"a converted probability was off by {difference:.1g}")
    return OnnxCopy(made, difference)


def _in_the_child(source: Path, target: Path) -> None:
    """Converts a Keras file; prints how far its probabilities stray from Keras'."""
    load_tensorflow()
    with native_output_hidden():
        import keras

        model = keras.models.load_model(source, compile=False, safe_mode=True)
        difference = _converted(model, target)
    print(json.dumps({"difference": difference}))


def _converted(model: Any, target: Path) -> float:
    """Writes `target`, from `image` to `logits`; the greatest difference of a probability, on
    plainly written digits."""
    import numpy as np
    import onnx
    import onnxruntime

    from mnist_cnn.data.canary import canary
    from mnist_cnn.metrics import softmax
    from mnist_cnn.models.surroundings import with_channels

    images = with_channels(canary()[0], model.input_shape[-1])
    by_keras = np.asarray(model(images, training=False))
    model.export(target, format="onnx", verbose=False)
    network = onnx.load(target)
    _name_output(network)
    onnx.checker.check_model(network, full_check=True)
    onnx.save(network, target)
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    (by_onnx,) = session.run(["logits"], {session.get_inputs()[0].name: images})
    return float(np.abs(softmax(by_keras) - softmax(by_onnx)).max())


def _name_output(network: Any) -> None:
    """Calls what comes out `logits`, and how many images go in `n`."""
    (output,) = network.graph.output
    for node in network.graph.node:
        for number, name in enumerate(node.output):
            if name == output.name:
                node.output[number] = "logits"
    output.name = "logits"
    for value in (*network.graph.input, output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"


if __name__ == "__main__":
    _in_the_child(Path(sys.argv[1]), Path(sys.argv[2]))
