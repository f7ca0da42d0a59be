"""The path under which everything lies, such as `/digits`, where a proxy has it so."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class UnderPrefix:
    """Lets each path begin with the prefix once, whether the proxy in front keeps or strips it.

    The prefix is that of `uvicorn --root-path`, which uvicorn itself puts before each path; or
    Streamlit's `server.baseUrlPath`.
    """

    def __init__(self, app: ASGIApp, base: Callable[[], str]) -> None:
        self._app, self._base = app, base()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            prefix = scope.get("root_path", "").rstrip("/") or self._base
            if prefix:
                scope = _with_path(scope, prefix, _without(prefix, scope["path"]))
        await self._app(scope, receive, send)


class DashboardPath:
    """Around the dashboard: it looks for its pages below `server.baseUrlPath`, or at the root."""

    def __init__(self, app: ASGIApp, base: Callable[[], str]) -> None:
        self._app, self._base = app, base()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (prefix := scope.get("root_path", "")):
            path = self._base + _without(prefix, scope["path"])
            scope = _with_path(scope, "", path)
        await self._app(scope, receive, send)


def route_path(scope: Scope) -> str:
    """A request's path as routes know it, without the prefix."""
    return _without(scope.get("root_path", ""), scope["path"])


def _without(prefix: str, path: str) -> str:
    for _ in range(2):  # uvicorn's own, and the one that a proxy kept
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            path = path[len(prefix) :]
    return path or "/"


def _with_path(scope: Scope, prefix: str, path: str) -> Scope:
    return {**scope, "root_path": prefix, "path": prefix + path}
