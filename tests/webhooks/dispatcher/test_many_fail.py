"""An agency whose endpoints all fail costs the others nothing: what is written does not grow with their number."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import result_writer
from app.webhooks.dispatcher.result_writer import AttemptResult
from app.webhooks.models import EndpointHealth
from tests.kit.egress.receivers import answers, receiver
from tests.webhooks import scenes
from tests.webhooks.dispatcher.test_holds import BROKEN
from tests.world import World


@contextmanager
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def keep(*given: Any) -> None:
        sent.append(given[2])

    event.listen(engine.sync_engine, "before_cursor_execute", keep)
    yield sent
    event.remove(engine.sync_engine, "before_cursor_execute", keep)


async def failed(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, agency_id: str, number: int
) -> Sequence[AttemptResult]:
    """An attempt at each of so many more endpoints that came to nothing, not written down yet."""
    async with receiver(answers(BROKEN)) as there:
        for _ in range(number):
            await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        await scenes.fan_all_out(tools)
        await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        return [await scenes.attempted(tools, each) for each in await scenes.claimed(tools)]


async def test_twenty_failing_endpoints_take_as_many_statements_as_one(
    tools: WebhookContext, sessions: Sessions, engine: AsyncEngine, keyring: Keyring, world: World
) -> None:
    took = []
    for number in (1, 19):
        finished = await failed(tools, sessions, keyring, world.north.agency_id, number)
        with statements(engine) as sent:
            assert await result_writer.write(sessions, finished, worker="test") == set()
        took.append((len(finished), len(sent)))
    (one, few), (many, as_few) = took
    assert (one, many) == (1, 20)
    assert few == as_few
    query = select(EndpointHealth.failed_attempts).where(EndpointHealth.agency_id == world.north.agency_id)
    async with sessions() as session:
        counted = (await session.scalars(query.order_by(EndpointHealth.id))).all()
    assert counted == [2, *[1] * 19]
