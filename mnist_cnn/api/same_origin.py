"""Who may speak to this server through a browser: pages of its own, under a name of its own, in no
other site's frame. It stands around everything, so that nothing is looked up for anybody else."""

import functools
import ipaddress
import re
import socket
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_cnn.api.errors import CODE_OF_STATUS, failure
from mnist_cnn.settings import api_hosts, api_origins

HOST = re.compile(r"[\w.:\-\[\]]{1,255}")

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
"""They change nothing, and what they answer no foreign page can read."""


class SameOrigin:
    """Around the whole server: refuses names that are not its own, which a page elsewhere may have
    let point here (DNS rebinding), and what pages of other origins send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._hosts, self._origins = app, tuple(api_hosts()), set(api_origins())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not (problem := self._problem(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": problem[1][:120]})
        else:
            status, message = problem
            await JSONResponse(failure(CODE_OF_STATUS[status], message), status)(
                scope, receive, send
            )

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "localhost")
        if len(headers.getlist("host")) > 1 or not HOST.fullmatch(host):
            return 400, "The Host header is none."
        if not known_host(host, self._hosts):
            return 400, (
                f"This server does not go by the name {host_name(host)}; whoever runs it lets it "
                "by adding that to MNIST_CNN_HOSTS."
            )
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if origin is None or not changes or _of_host(origin, host):
            return None
        if scope["type"] == "http" and origin in self._origins:
            return None
        return 403, (
            "A page of another origin sent this; whoever runs the server lets it call the API by "
            "MNIST_CNN_ORIGINS."
        )


@functools.lru_cache(1000)
def known_host(host: str, named: tuple[str, ...]) -> bool:
    """Whether a Host header names this server, and no stranger can have made it do so.

    An IP address is no name that somebody could let point elsewhere; neither are `localhost` and
    names without a dot, such as those of containers, which no stranger can register.

    Args:
        named: further names, `*.example.org` for all below one and `*` for all.
    """
    name = host_name(host)
    with_local = socket.gethostname().lower()
    own = {"localhost", with_local, f"{with_local.partition('.')[0]}.local"}
    if not name or _is_address(name) or "." not in name or name in own:
        return True
    return name.endswith(".localhost") or any(
        pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in named
    )


def host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return "."


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _of_host(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


UNFRAMED = (
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
)


class Unframed:
    """Around the dashboard: no page of another site may show it in a frame, where something could
    be laid over its buttons."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_unframed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *UNFRAMED]
            await send(message)

        await self._app(scope, receive, send_unframed if scope["type"] == "http" else send)
