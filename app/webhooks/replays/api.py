"""JSON routes: replays, and sending to an endpoint again."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from app.kit import clock
from app.kit.database import Session
from app.kit.input.fields import EventTypeName, Line200, Moment, PublicId, RequestShape
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.models import EndpointStatus, Replay, ReplaySelect
from app.webhooks.replays import service
from app.webhooks.replays.service import Progress, ReplayMatches, Selection

router = APIRouter(prefix="/webhooks", route_class=ApiRoute)
Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]
Rate = Annotated[int, Field(ge=1, le=50, description="How many are queued a second.", examples=[10])]
Types = Annotated[list[EventTypeName], Field(max_length=100, examples=[["access.*"]])]
_SELECT = (
    "`failed`: given up; `missing`: events that the endpoint wants today and has no delivery of; `skipped`: what "
    "happened while it was disabled; `all`: all of these, and what it got already."
)


class NewReplay(RequestShape):
    """Events to send again, and the endpoint."""

    endpoint_id: PublicId = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    since: Moment = Field(description="Events that happened then or later; at most 30 days before `until`.")
    until: Moment | None = Field(
        None, description="And before this; now unless given.", examples=["2026-12-31T12:00:00Z"]
    )
    select: ReplaySelect = Field(description=_SELECT, examples=["failed"])
    event_types: Types = Field(default_factory=list, description="Names or `access.*`; none: all.")
    subjects: list[Line200] = Field(
        default_factory=list, max_length=100, description="Ids of what events are about; none: all.",
        examples=[["link_01ksy1q3e0fzs8qj5m8g3d4w7s"]],
    )  # fmt: skip
    rate_per_second: Rate = 10
    dry_run: bool = Field(False, description="Only says how many that would be.")

    def selection(self, now: datetime) -> Selection:
        """As the actions take it."""
        until = min(self.until or now, now)
        return Selection(self.select, self.since, until, self.event_types, self.subjects)


class PreviewView(BaseModel):
    """Preview of a replay."""

    matched: int = Field(examples=[312])
    sample_event_ids: list[str] = Field(description="The first few.", examples=[["evt_01ksy1q3e0fzs8qj5m8g3d4w7y"]])


class ReplayView(BaseModel):
    """A replay, and how far it has come."""

    id: str = Field(examples=["replay_01ksy1q3e0fzs8qj5m8g3d4w81"])
    endpoint_id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    select: ReplaySelect = Field(examples=["failed"])
    since: str = Field(examples=["2026-12-01T00:00:00.000Z"])
    until: str = Field(examples=["2026-12-04T13:32:10.123Z"])
    event_types: list[str] = Field(examples=[["access.*"]])
    subjects: list[str] = Field(examples=[["link_01ksy1q3e0fzs8qj5m8g3d4w7s"]])
    rate_per_second: int = Field(examples=[10])
    status: Literal["running", "completed", "cancelled"] = Field(examples=["running"])
    matched: int = Field(description="How many it found when it was asked for.", examples=[312])
    queued: int = Field(description="How many it has queued so far.", examples=[120])
    delivered: int = Field(description="Of those queued, how many have arrived.", examples=[98])
    failed: int = Field(description="How many were given up or called off.", examples=[2])
    pending: int = Field(description="How many are still on their way.", examples=[20])
    created_at: str = Field(examples=["2026-12-04T13:32:10.123Z"])
    ended_at: str | None = Field(examples=[None])


class Activation(RequestShape):
    """Replay that comes with the activation of an endpoint."""

    replay: Literal["none"] | ReplaySelect = Field("none", description=_SELECT, examples=["failed"])
    since: Moment | None = Field(
        None,
        description="Events that happened then or later; unless given, since it last began to fail or was disabled.",
        examples=["2026-12-01T00:00:00Z"],
    )
    rate_per_second: Rate = 10


class ActivationView(BaseModel):
    """An endpoint that is sent to again, and the replay that was started for it."""

    id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    status: EndpointStatus = Field(examples=["active"])
    replay: ReplayView | None


def preview_view(found: ReplayMatches) -> PreviewView:
    """From what was found."""
    return PreviewView(matched=found.matched, sample_event_ids=found.sample)


def replay_view(row: Replay, progress: Progress | None = None) -> ReplayView:
    """From the row, and what became of what it queued."""
    so_far = progress or Progress()
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
    """Sends an endpoint again what it did not get, or all of a span of time, a little at a time.

    Deliveries keep their `webhook-id` and carry `x-keyturn-replay: true`. At most 2 run at once.
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
async def list_replays(caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None) -> Page[ReplayView]:
    """The replays of the agency, newest first."""
    rows = await service.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "replay"))
    progress = await service.progress(session, caller.agency_id, [row.id for row in rows])
    return by_id([replay_view(row, progress.get(row.id)) for row in rows], limit)


@router.get("/replays/{replay_id}")
async def get_replay(caller: Reader, session: Session, replay_id: str) -> ReplayView:
    """One replay, and how far it has come."""
    row = await service.find(session, caller.agency_id, replay_id)
    progress = await service.progress(session, caller.agency_id, [row.id])
    return replay_view(row, progress.get(row.id))


@router.post("/replays/{replay_id}/cancellation")
async def cancel_replay(caller: Writer, session: Session, replay_id: str) -> ReplayView:
    """Ends a replay; what it queued and nobody is sending yet is cancelled."""
    row = await service.cancel(session, caller.agency_id, replay_id, actor=caller.actor)
    progress = await service.progress(session, caller.agency_id, [row.id])
    return replay_view(row, progress.get(row.id))


@router.post("/endpoints/{endpoint_id}/activation")
async def activate_endpoint(
    caller: Writer, session: Session, endpoint_id: str, given: Annotated[Activation, Body(default_factory=Activation)]
) -> ActivationView:
    """Sends to an endpoint again, one delivery first to see how it does, and if wanted what it missed."""
    selection = None
    if given.replay != "none":
        now = clock.now()
        since = given.since or await service.trouble_since(session, caller.agency_id, endpoint_id, now)
        selection = Selection(given.replay, since, now)
    endpoint, replay = await service.activate(
        session, caller.agency_id, endpoint_id, selection, rate_per_second=given.rate_per_second, actor=caller.actor
    )
    return ActivationView(id=endpoint.id, status=endpoint.status, replay=replay_view(replay) if replay else None)
