"""The dashboard and the API as `uvicorn app:app` serves them, on a free port."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.browser import Server


@contextmanager
def serve(
    log: Path,
    app: str = "app:app",
    folder: Path = PROJECT_FOLDER,
    *,
    patience: float = 60,
    options: Sequence[str] = (),
    within: Sequence[str] = (),
    **env: str,
) -> Iterator[Server]:
    """A server of its own, started by another command where `within` names one."""
    port = free_port()
    command = [*within, sys.executable, "-m", "uvicorn", app]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with open(log, "w") as output:
        process = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"MNIST_CNN_KEY": browser.KEY} | env,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        browser.wait_until_healthy(url, process, patience, "/health")
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
