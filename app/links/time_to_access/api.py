"""JSON routes: the time to access."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.kit.database import Session
from app.kit.input.fields import Word
from app.kit.web.headers import download
from app.links.time_to_access import service
from app.links.time_to_access.service import Durations, Table
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/time-to-access")
Reader = Annotated[Principal, requires("links:read")]
Months = Annotated[int, Query(ge=1, le=24, description="Number of months back, this one included.")]
OfPreset = Annotated[Word | None, Query(description="Only links of this preset.", examples=["run-campaigns"])]

OfTable = Annotated[
    Table,
    Query(description="Durations by month, preset or platform, the steps that links reached, or what holds them up."),
]


class DurationsView(BaseModel):
    """Time from the opening of links to their verification."""

    key: str = Field(description="The month, the preset, the platform, or `all`.", examples=["2026-11"])
    links: int = Field(examples=[14])
    median_seconds: int = Field(examples=[1260])
    slowest_tenth_seconds: int = Field(description="One in ten took longer.", examples=[86400])

    @classmethod
    def of(cls, found: Durations) -> "DurationsView":
        """From the durations, in seconds."""
        return cls(
            key=found.key, links=found.links, median_seconds=round(found.median.total_seconds()),
            slowest_tenth_seconds=round(found.slowest_tenth.total_seconds()),
        )  # fmt: skip


class FunnelView(BaseModel):
    """Numbers of links that were made in the months, and of those that came so far."""

    made: int = Field(examples=[20])
    opened: int = Field(examples=[17])
    agreed: int = Field(examples=[15])
    verified: int = Field(examples=[14])


class BlockerCountView(BaseModel):
    """Access requests of active links that a blocker holds up now."""

    code: str = Field(examples=["not_bc_admin"])
    count: int = Field(examples=[2])
    waiting_seconds: int = Field(description="Median of their waits.", examples=[7200])


class TimeToAccess(BaseModel):
    """Durations, steps that links reached, and what holds them up now."""

    overall: DurationsView | None = Field(description="Null: no link was verified.")
    by_month: list[DurationsView]
    by_preset: list[DurationsView] = Field(description="Of all presets.")
    by_platform: list[DurationsView] = Field(description="Until the last access on that platform was proved.")
    funnel: FunnelView
    blockers: list[BlockerCountView] = Field(description="The most frequent first.")


@router.get("")
async def get_time_to_access(
    caller: Reader, session: Session, months: Months = 6, preset: OfPreset = None
) -> TimeToAccess:
    """Return how long clients take from opening a link to verified access, by month, preset and platform."""
    agency_id, since = caller.agency_id, service.start(months)
    overall = await service.overall(session, agency_id, since=since, preset=preset)
    funnel = await service.funnel(session, agency_id, since=since, preset=preset)
    monthly = await service.by_month(session, agency_id, since=since, preset=preset)
    by_preset = await service.by_preset(session, agency_id, since=since)
    by_platform = await service.by_platform(session, agency_id, since=since, preset=preset)
    return TimeToAccess(
        overall=DurationsView.of(overall) if overall else None,
        by_month=[DurationsView.of(each) for each in monthly],
        by_preset=[DurationsView.of(each) for each in by_preset],
        by_platform=[DurationsView.of(each) for each in by_platform],
        funnel=FunnelView(made=funnel.made, opened=funnel.opened, agreed=funnel.agreed, verified=funnel.verified),
        blockers=[
            BlockerCountView(code=each.code, count=each.count, waiting_seconds=round(each.waiting.total_seconds()))
            for each in await service.blockers(session, agency_id, preset=preset)
        ],
    )


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"description": "The table.", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_time_to_access(
    caller: Reader, session: Session, months: Months = 6, preset: OfPreset = None, table: OfTable = "month"
) -> Response:
    """Download one table as CSV, with durations in seconds."""
    text = await service.as_csv(session, caller.agency_id, table, since=service.start(months), preset=preset)
    return Response(text, media_type="text/csv", headers=download(service.file_name(table)))
