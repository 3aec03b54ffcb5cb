"""Background work of webhooks: fanning events out, and sending what is due."""

import asyncio

from app.events.models import OutboxEntry
from app.kit import poller
from app.kit.poller import DueRows
from app.webhooks.context import WebhookContext
from app.webhooks.dispatcher import fanout, scheduler
from app.webhooks.dispatcher import worker as sending
from app.webhooks.dispatcher.worker import Dispatcher
from app.webhooks.models import Delivery

#: The loops that a worker's health looks at.
LOOPS = (fanout.LOOP, sending.LOOP)


def kinds(tools: WebhookContext) -> list[DueRows]:
    """Kinds of due rows that wake the loops."""
    return [
        DueRows(OutboxEntry.__tablename__, poller.seconds(OutboxEntry), tools.happened, in_bursts=True),
        DueRows(Delivery.__tablename__, scheduler.SECONDS, tools.alarm),
    ]


async def serve(tools: WebhookContext, stop: asyncio.Event) -> None:
    """Both loops of a worker, until `stop` is set; what is under way then is ended and written down."""
    dispatcher, fanned = Dispatcher(tools), asyncio.Event()

    async def fan() -> None:
        try:
            await fanout.serve(tools, stop, dispatcher, dispatcher.endpoints)
        finally:
            fanned.set()  # what it left in the dispatcher's hands is sent before that ends

    await asyncio.gather(fan(), dispatcher.serve(fanned))
