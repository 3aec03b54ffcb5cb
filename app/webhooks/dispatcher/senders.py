"""Sending what was claimed. What can be done for many deliveries at once is: their requests are composed a slice at a
time, right before they leave, and what came of them is weighed a little later. In between there is the request alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from app.kit import clock
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import http_attempt, result_writer
from app.webhooks.dispatcher.claimed import ClaimedDelivery
from app.webhooks.dispatcher.claimed_payloads import OutboundDelivery
from app.webhooks.dispatcher.http_attempt import AnsweredAttempt, StartedAttempt
from app.webhooks.dispatcher.result_writer import DeliveryUpdate
from app.webhooks.dispatcher.slots import Slots

lines = structlog.get_logger(__name__)

#: So many are composed together, and as many senders begun at once; what was answered, the database's answers too, is
#: not kept waiting for more.
SLICE = 25
SLICE_SECONDS = 0.005
#: What was answered is weighed after so long at the latest. A slice of it is at once: claims count on its room. So is
#: the last that was in the air.
WEIGH_SECONDS = 0.01


class Senders:
    """Those of one worker. A sender goes on with the next delivery as long as there is one."""

    def __init__(
        self,
        tools: WebhookContext,
        slots: Slots,
        ended: Callable[[DeliveryUpdate], None],
        gives_back: Callable[[ClaimedDelivery], Awaitable[None]],
    ) -> None:
        self._tools = tools
        self._slots = slots
        self._ended = ended
        self._gives_back = gives_back
        self._waiting: deque[OutboundDelivery] = deque()
        self._something = asyncio.Event()
        self._ready: deque[StartedAttempt] = deque()
        self._spoken: list[AnsweredAttempt] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, parcel: OutboundDelivery) -> None:
        """Sends it as soon as possible; its slot is taken."""
        self._waiting.append(parcel)
        self._something.set()

    async def serve(self) -> None:
        """Begins senders for what no other has got to yet, while more is claimed."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._compose():
                while self._ready:
                    self._spawn(self._send_on(self._ready.popleft()))
                if not self._waiting:
                    break
                await asyncio.sleep(SLICE_SECONDS)

    def cancel(self) -> None:
        """Ends all of them, whatever is under way."""
        for each in self._tasks:
            each.cancel()

    def settle(self) -> None:
        """Weighs what was answered, and frees its slots."""
        spoken, self._spoken = self._spoken, []
        for each in spoken:
            row = each.begun.parcel.row
            try:
                attempted = http_attempt.conclude(each)
                self._ended(result_writer.decide(attempted))
            except Exception:
                self._failed(row)
            else:
                self._slots.free(row, arrived=attempted.outcome.arrived)

    def _compose(self) -> bool:
        """Prepares the next slice; whether there is something to send."""
        now = clock.now()
        while self._waiting and len(self._ready) < SLICE:
            parcel = self._waiting.popleft()
            try:
                self._ready.append(http_attempt.begin(parcel, self._tools.destinations, now))
            except Exception:
                self._failed(parcel.row)
        return bool(self._ready)

    async def _send_on(self, begun: StartedAttempt) -> None:
        while True:
            try:
                spoken = await http_attempt.speak(begun, self._tools.egress)
            except Exception:
                self._failed(begun.parcel.row)
            else:
                self._spoken.append(spoken)
                if len(self._spoken) in (SLICE, self._slots.in_flight):
                    self.settle()
                elif len(self._spoken) == 1:
                    asyncio.get_running_loop().call_later(WEIGH_SECONDS, self.settle)
            if not self._ready and not self._compose():
                return
            begun = self._ready.popleft()

    def _failed(self, row: ClaimedDelivery) -> None:
        """A fault of ours: the delivery is given back, its tries keep counting."""
        lines.exception("webhooks.not_sent", delivery=str(row.id))
        self._spawn(self._give_back(row))

    async def _give_back(self, row: ClaimedDelivery) -> None:
        await self._gives_back(row)
        self._slots.free(row, arrived=False)
        self._slots.forget(row)

    def _spawn(self, what: Awaitable[None]) -> None:
        task = asyncio.ensure_future(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
