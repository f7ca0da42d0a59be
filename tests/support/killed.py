"""A change made again and again, each time by a process that is killed at its next call to the
disk. `python -m tests.support.killed CHANGE` prints as JSON, line by line, what each one left in
the artifacts, and at last what is there when nobody was killed."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mnist_cnn import storage
from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.runs import gate, registry, store
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.training import jobs
from tests.support.faults import watch

ONE, TWO = "20270101-000001-aaaaaa", "20270101-000002-aaaaaa"


def some(*labels: int) -> list[Correction]:
    return [Correction(label, np.full((28, 28), label, np.uint8)) for label in labels]


CHANGES: dict[str, Callable[[], object]] = {
    "promote": lambda: registry.promote(TWO, by="ben"),
    "roll back": lambda: registry.roll_back(by="ben"),
    "correct": lambda: corrections.add(some(3, 4, 5)),
}


def killing(at: int) -> Callable[[str, Callable[..., Any]], Callable[..., Any]]:
    """Calls of which the one numbered `at` ends the process, a write after half of it."""
    left = iter(range(at, -1, -1))

    def around(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            if next(left) == 0:
                if name == "write":
                    original(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return act

    return around


def killed(change: Callable[[], object], at: int) -> bool:
    """Whether it came to that."""
    child = os.fork()
    if child == 0:
        for name, module in watch(killing(at)):
            setattr(storage, name, module)
        change()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def left() -> dict[str, Any]:
    temporary = len(list(artifacts_folder().rglob(".tmp-*")))
    jobs.tidy_up()
    found = {
        "production": store.production_id(),
        "promotions": [[p.before, p.after, p.by] for p in registry.promotions()],
        "corrections": [c.label for c in corrections.load()],
        "temporary": temporary,
        "after a start": len(list(artifacts_folder().rglob(".tmp-*"))),
    }
    corrections.add(some(9))
    registry.promote(ONE, by="cleo")
    found["later"] = [registry.promotions()[-1].by, corrections.load()[-1].label]
    return found


def main() -> None:
    gate.check = lambda *_: None  # type: ignore[assignment]
    for run_id in (ONE, TWO):
        NewRun(run_id).finish(preset="quick")
    registry.promote(TWO, by="anna")
    registry.promote(ONE, by="anna")
    corrections.add(some(1))
    template = Path(shutil.copytree(artifacts_folder(), f"{artifacts_folder()}-before"))
    for at in range(40):
        shutil.rmtree(artifacts_folder())
        shutil.copytree(template, artifacts_folder())
        again = killed(CHANGES[sys.argv[1]], at)
        print(json.dumps(left()))
        if not again:
            return


if __name__ == "__main__":
    main()
