"""The API as an application, and how it stands beside the dashboard in one server."""

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

from anyio import to_thread
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mnist_cnn import native_memory
from mnist_cnn.api.errors import add_handlers, failure
from mnist_cnn.api.limits import AnswerHeaders, RequestLimits
from mnist_cnn.api.routes import router
from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import serving
from mnist_cnn.settings import api_origins
from mnist_cnn.training import jobs

api = FastAPIOffline(
    docs_url="/docs",
    redoc_url=None,
    static_url="/docs-assets",
    title="Digits",
    version="1",
    description=(
        "Reads handwritten digits. Send an image, get a digit:\n\n"
        "```sh\ncurl -F file=@seven.png http://127.0.0.1:8000/predict\n```\n\n"
        "The dashboard of the same server is at [/](/)."
    ),
)

api.include_router(router)

add_handlers(api)

api.add_middleware(RequestLimits)

if origins := api_origins():  # around the limits, so that pages may read what is refused too
    api.add_middleware(
        CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], max_age=600
    )

api.add_middleware(AnswerHeaders)


@contextlib.asynccontextmanager
async def warm(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Loads the network before the first request; without one the server starts all the same. What
    killed processes left unfinished goes away."""
    native_memory.give_back_from_now_on()
    await to_thread.run_sync(jobs.tidy_up)
    with contextlib.suppress(DigitsError):
        await to_thread.run_sync(serving.production_classifier)
    yield {}


INTERNAL = ("/_stcore/metrics", "/_stcore/agent")
"""What the dashboard's server would tell anybody about itself."""

HOST = re.compile(r"[\w.:\-\[\]]{1,255}")


class HostCheck:
    """Around the whole server: a Host header that is none is refused, and so are paths that
    tell of the server itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = scope["type"] != "http" or HOST.fullmatch(
            Headers(scope=scope).get("host", "localhost")
        )
        refusal = JSONResponse(failure("bad_request", "The Host header is none."), 400)
        if scope["type"] == "http" and scope["path"].startswith(INTERNAL):
            known, refusal = None, JSONResponse(failure("not_found", "Not Found"), 404)
        await (self._app if known else refusal)(scope, receive, send)


class ApiFirst:
    """Around the dashboard: what is for the API goes straight to it, past all that only the
    dashboard's requests need."""

    def __init__(self, app: ASGIApp) -> None:
        self._dashboard = app
        routes = [Route(path, api) for path in api_paths()]
        self._either = Router(routes, redirect_slashes=False, default=app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._dashboard if scope["type"] == "lifespan" else self._either
        await app(scope, receive, send)


def api_paths() -> list[str]:
    """What belongs to the API: its routes, whatever stands where one has a parameter."""
    paths = {
        f"{route.path}/{{file:path}}" if isinstance(route, Mount) else route.path
        for route in [*api.routes, *router.routes]
        if isinstance(route, Route | Mount)
    }
    return sorted(re.sub(r"{(\w+)}", r"{\1:path}", path) for path in paths)
