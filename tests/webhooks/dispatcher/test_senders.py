"""A fault of ours while one endpoint's deliveries are sent: they are kept, and nobody else notices."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func

from app.kit import clock, ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import worker
from app.webhooks.dispatcher.worker import Dispatcher
from app.webhooks.models import Delivery, Endpoint
from tests.kit.egress.receivers import OK, answers, receiver
from tests.webhooks import scenes
from tests.world import World

EVENTS = 3
#: No round takes longer, however busy the machine is; one whose slots are not freed never ends.
LONGEST = 20

#: Steps of sending, and the raw id of the endpoint in what each is given.
STEPS: dict[str, Callable[[Any], uuid.UUID]] = {
    "start_attempt": lambda delivery: delivery.endpoint_id,
    "send_requests": lambda attempt: attempt.delivery.endpoint_id,
    "conclude_attempt": lambda attempt: attempt.delivery.endpoint_id,
}


def spoil(monkeypatch: pytest.MonkeyPatch, step: str, endpoint: Endpoint) -> None:
    """A fault in one step of sending, for one endpoint only."""
    real = getattr(worker, step)

    def faulty(given: Any, *others: Any) -> Any:
        if STEPS[step](given) == ids.parse("endpoint", endpoint.id):
            raise RuntimeError("a fault of ours")
        return real(given, *others)

    monkeypatch.setattr(worker, step, faulty)


async def round_(dispatcher: Dispatcher) -> None:
    """One round of a worker, after which it has nothing in hand."""
    async with asyncio.timeout(LONGEST):
        await dispatcher.once()
        await dispatcher.settle()
    taken = dispatcher.slots.usage()
    assert taken.free == taken.slots
    assert not any([*taken.by_agency.values(), *taken.in_air.values(), *taken.arrived])


async def deliveries_of(sessions: Sessions, endpoint: Endpoint) -> list[Delivery]:
    """The deliveries of an endpoint."""
    return [row for row in await scenes.deliveries(sessions, endpoint.agency_id) if row.endpoint_id == endpoint.id]


@pytest.mark.parametrize("step", STEPS)
async def test_a_fault_of_ours_gives_the_delivery_back_and_holds_up_nobody_else(
    step: str,
    tools: WebhookContext,
    sessions: Sessions,
    keyring: Keyring,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agency_id, dispatcher = world.north.agency_id, Dispatcher(tools)
    async with receiver(answers(OK)) as there:
        ill, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        well, _ = await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        for _ in range(EVENTS):
            await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        with monkeypatch.context() as patch:
            spoil(patch, step, ill)
            for tries in (1, 2):
                began = clock.now()
                await round_(dispatcher)
                for row in await deliveries_of(sessions, ill):
                    assert (row.status, row.tries, row.lease_token, row.lease_until) == ("pending", tries, None, None)
                    assert row.due_at is not None
                    assert row.due_at >= began + timedelta(seconds=2**tries)
                    assert (row.attempt_count, await scenes.attempts(sessions, row)) == (0, [])
                    await scenes.change(sessions, row, due_at=func.now())
                assert [row.status for row in await deliveries_of(sessions, well)] == ["succeeded"] * EVENTS
        await round_(dispatcher)
    now = [(row.status, row.tries, row.attempt_count) for row in await deliveries_of(sessions, ill)]
    assert now == [("succeeded", 0, 1)] * EVENTS
