"""Background work of webhooks: fanning events out, and sending what is due."""

import asyncio

from app.webhooks.dispatch.fanning import fan_out
from app.webhooks.dispatch.sending import dispatcher
from app.webhooks.dispatch.sending.dispatcher import Dispatcher
from app.webhooks.dispatch.tools import Tools

#: The loops that a worker's health looks at.
LOOPS = (fan_out.LOOP, dispatcher.LOOP)


async def serve(tools: Tools, stop: asyncio.Event) -> None:
    """Both loops of a worker, until `stop` is set; what is under way then is ended and written down."""
    await asyncio.gather(fan_out.serve(tools, stop), Dispatcher(tools).serve(stop))
