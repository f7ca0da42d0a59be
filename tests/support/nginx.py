"""A real nginx, on a free port."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import browser
from tests.support.api_server import free_port

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
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip("there is no nginx. On Debian: apt-get install nginx-light")
    folder.mkdir(exist_ok=True)
    port = free_port()
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in FOLDERS)
    text = configuration.replace("listen PORT;", f"listen 127.0.0.1:{port};")
    text = text.replace("http {", f"http {{ access_log off;\n{temporary}", 1)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\ndaemon off;\n{text}"
    )
    command = [program, "-p", folder, "-c", folder / "nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            browser.wait_until_healthy(url, process, path=healthy)
            yield url
        finally:
            process.terminate()
