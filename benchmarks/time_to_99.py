"""How long `quick` trains until it reads 99 % of MNIST, beside the network of a Keras example."""

import statistics
import subprocess
import sys
import time

import numpy as np

from mnist_cnn.data import mnist
from mnist_cnn.evaluation.scores import compute_logits
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.tensorflow_loader import load_tensorflow


def time_to_99(turns: int = 3) -> None:
    """`quick` against the network of Keras' own mnist_convnet example, in turn, each in a new
    process and from other initial weights."""
    names = {"quick_alone": "`--preset quick`", "keras_example": "Keras' mnist_convnet example"}
    results: dict[str, list[tuple[float, float]]] = {function: [] for function in names}
    for _ in range(turns):
        for function, found in results.items():
            code = f"from benchmarks import time_to_99; time_to_99.{function}()"
            answer = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
            accuracy, seconds = map(float, answer.stdout.split()[-2:])
            found.append((accuracy, seconds))
    print("| to 99 % on MNIST test | accuracy reached | seconds of training, median |")
    print("|---|---|---|")
    for function, found in results.items():
        reached = ", ".join(f"{accuracy:.2%}" for accuracy, _ in found)
        each = ", ".join(f"{seconds:.1f}" for _, seconds in found)
        print(f"| {names[function]} | {reached} | {_median_seconds(found):.1f} ({each}) |")
    quick, example = (_median_seconds(found) for found in results.values())
    print(f"\nRatio of the times: 1/{example / quick:.1f}.")


def _median_seconds(found: list[tuple[float, float]]) -> float:
    return statistics.median(seconds for _, seconds in found)


def quick_alone() -> None:
    """Trains `quick`; prints its accuracy as it answers people, and the seconds of training."""
    load_tensorflow()
    from mnist_cnn.models import export, network
    from mnist_cnn.models.presets import PRESETS
    from mnist_cnn.training import loop
    from mnist_cnn.training.training_data import prepare

    recipe, test = PRESETS["quick"], mnist.load_mnist().test
    model = network.build(recipe.architecture)
    seconds = loop.fit(model, recipe, prepare(recipe))
    classifier = Classifier(export.export_litert(model), Calibration())
    print((compute_logits(classifier, test.images).argmax(axis=1) == test.labels).mean(), seconds)


def keras_example(most_seconds: float = 400) -> None:
    """The same for the network of Keras' example, epoch after epoch until it reaches 99 %."""
    load_tensorflow()
    import keras

    layers = keras.layers
    convnet = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    convnet.compile("adam", "sparse_categorical_crossentropy")
    train, test = mnist.load_mnist().train, mnist.load_mnist().test
    images = train.images[..., None].astype(np.float32) / 255
    seconds = reached = 0.0
    while reached < 0.99 and seconds < most_seconds:
        began = time.perf_counter()
        convnet.fit(images, train.labels, batch_size=128, verbose=0)
        seconds += time.perf_counter() - began
        probabilities = convnet.predict(test.images[..., None] / 255, verbose=0, batch_size=500)
        reached = float((probabilities.argmax(axis=1) == test.labels).mean())
    print(reached, seconds)
