"""JSON routes: the event feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog, change_feed, queries, rendering
from app.events.change_feed import START, Followed, Place
from app.events.queries import EventFilter
from app.events.rendering import API_VERSION, ApiVersion, Envelope, EventRecord
from app.kit import ids
from app.kit.database import Session, Sessions, reading
from app.kit.errors import InvalidInput
from app.kit.input.fields import Moment
from app.kit.web.paging import Cursor, CursorWrong, Limit, Page, pack, unpack
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/events")

Reader = Annotated[Principal, requires("events:read")]
VersionOfBodies = Annotated[ApiVersion, Query(description="Version of the bodies.", examples=[API_VERSION])]
_AFTER = (
    "Follows the feed: events oldest first, in commit order, after this position. Give the `next_cursor` of the last "
    "response, the id of an event, or nothing (`after=`) for all events. `next_cursor` is then always present."
)


@dataclass(frozen=True)
class EventQuery:
    """Filters and page size of the event list."""

    types: Annotated[
        str,
        Query(max_length=2000, description="Names or `access.*`, comma-separated.", examples=["link.opened,access.*"]),
    ] = ""
    subject_id: Annotated[
        str | None, Query(max_length=90, pattern=r"^\w+$", examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    ] = None
    since: Annotated[Moment | None, Query(description="Only events at this time or later.")] = None
    until: Annotated[Moment | None, Query(description="Only events before this time.")] = None
    limit: Limit = 50
    api_version: VersionOfBodies = API_VERSION

    def wanted(self) -> EventFilter:
        """The filter as queries take it. Raises InvalidInput."""
        return EventFilter(_known(self.types), self.subject_id, self.since, self.until)

    def page(self, request: Request, found: Sequence[EventRecord], next_cursor: str | None) -> Page[Envelope]:
        """A page of these events."""
        return Page(data=[_shown(request, each, self.api_version) for each in found], next_cursor=next_cursor)


@router.get("")
async def list_events(
    request: Request,
    caller: Reader,
    sought: Annotated[EventQuery, Depends()],
    cursor: Cursor = None,
    after: Annotated[str | None, Query(max_length=400, description=_AFTER)] = None,
    wait: Annotated[int, Query(ge=0, le=25, description="With `after`: seconds to wait for the next event.")] = 0,
) -> Page[Envelope]:
    """List events, newest first, or oldest first after a cursor. An event that commits late is never skipped."""
    if after is None and wait:
        raise InvalidInput(fields={"wait": "Give `after` too: there is nothing to wait for in a list."})
    if after is not None and cursor is not None:
        raise InvalidInput(fields={"cursor": "Give either `cursor` or `after`."})
    if after is None:
        return await _newest(request, caller.agency_id, sought, cursor)
    return await _next(request, caller.agency_id, sought, after, wait)


@router.get("/{event_id}")
async def get_event(
    request: Request, caller: Reader, session: Session, event_id: str, api_version: VersionOfBodies = API_VERSION
) -> Envelope:
    """Return one event in full, for receivers of thin payloads."""
    return _shown(request, await queries.find(session, caller.agency_id, event_id), api_version)


async def _newest(request: Request, agency_id: str, sought: EventQuery, cursor: str | None) -> Page[Envelope]:
    before = None if cursor is None else _place(cursor)
    async with reading(services_of(request).sessions) as session:
        rows = await queries.newest(
            session, agency_id, limit=sought.limit + 1, before=before, wanted=sought.wanted()
        )  # fmt: skip
    last = rows[sought.limit - 1] if len(rows) > sought.limit else None
    return sought.page(request, rows[: sought.limit], pack(last.transaction_id, last.id) if last else None)


async def _next(request: Request, agency_id: str, sought: EventQuery, after: str, wait: int) -> Page[Envelope]:
    sessions: Sessions = services_of(request).sessions
    wanted = sought.wanted()
    if after.startswith("evt_"):
        async with reading(sessions) as session:
            place = await change_feed.place_of(session, agency_id, after)
    else:
        place = _place(after) if after else START

    async def once(session: AsyncSession, beyond: Place) -> Followed:
        return await change_feed.look(session, agency_id, beyond, limit=sought.limit, wanted=wanted)

    found = await change_feed.follow(sessions, once, place, seconds=wait, gone=request.is_disconnected)
    return sought.page(request, found.events, pack(*found.place))


def _shown(request: Request, found: EventRecord, version: str) -> Envelope:
    return Envelope.model_validate(rendering.body(found, version, public_url=services_of(request).public_url))


def _known(types: str) -> list[str]:
    """The names of all requested event types. Raises InvalidInput."""
    known: list[str] = []
    for pattern in filter(None, map(str.strip, types.split(","))):
        names = catalog.named(pattern)
        if not names:
            raise InvalidInput(fields={"types": f"There is no event type {pattern!r}."})
        known += names
    return known


def _place(cursor: str) -> Place:
    transaction, event_id = unpack(cursor, int, str)
    try:
        ids.parse("evt", str(event_id))
    except ids.MalformedId as problem:
        raise CursorWrong from problem
    if not 0 <= int(transaction) < 2**63:
        raise CursorWrong
    return int(transaction), str(event_id)
