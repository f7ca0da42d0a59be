"""What can be done while the artifacts may only be read, tried in a namespace of its own:

unshare -rm python -m tests.support.read_only RUN
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnist_cnn.data import corrections, labelled_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import DigitsError
from mnist_cnn.models.pipeline import predict_image
from mnist_cnn.runs import notes, registry, serving, store, trash
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.training import jobs
from tests.support.drawings import seven_png


def actions(run_id: str) -> dict[str, Callable[[], object]]:
    image = np.zeros((28, 28), np.uint8)
    return {
        "promote": lambda: registry.promote(run_id, by="anna"),
        "roll back": lambda: registry.roll_back(by="anna"),
        "label": lambda: notes.annotate(run_id, note="new"),
        "correct": lambda: corrections.add([Correction(1, image)]),
        "keep a test set": lambda: labelled_sets.keep("mine", image[None], np.arange(1)),
        "train": lambda: jobs.start(["--preset", "quick"], "anna"),
        "delete": lambda: trash.delete(run_id),
    }


def said_of(action: Callable[[], object]) -> str:
    try:
        action()
    except DigitsError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


def main(run_id: str) -> None:
    """Prints what each action says once the folder may only be read, and what is predicted."""
    folder = artifacts_folder()
    mount("--bind", folder, folder)
    registry.promote(run_id, by="before")
    mount("-o", "remount,bind,ro", folder)
    jobs.tidy_up()
    serving.forget()
    answer = {
        "said": {name: said_of(action) for name, action in actions(run_id).items()},
        "digit": predict_image(serving.production_classifier(), seven_png()).prediction.digit,
        "production": store.production_id(),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
