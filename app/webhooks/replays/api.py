"""JSON routes: replays, and activation of an endpoint."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Body, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from app.kit import clock
from app.kit.database import Session
from app.kit.input.fields import EventTypeName, Line200, Moment, PublicId, RequestShape
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router
from app.webhooks.models import EndpointStatus, Replay, ReplaySelect
from app.webhooks.replays import service
from app.webhooks.replays.service import ReplayMatches, ReplayProgress, Selection

router = api_router("/webhooks")
Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]
Rate = Annotated[int, Field(ge=1, le=50, description="Deliveries queued per second.", examples=[10])]
Types = Annotated[list[EventTypeName], Field(max_length=100, examples=[["access.*"]])]
_SELECT = (
    "`failed`: ended without success; `missing`: events of its types without a delivery; `skipped`: events while the "
    "endpoint was disabled; `all`: all of these, and succeeded deliveries."
)


class NewReplay(RequestShape):
    """Events to send again, and the endpoint."""

    endpoint_id: PublicId = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    since: Moment = Field(description="Events at this time or later; at most 30 days before `until`.")
    until: Moment | None = Field(
        None, description="Events before this time; default: now.", examples=["2026-12-31T12:00:00Z"]
    )
    select: ReplaySelect = Field(description=_SELECT, examples=["failed"])
    event_types: Types = Field(default_factory=list, description="Names or `access.*`; empty: all.")
    subjects: list[Line200] = Field(
        default_factory=list, max_length=100, description="Ids of the subjects of events; empty: all.",
        examples=[["link_01ksy1q3e0fzs8qj5m8g3d4w7s"]],
    )  # fmt: skip
    rate_per_second: Rate = 10
    dry_run: bool = Field(False, description="Only return the number of events.")

    def selection(self, now: datetime) -> Selection:
        """The selection for the service."""
        until = min(self.until or now, now)
        return Selection(self.select, self.since, until, self.event_types, self.subjects)


class PreviewView(BaseModel):
    """Preview of a replay."""

    matched: int = Field(examples=[312])
    sample_event_ids: list[str] = Field(
        description="Ids of the first events.", examples=[["evt_01ksy1q3e0fzs8qj5m8g3d4w7y"]]
    )


class ReplayView(BaseModel):
    """A replay with its progress."""

    id: str = Field(examples=["replay_01ksy1q3e0fzs8qj5m8g3d4w81"])
    endpoint_id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    select: ReplaySelect = Field(examples=["failed"])
    since: str = Field(examples=["2026-12-01T00:00:00.000Z"])
    until: str = Field(examples=["2026-12-04T13:32:10.123Z"])
    event_types: list[str] = Field(examples=[["access.*"]])
    subjects: list[str] = Field(examples=[["link_01ksy1q3e0fzs8qj5m8g3d4w7s"]])
    rate_per_second: int = Field(examples=[10])
    status: Literal["running", "completed", "cancelled"] = Field(examples=["running"])
    matched: int = Field(description="Events that matched at the start.", examples=[312])
    queued: int = Field(description="Deliveries queued so far.", examples=[120])
    delivered: int = Field(description="Queued deliveries that succeeded.", examples=[98])
    failed: int = Field(description="Queued deliveries that ended without success.", examples=[2])
    pending: int = Field(description="Queued deliveries that are open.", examples=[20])
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])
    ended_at: str | None = Field(examples=[None])


class Activation(RequestShape):
    """Replay to start with the activation of an endpoint."""

    replay: Literal["none"] | ReplaySelect = Field("none", description=_SELECT, examples=["failed"])
    since: Moment | None = Field(
        None,
        description="Events at this time or later; default: since the endpoint began to fail or was disabled.",
        examples=["2026-12-01T00:00:00Z"],
    )
    rate_per_second: Rate = 10


class ActivationView(BaseModel):
    """An activated endpoint, and the replay that was started for it."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    status: EndpointStatus = Field(examples=["active"])
    replay: ReplayView | None


def preview_view(found: ReplayMatches) -> PreviewView:
    """Response from the matches of a selection."""
    return PreviewView(matched=found.matched, sample_event_ids=found.sample)


def replay_view(row: Replay, progress: ReplayProgress | None = None) -> ReplayView:
    """Response from the row and its progress."""
    so_far = progress or ReplayProgress()
    return ReplayView(
        id=row.id,
        endpoint_id=row.endpoint_id,
        select=row.selected,
        since=clock.iso(row.since) or "",
        until=clock.iso(row.until) or "",
        event_types=row.event_types,
        subjects=row.subject_ids,
        rate_per_second=row.rate_per_second,
        status=row.status,
        matched=row.matched,
        queued=row.queued,
        delivered=so_far.delivered,
        failed=so_far.failed,
        pending=so_far.pending,
        created_at=clock.iso(row.created_at) or "",
        ended_at=clock.iso(row.ended_at),
    )


@router.post(
    "/replays",
    status_code=201,
    response_model=ReplayView,
    responses={200: {"model": PreviewView, "description": "What it would send (`dry_run`); nothing was written."}},
)
async def start_replay(caller: Writer, session: Session, given: NewReplay) -> ReplayView | Response:
    """Start a replay: send missed events, or all of a time span, to an endpoint again at a limited rate.

    Deliveries keep their `webhook-id` and have the header `x-keyturn-replay: true`. At most 2 replays run at once.
    """
    selection = given.selection(clock.now())
    if given.dry_run:
        found = await service.preview(session, caller.agency_id, given.endpoint_id, selection)
        return JSONResponse(preview_view(found).model_dump(mode="json"))
    replay = await service.start(
        session, caller.agency_id, given.endpoint_id, selection,
        rate_per_second=given.rate_per_second, actor=caller.actor,
    )  # fmt: skip
    return replay_view(replay)


@router.get("/replays")
async def list_replays(
    caller: Reader,
    session: Session,
    endpoint_id: Annotated[str | None, Query(max_length=64, description="Filter by endpoint.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReplayView]:
    """List the replays of the agency, newest first."""
    rows = await service.page(
        session, caller.agency_id, limit=limit + 1, before=before(cursor, "replay"), endpoint_id=endpoint_id
    )
    progress = await service.progress(session, caller.agency_id, [row.id for row in rows])
    return by_id([replay_view(row, progress.get(row.id)) for row in rows], limit)


@router.get("/replays/{replay_id}")
async def get_replay(caller: Reader, session: Session, replay_id: str) -> ReplayView:
    """Return one replay with its progress."""
    row = await service.find(session, caller.agency_id, replay_id)
    progress = await service.progress(session, caller.agency_id, [row.id])
    return replay_view(row, progress.get(row.id))


@router.post("/replays/{replay_id}/cancellation")
async def cancel_replay(caller: Writer, session: Session, replay_id: str) -> ReplayView:
    """Cancel a replay and its queued deliveries that are not in flight."""
    row = await service.cancel(session, caller.agency_id, replay_id, actor=caller.actor)
    progress = await service.progress(session, caller.agency_id, [row.id])
    return replay_view(row, progress.get(row.id))


@router.post("/endpoints/{endpoint_id}/activation")
async def activate_endpoint(
    caller: Writer, session: Session, endpoint_id: str, given: Annotated[Activation, Body(default_factory=Activation)]
) -> ActivationView:
    """Activate an endpoint: send one delivery first as a probe, then the others. Optionally replay missed events."""
    selection = None
    if given.replay != "none":
        now = clock.now()
        since = given.since or await service.trouble_since(session, caller.agency_id, endpoint_id, now)
        selection = Selection(given.replay, since, now)
    endpoint, replay = await service.activate(
        session, caller.agency_id, endpoint_id, selection, rate_per_second=given.rate_per_second, actor=caller.actor
    )
    return ActivationView(id=endpoint.id, status=endpoint.status, replay=replay_view(replay) if replay else None)
