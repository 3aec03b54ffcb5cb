"""A response that waits for the result of its request, after the transaction is committed."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

LOOKS = 200
LOOK_EVERY_SECONDS = 0.1

Look = Callable[[], Awaitable[BaseModel | None]]


class DeferredResponse(JSONResponse):
    """Responds with 202 and the queued object, or with 200 and the result if `look` finds it in time.

    It waits while it is sent, when no transaction is open. A repeated request (Idempotency-Key) gets the queued object,
    because that is what the first one did.
    """

    def __init__(self, queued: BaseModel, look: Look) -> None:
        super().__init__(queued.model_dump(mode="json"), 202)
        self._look = look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then send."""
        found = await self._wait()
        if found is not None:
            self.status_code = 200
            self.body = self.render(found.model_dump(mode="json"))
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)

    async def _wait(self) -> BaseModel | None:
        for _ in range(LOOKS):
            found = await self._look()
            if found is not None:
                return found
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return None
