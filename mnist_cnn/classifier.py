"""From (28, 28) images to calibrated verdicts, by LiteRT."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import LifoQueue
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_cnn.errors import RunDamaged
from mnist_cnn.images import normalize, normalize_strokes, read_image, symbols_side_by_side
from mnist_cnn.metrics import log_sum_exp, softmax
from mnist_cnn.quiet import native_output_hidden
from mnist_cnn.records import BLANK, CLASSES, FloatArray, Prediction, Reading, Status, Stroke
from mnist_cnn.runs import Run
from mnist_cnn.strokes import rasterize

INT8 = "model-int8.tflite"
"""A copy of the network with one byte a weight, where a run has one: for reading many at once."""
HAIRLINE = 0.02
"""A pen too thin to close the gap between two symbols."""
THREADS = 2
"""Those that may read with one classifier at a time; others wait."""
SURE_AT_ONCE = 0.99
"""Where the softmax of a first look reaches less, an image is looked at again."""
MOVES = ((0, 1), (2, 1), (1, 0), (1, 2))
"""How it is moved for that, by a pixel each way: corners in a frame that is two pixels larger."""


@dataclass(frozen=True)
class Calibration:
    """How logits become a verdict; every number is fitted on validation data.

    `temperature` divides the logits before the softmax. An image whose log-odds of being a digit
    lie below `least_evidence` is none; one whose confidence lies below `least_confidence` is
    unsure.
    """

    temperature: float = 1.0
    least_evidence: float = -1e9
    least_confidence: float = 0.0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)

    def verdict(self, logits: FloatArray) -> Prediction:
        """The prediction for ten logits."""
        probabilities = softmax(logits, self.temperature)
        evidence = float(log_sum_exp(logits))
        digit = int(probabilities.argmax())
        status: Status = "ok"
        if evidence < self.least_evidence:
            status = "not_a_digit"
        elif probabilities[digit] < self.least_confidence:
            status = "unsure"
        return Prediction(
            status,
            None if status == "not_a_digit" else digit,
            float(probabilities[digit]),
            tuple(probabilities.tolist()),
        )


class _Engine:
    """One LiteRT interpreter, for one thread at a time."""

    def __init__(self, model: bytes) -> None:
        with native_output_hidden():
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self.classes = int(output["shape_signature"][-1])
        self._batch = 1

    def logits(self, images: FloatArray) -> FloatArray:
        if len(images) != self._batch:
            self._interpreter.resize_tensor_input(self._input, [len(images), 28, 28, 1])
            self._interpreter.allocate_tensors()
            self._batch = len(images)
        self._interpreter.set_tensor(self._input, images[..., None].astype(np.float32))
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output))


class Classifier:
    """A network and its calibration, loaded once. Threads may share it; `THREADS` read at a time.

    Args:
        model: a LiteRT flat buffer from (n, 28, 28, 1) to (n, 10) logits, or those of more classes.

    Raises:
        RunDamaged: LiteRT cannot load it, or it has another number of outputs.
    """

    def __init__(
        self, model: bytes, calibration: Calibration, run_id: str = "", kind: str = "digits"
    ) -> None:
        self.calibration = calibration
        self.run_id = run_id
        self._model = model
        try:
            engine = _Engine(model)
        # LiteRT answers a broken flat buffer with any of these.
        except (ValueError, RuntimeError, IndexError) as error:
            raise RunDamaged(f"Run {run_id} is damaged: LiteRT cannot load its network.") from error
        self._classes = CLASSES.get(kind, 0)
        if engine.classes != self._classes:
            raise RunDamaged(
                f"Run {run_id} has {engine.classes} outputs; a reader of {kind} has "
                f"{self._classes}."
            )
        self._engines: LifoQueue[_Engine | None] = LifoQueue()
        for _ in range(THREADS - 1):
            self._engines.put(None)  # another one, made when threads come at once
        self._engines.put(engine)
        self.first_look(np.zeros((1, 28, 28), np.float32))

    def logits(self, images: FloatArray) -> FloatArray:
        """(n, 10) for float32 (n, 28, 28) in [0, 1].

        Images that a first look leaves unsure are read four more times, moved by a pixel; the mean
        of the five counts.
        """
        logits = self.first_look(images)
        unsure = np.flatnonzero(softmax(logits).max(axis=1, initial=0.0) < SURE_AT_ONCE)
        if len(unsure):
            framed = np.pad(images[unsure], ((0, 0), (1, 1), (1, 1)))
            moved = [framed[:, y : y + 28, x : x + 28] for y, x in MOVES]
            again = self.first_look(np.concatenate(moved)).reshape(len(MOVES), len(unsure), -1)
            logits[unsure] = (logits[unsure] + again.sum(axis=0)) / (1 + len(MOVES))
        return logits

    def first_look(self, images: FloatArray) -> FloatArray:
        """(n, 10): what the network itself answers to float32 (n, 28, 28) in [0, 1]."""
        if len(images) == 0:
            return np.zeros((0, self._classes), np.float32)
        engine = self._engines.get()
        try:
            engine = engine or _Engine(self._model)
            return engine.logits(images)
        finally:
            self._engines.put(engine)

    def predict(self, image: FloatArray) -> Prediction:
        """The verdict on one normalized image, (28, 28) in [0, 1]."""
        return self.predict_many(image[None])[0]

    def read(self, source: bytes | Path | Sequence[Stroke]) -> Reading:
        """The verdict on an image file, its content, or pen strokes.

        Several symbols side by side are not one digit, whatever the network makes of them.

        Raises:
            BadImage: the file is no image that can be read.
        """
        began = time.perf_counter()
        if isinstance(source, bytes | Path):
            ink = read_image(source)
            image, symbols = normalize(ink), symbols_side_by_side(ink)
        else:
            image = normalize_strokes(source)
            symbols = symbols_side_by_side(rasterize(source, HAIRLINE)) if len(source) > 1 else 1
        prediction = self.predict(image)
        if symbols > 1:
            prediction = replace(prediction, status="not_a_digit", digit=None, symbols=symbols)
        return Reading(prediction, image, self.run_id, time.perf_counter() - began)

    def predict_many(self, images: FloatArray, batch_size: int = 64) -> list[Prediction]:
        """Verdicts on normalized images, (n, 28, 28) in [0, 1], in their order."""
        predictions: list[Prediction] = []
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            inked = np.asarray(batch.any(axis=(1, 2))).tolist()
            verdicts = iter(self.logits(batch))
            predictions += [
                self.calibration.verdict(logits) if has_ink else BLANK
                for logits, has_ink in zip(verdicts, inked, strict=True)
            ]
        return predictions


def load_classifier(run: Run, int8: bool = False) -> Classifier:
    """The classifier of a whole run; with `int8` its rounded copy, where it has one.

    Raises:
        RunDamaged: the run's network or calibration cannot be used.
    """
    calibration = calibration_of(run.calibration, run.id)
    name = INT8 if int8 and INT8 in run.manifest["sha256"] else "model.tflite"
    return Classifier(run.read(name), calibration, run.id, run.kind)


def calibration_of(values: dict[str, Any], run_id: str) -> Calibration:
    """What a run's `calibration.json` says.

    Raises:
        RunDamaged: it lacks something.
    """
    try:
        return Calibration(
            float(values["temperature"]),
            float(values["least_evidence"]),
            float(values["least_confidence"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunDamaged(f"Run {run_id} is damaged: calibration.json lacks {error}.") from error
