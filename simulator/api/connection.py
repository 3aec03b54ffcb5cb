"""Ends a connection without an answer, as a broken network does."""

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_TRANSPORT = "tiktok_simulator.transport"


class Dropped(Response):
    """A response that never comes: the caller sees its connection closed before the first byte."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        transport = scope.get(_TRANSPORT)
        if transport is None:
            raise ConnectionResetError("the simulator dropped this connection")
        transport.abort()
        # Returning before the server has noticed would make it answer 500 for us.
        while (await receive())["type"] != "http.disconnect":
            pass


class WithTransport:
    """Keep uvicorn's transport within reach of `Dropped`.

    ASGI has no way to abort a connection, but `send` as uvicorn hands it over is a method of the object that
    holds the transport, both with httptools and h11. It wraps the whole app: inner layers replace `send`.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            scope[_TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await self.app(scope, receive, send)
