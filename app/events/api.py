"""JSON routes: what happened."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.events import catalogue, queries
from app.events.body import Envelope
from app.kit import ids
from app.kit.database import Session
from app.kit.refusal import Malformed
from app.kit.web.paging import Cursor, CursorWrong, Limit, Page, pack, unpack
from app.people.members.caller import Caller, requires
from app.people.members.route import ApiRoute

router = APIRouter(prefix="/events", tags=["events"], route_class=ApiRoute)

Reader = Annotated[Caller, requires("events:read")]


@router.get("")
async def list_events(
    caller: Reader,
    session: Session,
    types: Annotated[
        str,
        Query(max_length=2000, description="Names, comma-separated.", examples=["link.opened,ask.verified"]),
    ] = "",
    subject_id: Annotated[
        str | None, Query(max_length=90, pattern=r"^\w+$", examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Envelope]:
    """What happened in your agency, newest first. An event that commits late is never skipped."""
    rows = await queries.newest(
        session, caller.agency_id, limit=limit + 1, before=_before(cursor), types=_known(types),
        subject_id=subject_id,
    )  # fmt: skip
    last = rows[limit - 1].event if len(rows) > limit else None
    return Page(
        data=[queries.envelope(row) for row in rows[:limit]],
        next_cursor=pack(last.transaction_id, last.id) if last else None,
    )


@router.get("/{event_id}")
async def read_event(caller: Reader, session: Session, event_id: str) -> Envelope:
    """One event in full, for receivers of thin payloads."""
    return queries.envelope(await queries.find(session, caller.agency_id, event_id))


def _known(types: str) -> list[str]:
    names = [name.strip() for name in types.split(",") if name.strip()]
    unknown = next((name for name in names if name not in catalogue.TYPES), None)
    if unknown is not None:
        raise Malformed(fields={"types": f"There is no event type {unknown!r}."})
    return names


def _before(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    transaction, event_id = unpack(cursor, int, str)
    try:
        ids.parse("evt", str(event_id))
    except ids.MalformedId as problem:
        raise CursorWrong from problem
    return int(transaction), str(event_id)
