"""JSON routes: the audit log with its export, its seals and their verification."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response

from app.audit import canonical, entries, export, seals
from app.audit.canonical import SealUnreadable
from app.audit.entries import AuditFilter
from app.audit.export import MEDIA_TYPES, AuditEntryView, Format, SealView, VerificationView
from app.audit.verification import Verifier
from app.kit.actor import ActorKind
from app.kit.audit import audited
from app.kit.database import Session
from app.kit.errors import InvalidInput, NotFound
from app.kit.input.fields import Moment, PublicId, Word
from app.kit.web.paging import Cursor, CursorWrong, Limit, Page, pack, unpack
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/audit")

Reader = Annotated[Principal, requires("audit:read")]
#: A seal's number is shorter, a printed seal longer.
_DIGITS = 19
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One entry per line, oldest first.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()},
    }
}
_SEALED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A line for each seal, followed by a line for each of its records: docs/audit.md.",
        "content": {MEDIA_TYPES["jsonl"]: {"schema": {"type": "string", "format": "binary"}}},
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


@router.get("/seals")
async def list_audit_seals(
    caller: Reader, session: Session, cursor: Cursor = None, limit: Limit = 50
) -> Page[SealView]:
    """List seals, newest first: hashes that chain all events and audit entries of your agency.

    Keep one outside of this installation from time to time: it proves later that nothing before it was changed.
    """
    before = None if cursor is None else int(unpack(cursor, int)[0])
    if before is not None and not 0 <= before < 2**63:
        raise CursorWrong
    found = await seals.newest_first(session, caller.agency_id, before=before, limit=limit + 1)
    return Page(
        data=[SealView.of(each) for each in found[:limit]],
        next_cursor=pack(found[limit - 1].number) if len(found) > limit else None,
    )


@router.get("/seals/export", response_class=Response, responses=_SEALED, dependencies=[requires("events:read")])
async def export_audit_seals(request: Request, caller: Reader) -> Response:
    """Download all seals with the events and audit entries that they cover, to verify them with another program."""
    return export.of_seals(services_of(request).sessions, caller.agency_id)


@router.get("/seals/{seal}")
async def get_audit_seal(
    caller: Reader,
    session: Session,
    seal: Annotated[str, Path(description="Its number, or the seal as it is printed on a receipt.")],
) -> SealView:
    """Return one seal. A printed one is only found if it is the same."""
    try:
        number, digits = (int(seal), "") if seal.isdecimal() and len(seal) < _DIGITS else canonical.parse(seal)
    except SealUnreadable as problem:
        raise NotFound from problem
    found = await seals.find(session, caller.agency_id, number)
    if found is None or not found.seal.hex().startswith(digits):
        raise NotFound
    return SealView.of(found)


@router.get("/verification")
async def get_audit_verification(
    request: Request,
    caller: Reader,
    after: Annotated[int, Query(ge=0, lt=2**63, description="Begin after the seal of this number.")] = 0,
    limit: Limit = 50,
) -> VerificationView:
    """Verify seals, the oldest first: compute them again from the stored events and audit entries.

    Repeat with `next_after` until it is null. `keyturn audit verify` does so for all, on the machine of the
    installation.
    """
    services = services_of(request)
    done = await Verifier(services.sessions, services.keyring, caller.agency_id).run(after=after, most=limit)
    return VerificationView.of(done)
