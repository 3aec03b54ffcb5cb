"""The `webhooks` section of the OpenAPI document: every event type that an endpoint can receive."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Body, FastAPI, Response

from app.events import catalog, rendering
from app.events.catalog import EventType
from app.events.rendering import API_VERSION


def add_webhooks(app: FastAPI) -> None:
    """Document each event type with its schema and an example."""
    for kind in catalog.FOR_CRMS.values():
        app.webhooks.add_api_route(
            kind.name, _receiver(kind), methods=["POST"], tags=["webhooks"], summary=kind.sentence,
            description=f"{kind.sentence} Signed by Standard Webhooks; answer 2xx within the time limit.",
            operation_id=f"on_{kind.name.replace('.', '_')}", status_code=204,
            responses={204: {"description": "Taken."}, "default": {"description": "Any other answer is tried again."}},
        )  # fmt: skip


def _receiver(kind: EventType[Any]) -> Callable[..., Coroutine[Any, Any, Response]]:
    model = rendering.VERSIONS[API_VERSION].model(kind)

    async def receive(body: Annotated[model, Body(examples=[rendering.example_body(kind)])]) -> Response:  # type: ignore[valid-type]
        raise NotImplementedError  # documents what receivers answer; nothing calls it

    return receive
