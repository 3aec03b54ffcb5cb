"""Statistics of an endpoint as the API shows them."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock
from app.webhooks.deliveries.visible_status import Hold
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.stats import queries

Window = Literal["1h", "24h", "7d"]
_LASTS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


class StatsView(BaseModel):
    """How an endpoint has been doing, and what it has still to get. Of more than 100,000 the newest are counted."""

    endpoint_id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    window: Window = Field(examples=["24h"])
    since: str = Field(examples=["2026-12-03T13:32:10.123Z"])
    deliveries: dict[str, int] = Field(
        description="Made in the window, by status.", examples=[{"succeeded": 412, "retrying": 3}]
    )
    attempts: int = Field(description="Made in the window.", examples=[431])
    codes: dict[str, int] = Field(description="The attempts by code.", examples=[{"http_200": 412, "http_500": 19}])
    success_ratio: float | None = Field(description="Of the attempts; null where there were none.", examples=[0.956])
    p50_ms: int | None = Field(description="Half of the attempts took no longer.", examples=[92])
    p95_ms: int | None = Field(examples=[310])
    p99_ms: int | None = Field(examples=[870])
    complete: bool = Field(description="Whether all attempts of the window were counted.", examples=[True])
    backlog: int = Field(description="Deliveries that are not over.", examples=[3])
    oldest_pending_seconds: int | None = Field(description="The age of the oldest of them.", examples=[42])
    breaker: Literal["closed", "open", "half_open"] = Field(examples=["closed"])
    open_until: str | None = Field(examples=["2026-12-04T13:32:40.123Z"])
    hold: Hold | None = Field(description="What holds all of them back.", examples=["retry_after"])
    hold_until: str | None = Field(
        description="The receiver asked for silence until then.", examples=["2026-12-04T13:35:00.000Z"]
    )


async def stats_view(session: AsyncSession, agency_id: str, endpoint_id: str, window: Window) -> StatsView:
    """The statistics of an endpoint. Raises NotFound."""
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    since = clock.now() - _LASTS[window]
    sent = await queries.sent(session, agency_id, endpoint.id, since=since)
    waiting = await queries.waiting(session, agency_id, endpoint)
    return StatsView(
        endpoint_id=endpoint.id,
        window=window,
        since=clock.iso(since) or "",
        deliveries=await queries.by_status(session, agency_id, endpoint.id, since=since),
        attempts=sent.attempts,
        codes=sent.by_code,
        success_ratio=round(sent.arrived / sent.attempts, 4) if sent.attempts else None,
        p50_ms=sent.p50_ms,
        p95_ms=sent.p95_ms,
        p99_ms=sent.p99_ms,
        complete=sent.complete,
        backlog=waiting.backlog,
        oldest_pending_seconds=waiting.oldest_seconds,
        breaker=waiting.breaker,
        open_until=clock.iso(waiting.open_until),
        hold=waiting.hold,
        hold_until=clock.iso(waiting.hold_until),
    )
