"""From (28, 28) images to calibrated verdicts, by LiteRT."""

from dataclasses import dataclass
from functools import cached_property
from queue import LifoQueue

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_cnn.errors import RunDamaged
from mnist_cnn.metrics import log_sum_exp, softmax
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classes import CLASSES
from mnist_cnn.models.first_branch import first_branch
from mnist_cnn.models.surroundings import with_channels
from mnist_cnn.native_output import native_output_hidden
from mnist_cnn.records import BLANK, FloatArray, Prediction

INT8 = "model-int8.tflite"
"""A copy of the network with one byte a weight, where a run has one: for reading many at once."""

THREADS = 2
"""Those that may read with one classifier at a time; others wait."""

AT_ONCE = 25
"""Images that an interpreter is given at once: what lies between the layers of more does not stay
in the cache, and it keeps the memory that its largest batch took."""

TTA_BELOW = 0.99
"""Test-time augmentation: where the raw softmax reaches less, an image is looked at again."""

TTA_SHIFTS = ((0, 1), (2, 1), (1, 0), (1, 2))
"""How it is moved for that, by a pixel each way: corners in a frame that is two pixels larger."""

FIRST_SURE, FIRST_EVIDENCE = 0.995, 1.5
"""In batches the first of several branches answers alone where its raw softmax reaches so much, and
its evidence of a digit is by so many nats more than a digit needs. Of 7,612 validation digits and
1,806 letters none is then read otherwise."""


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
        if len(shown) != self._batch:
            self._interpreter.resize_tensor_input(self._input, shown.shape)
            self._interpreter.allocate_tensors()
            self._batch = len(shown)
        self._interpreter.set_tensor(self._input, shown.astype(np.float32))
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output))


class _Network:
    """A LiteRT flat buffer that threads share; `THREADS` read at a time, others wait."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        engine = _Engine(model)
        self.classes = engine.classes
        self._engines: LifoQueue[_Engine | None] = LifoQueue()
        for _ in range(THREADS - 1):
            self._engines.put(None)  # another one, made when threads come at once
        self._engines.put(engine)

    def logits(self, images: FloatArray) -> FloatArray:
        if len(images) == 0:
            return np.zeros((0, self.classes), np.float32)
        engine = self._engines.get()
        try:
            engine = engine or _Engine(self.model)
            parts = [
                engine.logits(images[start : start + AT_ONCE])
                for start in range(0, len(images), AT_ONCE)
            ]
        finally:
            self._engines.put(engine)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class Classifier:
    """A network and its calibration, loaded once. Threads may share it; `THREADS` read at a time.

    Args:
        model: a LiteRT flat buffer from (n, 28, 28, 1) to (n, 10) logits, or those of more classes.
        branches: that its recipe gave it; of several the first may answer alone in batches.

    Raises:
        RunDamaged: LiteRT cannot load it, or it has another number of outputs.
    """

    def __init__(
        self,
        model: bytes,
        calibration: Calibration,
        run_id: str = "",
        kind: str = "digits",
        branches: int = 1,
    ) -> None:
        self.calibration = calibration
        self._branches = branches
        self.run_id = run_id
        try:
            self._network = _Network(model)
        # LiteRT answers a broken flat buffer with any of these.
        except (ValueError, RuntimeError, IndexError) as error:
            raise RunDamaged(f"Run {run_id} is damaged: LiteRT cannot load its network.") from error
        classes = CLASSES.get(kind, 0)
        if self._network.classes != classes:
            raise RunDamaged(
                f"Run {run_id} has {self._network.classes} outputs; a reader of {kind} has "
                f"{classes}."
            )
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
        return self._network.logits(images)

    def predict(self, image: FloatArray) -> Prediction:
        """The verdict on one normalized image, (28, 28) in [0, 1]."""
        return self.predict_many(image[None])[0]

    def predict_many(self, images: FloatArray, batch_size: int = 64) -> list[Prediction]:
        """Verdicts on normalized images, (n, 28, 28) in [0, 1], in their order."""
        predictions: list[Prediction] = []
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            predictions += self._verdicts(batch, self.compute_logits(batch))
        return predictions

    def predict_batch(self, images: FloatArray) -> list[Prediction]:
        """Verdicts on normalized images, (n, 28, 28) in [0, 1]: `predict_many` in nearly half of
        the time, where the network has several branches. Those after the first are only asked
        where that is not sure."""
        if self._first is None:
            return self.predict_many(images, len(images) or 1)
        logits = self._first.logits(images)
        sure = softmax(logits).max(axis=1, initial=0.0) >= FIRST_SURE
        sure &= log_sum_exp(logits) >= self.calibration.min_evidence + FIRST_EVIDENCE
        confidence = softmax(logits, self.calibration.temperature).max(axis=1, initial=0.0)
        sure &= confidence >= self.calibration.min_confidence
        logits[~sure] = self.compute_logits(images[~sure])
        return self._verdicts(images, logits)

    @cached_property
    def _first(self) -> _Network | None:
        """Loaded for the first batch: most programs read one image at a time."""
        model = first_branch(self._network.model) if self._branches > 1 else None
        return None if model is None else _Network(model)

    def _verdicts(self, images: FloatArray, logits: FloatArray) -> list[Prediction]:
        inked = np.asarray(images.reshape(-1, 28 * 28).any(axis=1)).tolist()
        verdicts = self.calibration.verdicts(logits)
        return [
            verdict if has_ink else BLANK for verdict, has_ink in zip(verdicts, inked, strict=True)
        ]


@dataclass(frozen=True)
class LineNetworks:
    """Who reads the groups: a network that knows all symbols, and for those that it takes for
    digits a second opinion from one that knows digits only, and better."""

    symbols: Classifier
    digits: Classifier
