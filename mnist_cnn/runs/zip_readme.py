"""The README inside a run's ZIP: what each file is, and how to use it elsewhere."""

from collections.abc import Sequence

from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.runs import notes
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import VERSION

FILES = {
    "model.keras": "the network, for Keras 3: to train on or to look into",
    "model.tflite": "the same for LiteRT, which predicts in Digits",
    "model-int8.tflite": "the same with a byte a weight: faster, hardly other answers",
    "model.onnx": "the same for ONNX Runtime and whatever else reads ONNX",
    "MODEL_CARD.md": "what it reads, how well, and what it must not be used for",
    "report.html": "scores, curves and settings on one page",
    "calibration.json": "temperature and thresholds, which turn logits into verdicts",
    "config.json": "recipe, command, data with checksums, versions, commit",
    "evaluation.json": "scores on every test set",
    "predictions.npz": "logits and labels of every test set",
    "history.csv": "a row per epoch",
    "curve.csv": "a row per two-hundredth of the training",
    "confusion.json": "the validation digits' confusion matrix, per epoch",
    "snapshots.npz": "small copies of the network from while it learned, a byte a weight",
    "notes.json": "name, note and tags, as people wrote them",
    "run.json": "the manifest, with the SHA-256 of each of the run's files",
}

CHANNELS = {
    "digits": "one channel",
    "symbols": "three channels: the symbol by itself, where it stands on its line, and what else "
    "stands there. The code makes them of symbols alone: half as large on a line with nothing else",
}

PREPARED = {
    "digits": """x = images[..., None].astype("float32") / 255
""",
    "symbols": """import numpy as np

x = np.zeros((len(images), 28, 28, 3), "float32")
x[..., 0] = images
x[:, 7:21, 7:21, 1] = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
x /= 255
""",
}
"""Code that makes of uint8 (n, 28, 28) what a network takes."""

ONNX = """
import onnxruntime
logits = onnxruntime.InferenceSession("model.onnx").run(["logits"], {"image": x})[0]
"""


TAKE_IT_BACK = """## Take it back

```sh
python -m mnist_cnn runs import RUN.zip
python -m mnist_cnn promote RUN
```"""

IMAGES = """`images` are `uint8 (n, 28, 28)`: white ink on black, cropped to the ink, its longer
side 20 pixels, the centre of mass in the middle, as in MNIST. The network takes them as `float32`
from 0 to 1"""

KERAS_AND_LITERT = """
import keras
logits = keras.models.load_model("model.keras", compile=False).predict(x)

from ai_edge_litert.interpreter import Interpreter
litert = Interpreter("model.tflite")
litert.resize_tensor_input(litert.get_input_details()[0]["index"], x.shape)
litert.allocate_tensors()
litert.set_tensor(litert.get_input_details()[0]["index"], x)
litert.invoke()
logits = litert.get_tensor(litert.get_output_details()[0]["index"])
"""

VERDICTS = """`calibration.json` turns logits into verdicts: divide them by `temperature` and
take the softmax; the greatest probability is the confidence, and below `min_confidence` the answer
is “unsure”. Where the log-sum-exp of the logits as they are lies below `min_evidence`, the image
shows no digit. Where the greatest probability without `temperature` is below 0.99, Digits looks
four more times, the image moved by a pixel to each side, and takes the mean of the five logits
(test-time augmentation): without that, some doubtful answers differ from those of Digits."""


def readme(run: Run, names: Sequence[str], onnx_difference: float, why_no_onnx: str) -> str:
    """In Markdown.

    Args:
        names: the files beside it.
        onnx_difference: the greatest of a probability by ONNX from Keras'.
        why_no_onnx: what to say where no `model.onnx` is among them.
    """
    files = "\n".join(f"| `{name}` | {words} |" for name, words in FILES.items() if name in names)
    classes = "the digits 0 to 9" if run.kind == "digits" else f"`{SYMBOLS}` in this order"
    code = PREPARED[run.kind] + KERAS_AND_LITERT
    litert = run.evaluation.get("keras_litert_difference", float("nan"))
    onnx = f"There is no `model.onnx`: {why_no_onnx}."
    if "model.onnx" in names:
        code += ONNX
        onnx = (
            "`model.onnx` was compared with Keras when it was made: no probability of 60 plainly "
            f"written digits differs by more than {onnx_difference:.1g}."
        )
    sections = [
        f"# {notes.name_of(run)}, run {run.id}",
        f"A network that reads handwritten {run.kind}, exported by Digits {VERSION}.",
        f"| file | what it is |\n|---|---|\n{files}",
        f"{onnx} By LiteRT none differs by more than {litert:.1g} on the test sets.",
        TAKE_IT_BACK.replace("RUN", run.id),
        "## Use it without Digits",
        f"{IMAGES} with {CHANNELS[run.kind]}. It answers logits, whose classes are {classes}.",
        f"```python\n{code}```",
        VERDICTS,
    ]
    return "\n\n".join(sections) + "\n"
