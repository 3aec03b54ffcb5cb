"""JSON routes: the audit log and its export."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from app.audit import entries, export
from app.audit.entries import AuditFilter
from app.audit.export import MEDIA_TYPES, AuditEntryView, Format
from app.kit.actor import ActorKind
from app.kit.audit import audited
from app.kit.database import Session
from app.kit.errors import InvalidInput
from app.kit.input.fields import Moment, PublicId, Word
from app.kit.web.paging import Cursor, Limit, Page, pack
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/audit")

Reader = Annotated[Principal, requires("audit:read")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One entry per line, oldest first.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()},
    }
}


@dataclass(frozen=True)
class AuditQuery:
    """Filters of the audit log."""

    actor_kind: Annotated[ActorKind | None, Query(description="Only changes by this kind of principal.")] = None
    actor_id: Annotated[PublicId | None, Query(description="Only changes by this one.")] = None
    subject_type: Annotated[
        Word | None, Query(description="Only changes of things of this type.", examples=["endpoint"])
    ] = None
    subject_id: Annotated[PublicId | None, Query(description="Only changes of this one.")] = None
    link_id: Annotated[
        PublicId | None, Query(description="Only changes of this link, its platforms, access requests and buyers.")
    ] = None
    request_id: Annotated[
        PublicId | None, Query(description="Only changes that this request made: the header X-Request-Id.")
    ] = None
    since: Annotated[Moment | None, Query(description="Only changes at this time or later.")] = None
    until: Annotated[Moment | None, Query(description="Only changes before this time.")] = None

    def wanted(self) -> AuditFilter:
        """The filter as queries take it. Raises InvalidInput."""
        if self.subject_type and self.subject_type not in audited():
            raise InvalidInput(fields={"subject_type": f"Use one of: {', '.join(sorted(audited()))}."})
        return AuditFilter(**vars(self))


@router.get("")
async def list_audit(
    caller: Reader,
    session: Session,
    sought: Annotated[AuditQuery, Depends()],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AuditEntryView]:
    """List who changed what, newest first: settings, keys, clients, links, presets, endpoints and buyers.

    Events tell what happened; the audit log tells which values a change had before and after it.
    """
    before = None if cursor is None else entries.place(cursor)
    found = await entries.newest(session, caller.agency_id, sought.wanted(), limit=limit + 1, before=before)
    return Page(
        data=[AuditEntryView.of(record) for record in found[:limit]],
        next_cursor=pack(*found[limit - 1].place) if len(found) > limit else None,
    )


@router.get("/export", response_class=Response, responses=_FILE)
async def export_audit(
    request: Request,
    caller: Reader,
    sought: Annotated[AuditQuery, Depends()],
    format: Annotated[Format, Query(description="JSON Lines, or CSV for spreadsheets.")] = "jsonl",
) -> Response:
    """Download the audit log, oldest entry first, as JSON Lines or CSV."""
    return export.of_entries(services_of(request).sessions, caller.agency_id, sought.wanted(), format)
