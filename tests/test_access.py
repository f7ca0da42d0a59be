"""Who counts as sitting at this machine: real connections from real programs."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mnist_cnn.access import from_this_machine, only_own_programs_connect

LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
CONNECT = "import socket, sys; c = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); "
SERVE = "s = socket.create_server(('0.0.0.0', 0)); "
WAIT = "print('ready', flush=True); sys.stdin.read()"


@contextmanager
def visitor(code: str) -> Iterator[None]:
    """Another program that is connected to a server in this process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(server.getsockname()[1])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdout and child.stdin
        server.settimeout(20)
        with server.accept()[0]:
            child.stdout.readline()
            try:
                yield
            finally:
                child.communicate()


def test_a_browser_of_the_same_user_is_at_this_machine() -> None:
    with visitor(CONNECT + WAIT):
        assert from_this_machine(None, LOCAL)


def test_a_proxy_of_the_same_user_is_not() -> None:
    with visitor(CONNECT + SERVE + WAIT):
        assert not from_this_machine(None, LOCAL)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root changes users")
def test_a_program_of_another_user_is_not() -> None:
    with visitor(CONNECT + "import os; os.setuid(65534); " + WAIT):
        assert not from_this_machine(None, LOCAL)


def test_where_nobody_is_connected_nobody_is_let_through() -> None:
    assert not only_own_programs_connect()


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", LOCAL),
        ("10.0.0.1", LOCAL | {"X-Forwarded-For": "127.0.0.1"}),
        (None, LOCAL | {"X-Forwarded-For": "127.0.0.1"}),
        (None, LOCAL | {"x-real-ip": "::1"}),
        (None, LOCAL | {"Forwarded": "for=127.0.0.1"}),
        (None, LOCAL | {"Host": "digits.example.org"}),
        (None, LOCAL | {"Host": "localhost.example.org"}),
        (None, LOCAL | {"Origin": "https://example.org"}),
        (None, LOCAL | {"Origin": "null"}),
        (None, {"Host": "[::1"}),
        (None, {}),
    ],
)
def test_headers_only_close(address: str | None, headers: dict[str, str]) -> None:
    with visitor(CONNECT + WAIT):
        assert not from_this_machine(address, headers)
