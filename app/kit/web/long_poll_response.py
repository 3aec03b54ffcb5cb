"""An answer that waits for what its request brought about, after the request's transaction is committed."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

LOOKS = 200
LOOK_EVERY_SECONDS = 0.1

Look = Callable[[], Awaitable[BaseModel | None]]


class DeferredResponse(JSONResponse):
    """Says 202 with what was queued, or 200 with what came of it when `look` finds that in time.

    It waits when it is sent: by then nothing is open. What a repeated request gets again (Idempotency-Key) is what was
    queued, since that is what the first one did.
    """

    def __init__(self, queued: BaseModel, look: Look) -> None:
        super().__init__(queued.model_dump(mode="json"), 202)
        self._look = look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Waits, then sends."""
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
