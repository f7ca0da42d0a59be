"""From (28, 28) images to calibrated verdicts, by LiteRT."""

from dataclasses import dataclass
from queue import LifoQueue

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_cnn.errors import RunDamaged
from mnist_cnn.metrics import softmax
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classes import CLASSES
from mnist_cnn.models.surroundings import with_channels
from mnist_cnn.native_output import native_output_hidden
from mnist_cnn.records import BLANK, FloatArray, Prediction

INT8 = "model-int8.tflite"
"""A copy of the network with one byte a weight, where a run has one: for reading many at once."""

THREADS = 2
"""Those that may read with one classifier at a time; others wait."""

AT_ONCE = 64
"""Images that an interpreter is given at once: it keeps the memory that its largest batch took, and
larger ones are no faster."""

TTA_BELOW = 0.99
"""Test-time augmentation: where the raw softmax reaches less, an image is looked at again."""

TTA_SHIFTS = ((0, 1), (2, 1), (1, 0), (1, 2))
"""How it is moved for that, by a pixel each way: corners in a frame that is two pixels larger."""


class _Engine:
    """One LiteRT interpreter, for one thread at a time."""

    def __init__(self, model: bytes) -> None:
        with native_output_hidden():
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        given = self._interpreter.get_input_details()[0]
        self._input, self._channels = given["index"], int(given["shape"][-1])
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self.classes = int(output["shape_signature"][-1])
        self._batch = 1

    def logits(self, images: FloatArray) -> FloatArray:
        shown = with_channels(images, self._channels)
        if len(shown) <= AT_ONCE:
            return self._invoke(shown)
        parts = np.array_split(shown, -(-len(shown) // AT_ONCE))
        return np.concatenate([self._invoke(part) for part in parts])

    def _invoke(self, shown: FloatArray) -> FloatArray:
        if len(shown) != self._batch:
            self._interpreter.resize_tensor_input(self._input, shown.shape)
            self._interpreter.allocate_tensors()
            self._batch = len(shown)
        self._interpreter.set_tensor(self._input, shown.astype(np.float32))
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
        self.raw_logits(np.zeros((1, 28, 28), np.float32))

    def compute_logits(self, images: FloatArray) -> FloatArray:
        """(n, 10) for float32 (n, 28, 28) in [0, 1].

        Where the network is unsure it looks four more times, the image moved by a pixel, and the
        mean of the five counts: test-time augmentation.
        """
        logits = self.raw_logits(images)
        unsure = np.flatnonzero(softmax(logits).max(axis=1, initial=0.0) < TTA_BELOW)
        if len(unsure):
            framed = np.pad(images[unsure], ((0, 0), (1, 1), (1, 1), (0, 0))[: images.ndim])
            moved = [framed[:, y : y + 28, x : x + 28] for y, x in TTA_SHIFTS]
            again = self.raw_logits(np.concatenate(moved)).reshape(len(TTA_SHIFTS), len(unsure), -1)
            logits[unsure] = (logits[unsure] + again.sum(axis=0)) / (1 + len(TTA_SHIFTS))
        return logits

    def raw_logits(self, images: FloatArray) -> FloatArray:
        """(n, 10): what the network itself answers to float32 (n, 28, 28) in [0, 1]; symbols may
        come with what stands around them, (n, 28, 28, 3)."""
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

    def predict_many(self, images: FloatArray, batch_size: int = 64) -> list[Prediction]:
        """Verdicts on normalized images, (n, 28, 28) in [0, 1], in their order."""
        predictions: list[Prediction] = []
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            inked = np.asarray(batch.any(axis=(1, 2))).tolist()
            verdicts = iter(self.compute_logits(batch))
            predictions += [
                self.calibration.verdict(logits) if has_ink else BLANK
                for logits, has_ink in zip(verdicts, inked, strict=True)
            ]
        return predictions


@dataclass(frozen=True)
class LineNetworks:
    """Who reads the groups: a network that knows all symbols, and for those that it takes for
    digits a second opinion from one that knows digits only, and better."""

    symbols: Classifier
    digits: Classifier
