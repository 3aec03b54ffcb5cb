"""The `webhooks` section of the OpenAPI document: every event type that an endpoint can receive."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import Body, FastAPI, Response
from pydantic import create_model

from app.events import catalog
from app.events.catalog import EventType
from app.events.schema import Envelope


def add_webhooks(app: FastAPI) -> None:
    """Document each event type with its schema and an example."""
    for kind in catalog.FOR_CRMS.values():
        app.webhooks.add_api_route(
            kind.name, _receiver(kind), methods=["POST"], tags=["webhooks"], summary=kind.sentence,
            description=f"{kind.sentence} Signed by Standard Webhooks; answer 2xx within the time limit.",
            operation_id=f"on_{kind.name.replace('.', '_')}", status_code=204,
            responses={204: {"description": "Taken."}, "default": {"description": "Any other answer is tried again."}},
        )  # fmt: skip


def _receiver(kind: EventType) -> Callable[..., Coroutine[Any, Any, Response]]:
    name = "".join(part.capitalize() for part in kind.name.replace(".", "_").split("_"))
    named: Any = Literal[kind.name]
    model = create_model(name, __base__=Envelope, __doc__=kind.sentence, type=(named, ...))

    async def receive(body: Annotated[model, Body(examples=[catalog.example(kind)])]) -> Response:  # type: ignore[valid-type]
        raise NotImplementedError  # documents what receivers answer; nothing calls it

    return receive
