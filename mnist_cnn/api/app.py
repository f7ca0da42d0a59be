"""The API as an application, and how it stands beside the dashboard in one server."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager

from anyio import to_thread
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mnist_cnn.api import start_up
from mnist_cnn.api.errors import add_handlers, failure
from mnist_cnn.api.limits import AnswerHeaders, RequestLimits, UploadLimits
from mnist_cnn.api.prefix import DashboardPath, UnderPrefix, route_path
from mnist_cnn.api.routes import router
from mnist_cnn.api.same_origin import SameOrigin, Unframed
from mnist_cnn.api.websockets import EndsQuietly
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
        "The dashboard of the same server is [beside this page](.)."
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


def warm(
    base: Callable[[], str], held: Callable[[], Mapping[str, int]]
) -> Callable[[ASGIApp], AbstractAsyncContextManager[None]]:
    """Around the server's life: loads the network before the first request; without one it starts
    all the same. What killed processes left unfinished goes away. Once it listens it says how the
    owner gets in, at the path `base`; what ended sessions `held` is let go of."""

    @contextlib.asynccontextmanager
    async def lifespan(app: ASGIApp) -> AsyncIterator[None]:
        start_up.harden()
        await to_thread.run_sync(jobs.tidy_up)
        with contextlib.suppress(DigitsError):
            await to_thread.run_sync(serving.production_classifier)
        meanwhile = [
            asyncio.create_task(start_up.announce_once_it_listens(base())),
            asyncio.create_task(start_up.let_go_of_ended_sessions(held)),
        ]
        yield
        for task in meanwhile:
            task.cancel()

    return lifespan


INTERNAL = ("/_stcore/metrics", "/_stcore/agent")
"""What the dashboard's server would tell anybody about itself."""


def around_the_dashboard(
    base: Callable[[], str], held: Callable[[], Mapping[str, int]]
) -> list[Middleware]:
    """What every request passes before the dashboard: names, origins and prefixes are looked at,
    the API takes its own.

    Args:
        base: Streamlit's `server.baseUrlPath`.
        held: how many bytes of uploads each of the dashboard's sessions holds.
    """
    return [
        Middleware(SameOrigin),
        Middleware(UnderPrefix, base),
        Middleware(ApiFirst),
        Middleware(Unframed),
        Middleware(UploadLimits, held),
        Middleware(DashboardPath, base),
        Middleware(EndsQuietly),
    ]


class ApiFirst:
    """Around the dashboard: what is for the API goes straight to it, past all that only the
    dashboard's requests need. Nobody gets what tells of the server itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._dashboard = app
        routes = [Route(path, api) for path in api_paths()]
        self._either = Router(routes, redirect_slashes=False, default=app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._dashboard if scope["type"] == "lifespan" else self._either
        if scope["type"] == "http" and route_path(scope).startswith(INTERNAL):
            app = JSONResponse(failure("not_found", "Not Found"), 404)
        await app(scope, receive, send)


def api_paths() -> list[str]:
    """What belongs to the API: its routes, whatever stands where one has a parameter."""
    paths = {
        f"{route.path}/{{file:path}}" if isinstance(route, Mount) else route.path
        for route in [*api.routes, *router.routes]
        if isinstance(route, Route | Mount)
    }
    return sorted(re.sub(r"{(\w+)}", r"{\1:path}", path) for path in paths)
