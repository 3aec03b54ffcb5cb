"""Background work of webhooks: fanning events out, and sending what is due."""

import asyncio

from app.events.model import EventFanout
from app.kit import lookout
from app.kit.lookout import Kind
from app.webhooks.dispatch.claiming import lanes
from app.webhooks.dispatch.fanning import fan_out
from app.webhooks.dispatch.model import Delivery
from app.webhooks.dispatch.sending import dispatcher as sending
from app.webhooks.dispatch.sending.dispatcher import Dispatcher
from app.webhooks.dispatch.tools import Tools

#: The loops that a worker's health looks at.
LOOPS = (fan_out.LOOP, sending.LOOP)


def kinds(tools: Tools) -> list[Kind]:
    """Kinds of due rows that wake the loops."""
    return [
        Kind(EventFanout.__tablename__, lookout.seconds(EventFanout), tools.happened, in_bursts=True),
        Kind(Delivery.__tablename__, lanes.SECONDS, tools.alarm),
    ]


async def serve(tools: Tools, stop: asyncio.Event) -> None:
    """Both loops of a worker, until `stop` is set; what is under way then is ended and written down."""
    dispatcher, fanned = Dispatcher(tools), asyncio.Event()

    async def fan() -> None:
        try:
            await fan_out.serve(tools, stop, dispatcher)
        finally:
            fanned.set()  # what it left in the dispatcher's hands is sent before that ends

    await asyncio.gather(fan(), dispatcher.serve(fanned))
