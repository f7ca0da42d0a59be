"""Websockets of the dashboard that end oddly, which is no error of this server's."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNSUPPORTED_DATA = 1003
"""The code with which a websocket ends that carries what its server does not speak (RFC 6455)."""


class EndsQuietly:
    """Around the dashboard, which speaks in bytes: whoever sends it text is told so, and what
    Streamlit still tries with a websocket that has ended raises nothing. Otherwise uvicorn would
    write a traceback of either, as often as a visitor likes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        ended = False

        async def heard() -> Message:
            nonlocal ended
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes") is None:
                await said({"type": "websocket.close", "code": UNSUPPORTED_DATA})
                message = {"type": "websocket.disconnect", "code": UNSUPPORTED_DATA}
            ended = ended or message["type"] == "websocket.disconnect"
            return message

        async def said(message: Message) -> None:
            nonlocal ended
            ended = ended or message["type"] == "websocket.close"
            try:
                await send(message)
            except OSError:  # nobody is there to hear it
                ended = True
                raise

        try:
            await self._app(scope, heard, said)
        except Exception as error:
            if not ended:
                raise
            logging.getLogger(__name__).info("After a websocket had ended: %s", error)
