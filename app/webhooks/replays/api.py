"""JSON routes: replays, and sending to an endpoint again."""

from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse, Response

from app.kit import clock
from app.kit.database import Session
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.replays import queries, service
from app.webhooks.replays.schemas import (
    Activation,
    ActivationView,
    NewReplay,
    PreviewView,
    ReplayView,
    preview_view,
    replay_view,
)
from app.webhooks.replays.selecting import Selection

router = APIRouter(prefix="/webhooks", route_class=ApiRoute)

Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]


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
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "replay"))
    progress = await queries.progress(session, caller.agency_id, [row.id for row in rows])
    return by_id([replay_view(row, progress.get(row.id)) for row in rows], limit)


@router.get("/replays/{replay_id}")
async def get_replay(caller: Reader, session: Session, replay_id: str) -> ReplayView:
    """One replay, and how far it has come."""
    row = await queries.find(session, caller.agency_id, replay_id)
    progress = await queries.progress(session, caller.agency_id, [row.id])
    return replay_view(row, progress.get(row.id))


@router.post("/replays/{replay_id}/cancellation")
async def cancel_replay(caller: Writer, session: Session, replay_id: str) -> ReplayView:
    """Ends a replay; what it queued and nobody is sending yet is cancelled."""
    row = await service.cancel(session, caller.agency_id, replay_id, actor=caller.actor)
    progress = await queries.progress(session, caller.agency_id, [row.id])
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
