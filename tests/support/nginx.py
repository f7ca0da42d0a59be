"""The real nginx with `deploy/nginx.conf`, on a free port."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mnist_cnn.settings import PROJECT_FOLDER
from tests.support.api_server import free_port
from tests.support.commands import wait_for


@contextmanager
def nginx_before(folder: Path, *servers: str) -> Iterator[str]:
    """Its address, before two servers of these hosts and ports; it writes to a folder."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not nginx:
        pytest.skip("there is no nginx. On Debian: apt-get install nginx-light")
    port = free_port()
    text = (PROJECT_FOLDER / "deploy" / "nginx.conf").read_text()
    for number, server in enumerate(servers, 1):
        text = text.replace(f"app{number}:8000", server)
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{folder}/")
    (folder / "nginx.conf").write_text(f"daemon off;\n{text}")
    command = [nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: listens(port) or process.poll() is not None, 20)
            assert process.poll() is None, "nginx did not come up"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
