"""The real nginx, on a free port: with a test's own configuration or with the one that ships."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.api_server import free_port
from tests.support.commands import wait_for

FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
WEBSOCKETS = """
map $http_upgrade $connection_header { default upgrade; "" ""; }
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_header;
proxy_set_header Host $http_host;
"""
"""What the dashboard needs of a proxy, inside `http`."""


@contextmanager
def nginx(folder: Path, configuration: str, healthy: str = "/health") -> Iterator[str]:
    """The address under which a whole configuration, with `listen PORT;` in it, is served.

    Args:
        folder: where its files go; one for each.
        healthy: a path that answers once all is well.
    """
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in FOLDERS)
    text = configuration.replace("http {", f"http {{ access_log off;\n{temporary}", 1)
    text = f"pid {folder}/pid;\nerror_log {folder}/error.log;\n{text}"
    with _running(folder, text) as (url, process):
        browser.wait_until_healthy(url, process, path=healthy)
        yield url


@contextmanager
def nginx_before(folder: Path, *servers: str) -> Iterator[str]:
    """The address of the one that ships, before two servers of these hosts and ports."""
    text = (PROJECT_FOLDER / "deploy" / "nginx.conf").read_text()
    for number, server in enumerate(servers, 1):
        text = text.replace(f"app{number}:8000", server)
    text = text.replace("listen 8080;", "listen PORT;").replace("/tmp/", f"{folder}/")
    with _running(folder, text) as (url, process):
        port = int(url.rpartition(":")[2])
        wait_for(lambda: _listens(port) or process.poll() is not None, 20)
        assert process.poll() is None, "nginx did not come up"
        yield url


@contextmanager
def _running(folder: Path, text: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip("there is no nginx. On Debian: apt-get install nginx-light")
    folder.mkdir(exist_ok=True)
    port = free_port()
    text = text.replace("listen PORT;", f"listen 127.0.0.1:{port};")
    (folder / "nginx.conf").write_text(f"daemon off;\n{text}")
    command = [program, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
