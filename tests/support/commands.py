"""The command line in a process of its own."""

import json
import subprocess
import sys
import time

from mnist_cnn.settings import PROJECT_FOLDER

COMMAND = [sys.executable, "-m", "mnist_cnn"]


TRAIN = ["train", "--preset", "quick", "--data", "bundled-digits"]


WELL = [
    *("--epochs", "14", "--batch-size", "32", "--optimizer", "adamw", "--learning-rate", "0.01"),
    *("--augment", "rotation=7,slant=7,scale=0.1,shift=1.2,elastic=0.45"),
]


def run(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def lines(answer: subprocess.CompletedProcess) -> list[dict]:
    return [json.loads(line) for line in answer.stdout.splitlines()]


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
