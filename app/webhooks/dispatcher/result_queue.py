"""Writing down what came of attempts, a batch at a time, however long the database is away."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import select

from app.kit.database import KeptConnection
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import delivery_metrics, result_writer
from app.webhooks.dispatcher.claimed import Lease
from app.webhooks.dispatcher.result_writer import DeliveryUpdate
from app.webhooks.dispatcher.slots import Slots
from app.webhooks.monitoring import metrics

lines = structlog.get_logger(__name__)

#: As many attempts are written down at once, and as long the first of them waits for others.
BATCH = 512
GATHER_SECONDS = 0.05
#: Under load few large statements cost less than many small ones: when as many slots as LOAD are held, a batch waits
#: until it is as large as WRITE_AT of them.
LOAD = 0.25
WRITE_AT = 0.5
PATIENCE_SECONDS = 0.12
STEP_SECONDS = 0.01
#: So many batches are written at once: while one waits for the disk, the other goes on.
WRITERS = 2
#: So often a batch that the database refuses is tried.
TURNS = 3


class ResultQueue:
    """Writer of finished attempts of one worker. Calls `written` after each batch."""

    def __init__(
        self, tools: WebhookContext, slots: Slots, written: Callable[[Sequence[DeliveryUpdate]], None]
    ) -> None:
        self._tools = tools
        self._slots = slots
        self._written = written
        self._done: asyncio.Queue[DeliveryUpdate] = asyncio.Queue()
        self._batching = asyncio.Lock()

    def put(self, one: DeliveryUpdate) -> None:
        """An attempt that is over."""
        self._done.put_nowait(one)

    async def serve(self) -> None:
        """Writes batches, one by one; run WRITERS of it."""
        line = KeptConnection(self._tools.sessions)
        try:
            while True:
                async with self._batching:
                    self.put(await self._done.get())
                    if not self._is_loaded():
                        await asyncio.sleep(GATHER_SECONDS)
                    await patiently(self._is_worth_it)
                    batch = self._take()
                await self._write(batch, line)
        finally:
            await line.close()

    async def once(self) -> None:
        """Writes what there is. For tests."""
        line = KeptConnection(self._tools.sessions)
        while not self._done.empty():
            await self._write(self._take(), line)
        await line.close()

    def _is_worth_it(self) -> bool:
        return not self._is_loaded() or self._done.qsize() >= self._slots.number * WRITE_AT

    def _is_loaded(self) -> bool:
        return self._slots.held >= self._slots.number * LOAD

    def _take(self) -> list[DeliveryUpdate]:
        return [self._done.get_nowait() for _ in range(min(self._done.qsize(), BATCH))]

    async def _write(self, batch: Sequence[DeliveryUpdate], line: KeptConnection) -> None:
        """Writes a batch down, as soon as the database takes it; one that cannot be written whole, one by one."""
        late: set[Lease] = set()
        for turn in range(TURNS):
            try:
                late = await result_writer.write(self._tools.sessions, batch, worker=self._tools.worker, line=line)
                break
            except Exception:
                lines.exception("webhooks.not_written", number=len(batch), turn=turn)
            await self._until_database_answers()
            if len(batch) > 1:
                for each in batch:
                    await self._write([each], line)
                return
        for each in batch:  # what was not written has a lease that runs out: it is sent again
            self._slots.forget(each.row)
        self._written(batch)
        self._say(batch, late)

    def _say(self, batch: Sequence[DeliveryUpdate], late: set[Lease]) -> None:
        """Counts and logs; a fault in that ends nothing."""
        try:
            self._tools.pulse.attempt()
            metrics.in_flight(self._slots.in_flight)
            delivery_metrics.attempted(batch, late)
            delivery_metrics.say(batch, late)
        except Exception:
            lines.exception("webhooks.not_counted")

    async def _until_database_answers(self) -> None:
        """However long it is away: what was sent is kept until it can be written down."""
        while True:
            await asyncio.sleep(0.5)
            try:
                async with self._tools.sessions() as session:
                    await session.execute(select(1))
            except Exception:
                lines.warning("webhooks.database_away", kept=self._slots.held)
            else:
                return


async def patiently(enough: Callable[[], bool]) -> None:
    """Waits a little longer until there is enough to do at once."""
    latest = time.monotonic() + PATIENCE_SECONDS
    while not enough() and time.monotonic() < latest:  # noqa: ASYNC110 - several things bring it about
        await asyncio.sleep(STEP_SECONDS)
