"""Making endpoints and events, and doing what is due."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from app.events import catalog
from app.events.catalog import EventType
from app.events.models import Event, OutboxEntry
from app.events.recorder import record
from app.kit import clock
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.poller import Poller
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries.transitions import ClaimedDelivery
from app.webhooks.dispatcher import result_writer
from app.webhooks.dispatcher import worker as sending
from app.webhooks.dispatcher.endpoint_cache import EndpointCache, EndpointSnapshot
from app.webhooks.dispatcher.fanout import AT_ONCE, Fanout
from app.webhooks.dispatcher.result_writer import AttemptResult
from app.webhooks.dispatcher.scheduler import claim
from app.webhooks.dispatcher.worker import Dispatcher
from app.webhooks.endpoints import verification
from app.webhooks.endpoints.service import EndpointSpec, create_endpoint
from app.webhooks.models import Attempt, Delivery, Endpoint
from app.webhooks.policies.fair_share import SlotUsage
from tests.world import PUBLIC_URL, TESTS


async def make_endpoint(
    sessions: Sessions,
    keyring: Keyring,
    agency_id: str,
    url: str,
    event_types: Sequence[str] = ("access.*",),
    **wish: Any,
) -> tuple[Endpoint, str]:
    """An endpoint and its secret."""
    async with sessions.begin() as session:
        return await create_endpoint(
            session, agency_id, EndpointSpec(url=url, event_types=event_types, **wish), keyring=keyring, actor=TESTS
        )


async def happen(
    sessions: Sessions, agency_id: str, event_type: EventType[Any] = catalog.ACCESS_VERIFIED, **data: Any
) -> Event:
    """An event as a use case would record it."""
    event_id = await record_event(sessions, agency_id, event_type, **data)
    async with sessions() as session:
        return (await session.scalars(select(Event).where(Event.agency_id == agency_id, Event.id == event_id))).one()


async def record_event(
    sessions: Sessions, agency_id: str, event_type: EventType[Any] = catalog.ACCESS_VERIFIED, **data: Any
) -> str:
    """The same: its id alone."""
    async with sessions.begin() as session:
        subject = data.get("link_id", "link_1")
        return await record(
            session, event_type, agency_id=agency_id, subject_id=subject, actor=TESTS,
            data=event_type.data.known(**data),
        )  # fmt: skip


async def mark(sessions: Sessions, event: Event) -> None:
    """Marks an event to be fanned out once more."""
    async with sessions.begin() as session:
        told = {"id": event.id, "subject_id": event.subject_id, "sequence": event.sequence}
        session.add(OutboxEntry(agency_id=event.agency_id, due_at=func.now(), **told))


async def fan_out(sessions: Sessions, keyring: Keyring, *, public_url: str = PUBLIC_URL, limit: int = AT_ONCE) -> int:
    """Make the deliveries of events that are due, without a worker. Returns the number of events."""
    fanning = Fanout(sessions, EndpointCache(sessions, keyring), public_url)
    try:
        return await fanning.all(limit)
    finally:
        await fanning.close()


async def fan_all_out(tools: WebhookContext) -> None:
    """Does every fan-out that is due."""
    while await fan_out(tools.sessions, tools.keyring, public_url=tools.public_url):
        pass


@dataclass(frozen=True)
class WorkerLoops:
    """The loops of one worker, which sends all the time and does everything else when it is told to."""

    tools: WebhookContext
    fanning: Fanout
    dispatcher: Dispatcher

    async def fan_out(self) -> None:
        """Make the deliveries of the events that happened."""
        await self.fanning.all()

    async def fan_out_at_once(self) -> None:
        """Make them, and send those for which there are slots without a claim."""
        await self.dispatcher.fan_out(self.fanning, AT_ONCE)

    def claim(self) -> None:
        """Claim what is due, send it, write it down, all in the background."""
        self.tools.alarm.ring()

    async def settle(self) -> None:
        """Wait until what was sent is written down."""
        await self.dispatcher.settle()


@asynccontextmanager
async def worker_loops(tools: WebhookContext) -> AsyncIterator[WorkerLoops]:
    """Loops that run until the end of the body."""
    dispatcher, stop = Dispatcher(tools), asyncio.Event()
    made = WorkerLoops(tools, Fanout(tools.sessions, dispatcher.endpoints, tools.public_url), dispatcher)
    sending = asyncio.create_task(made.dispatcher.serve(stop))
    yield made
    stop.set()
    await sending
    await made.fanning.close()


async def send_all(tools: WebhookContext, stop: asyncio.Event, *, loops: int = 1) -> None:
    """Run this many sending loops, and the look-out that wakes them, until `stop` is set."""
    watch = Poller(sending.kinds(tools), tools.sessions)
    await asyncio.gather(watch.serve(stop), *(Dispatcher(tools).serve(stop) for _ in range(loops)))


async def work(tools: WebhookContext, stop: asyncio.Event) -> None:
    """All that a worker does for webhooks, until `stop` is set."""
    await asyncio.gather(Poller(sending.kinds(tools), tools.sessions).serve(stop), sending.serve(tools, stop))


async def claimed(tools: WebhookContext) -> list[ClaimedDelivery]:
    """What is due, claimed as a worker does."""
    return list((await claim(tools.sessions, SlotUsage(tools.slots, {}, {}))).deliveries)


async def snapshot(tools: WebhookContext, delivery: ClaimedDelivery) -> EndpointSnapshot:
    """Its endpoint as it is now."""
    key = delivery.agency_id, delivery.endpoint_id
    return (await EndpointCache(tools.sessions, tools.keyring).get({key: ""}))[key]


async def attempted(tools: WebhookContext, delivery: ClaimedDelivery) -> AttemptResult:
    """Send a claimed delivery; its attempt, which is not recorded, with what follows it."""
    made = sending.start_attempt(delivery, await snapshot(tools, delivery), tools.destinations, clock.now())
    await sending.send_requests(made, tools.egress)
    sending.conclude_attempt(made)
    return made


async def deliver(tools: WebhookContext, delivery: ClaimedDelivery) -> bool:
    """Sends a claimed delivery and writes it down; whether it was still ours."""
    return not await result_writer.write(tools.sessions, [await attempted(tools, delivery)], worker=tools.worker)


async def round_(tools: WebhookContext) -> None:
    """One round of a worker: claims what is due, sends it, writes it down."""
    await Dispatcher(tools).once()


async def attempt(tools: WebhookContext) -> Delivery:
    """Sends the one delivery that is due, and reads it again."""
    due_now = select(Delivery).where(Delivery.due_at <= func.now()).execution_options(**CROSS_TENANT)
    async with tools.sessions() as session:
        [row] = (await session.scalars(due_now)).all()
    await round_(tools)
    return await again(tools.sessions, row)


async def again(sessions: Sessions, row: Delivery) -> Delivery:
    """The delivery as it is now."""
    query = select(Delivery).where(Delivery.agency_id == row.agency_id, Delivery.id == row.id)
    async with sessions() as session:
        return (await session.scalars(query)).one()


async def deliveries(sessions: Sessions, agency_id: str) -> list[Delivery]:
    """All deliveries of an agency, oldest first."""
    query = select(Delivery).where(Delivery.agency_id == agency_id).order_by(Delivery.id)
    async with sessions() as session:
        return list((await session.scalars(query)).all())


async def attempts(sessions: Sessions, row: Delivery) -> list[Attempt]:
    """The attempts of a delivery, oldest first."""
    query = select(Attempt).where(Attempt.agency_id == row.agency_id, Attempt.delivery_id == row.id)
    async with sessions() as session:
        return list((await session.scalars(query.order_by(Attempt.id))).all())


async def change(sessions: Sessions, row: Delivery, **values: Any) -> None:
    """Sets columns of a delivery, for what would take days to come about."""
    async with sessions.begin() as session:
        await session.execute(
            update(Delivery)
            .where(Delivery.agency_id == row.agency_id, Delivery.id == row.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )


async def send_test(sessions: Sessions, agency_id: str, endpoint_id: str, event_type: str = "access.verified") -> None:
    """Asks for a test delivery, as somebody of the agency would."""
    async with sessions.begin() as session:
        await verification.send_test(
            session, agency_id, endpoint_id, event_type=event_type, actor=TESTS, public_url=PUBLIC_URL
        )
