"""The frame of the pages of webhooks: the head of one endpoint, and what an action led to."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk, webhook_words
from app.dashboard.member_session import PATH, CurrentMember
from app.events import catalog
from app.kit import clock
from app.kit.database import reading
from app.kit.errors import AppError, NotFound
from app.kit.html import render
from app.services import services_of
from app.webhooks.endpoints import stats
from app.webhooks.policies import event_filter

HERE = f"{PATH}/webhooks"
#: The time that counts of attempts are about.
DAY = timedelta(hours=24)
Said = Annotated[str, Query(max_length=64)]


def page(
    request: Request, caller: CurrentMember, name: str, *, said: str = "", status: int = 200, **shown: Any
) -> Response:
    """A page of webhooks. `said`: the name of what the last action led to."""
    return desk.page(
        request, caller, f"webhooks/{name}", here=HERE, status=status, words=webhook_words,
        manages=caller.may("manager"), said=webhook_words.SAID.get(said), **shown,
    )  # fmt: skip


async def attempt(
    request: Request, session: AsyncSession, back: str, done: str, act: Callable[[], Awaitable[object]]
) -> Response:
    """Act, and return to a page that says what it led to. A refusal changes nothing."""
    try:
        await act()
    except NotFound:
        raise
    except AppError as refused:
        await session.rollback()
        done = refused.code
        if done not in webhook_words.SAID:
            raise
    return render.see_other(request, f"{back}{'&' if '?' in back else '?'}said={done}")


async def tab(request: Request, caller: CurrentMember, endpoint_id: str, name: str) -> dict[str, Any]:
    """The values for the head of each page of one endpoint. Raises NotFound."""
    async with reading(services_of(request).sessions) as session:
        seen = await stats.summary(session, caller.agency_id, endpoint_id, since=clock.now() - DAY)
    wanted = [kind for kind in catalog.FOR_CRMS if event_filter.wants(seen.endpoint.event_types, kind)]
    return {
        "seen": seen, "endpoint": seen.endpoint, "label": webhook_words.endpoint_label(seen), "tab": name,
        "test_types": wanted,
    }  # fmt: skip
