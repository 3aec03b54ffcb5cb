"""Ends a connection without an answer, as a broken network does."""

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

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


def with_transport(app: ASGIApp) -> ASGIApp:
    """Keep uvicorn's transport within reach of `Dropped`.

    ASGI has no way to abort a connection, but `send` as uvicorn hands it over is a method of the object that
    holds the transport, both with httptools and h11. It wraps the whole app: inner layers replace `send`.
    """

    async def app_with_transport(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await app(scope, receive, send)

    return app_with_transport
