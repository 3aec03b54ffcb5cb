"""JSON routes: the audit log and its export."""

import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from app.audit import entries
from app.audit.entries import AuditFilter, AuditRecord, Place
from app.kit import ids
from app.kit.actor import ActorKind
from app.kit.audit import audited
from app.kit.database import Session
from app.kit.errors import InvalidInput
from app.kit.input.fields import Moment, PublicId, Time, Word
from app.kit.web.paging import Cursor, CursorWrong, Limit, Page, pack, unpack
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/audit")

Reader = Annotated[Principal, requires("audit:read")]
Format = Literal["jsonl", "csv"]
_MEDIA_TYPES: dict[Format, str] = {"jsonl": "application/jsonl", "csv": "text/csv"}
#: First characters of cells that spreadsheets may read as a formula (OWASP, CSV injection).
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One entry per line, oldest first.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _MEDIA_TYPES.values()},
    }
}


class AuditEntryView(BaseModel):
    """One change of one thing. Personal parts may have been erased: then they are null or absent."""

    id: str = Field(examples=["audit_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    occurred_at: Time
    actor_kind: str = Field(
        description="Kind of principal: `api_key`, `member`, `client` or `system` (Keyturn itself, or its operator).",
        examples=["api_key"],
    )
    actor_id: str = Field(
        description="Id of the API key, the client, or the member (of an invitation, if somebody connected the "
        "agency with it). Of `system`: `worker`, `cli` (the "
        "command line), `keyturn` (a rule, during a request) or `database` (a change past Keyturn).",
        examples=["key_01ksy1q3e0fzs8qj5m8g3d4w7r"],
    )
    action: str = Field(description="`created`, `changed` or `deleted`.", examples=["changed"])
    subject_type: str = Field(examples=["client"])
    subject_id: str = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    link_id: str | None = Field(
        description="The link, for a change of a link, its platforms, access requests or buyers; else null.",
        examples=[None],
    )
    changed: list[str] = Field(
        description="The changed fields. Secrets appear only here, without their values.", examples=[["name"]]
    )
    before: dict[str, Any] = Field(description="Their values before the change.", examples=[{"name": "Brand"}])
    after: dict[str, Any] = Field(description="Their values after the change.", examples=[{"name": "Brand SA"}])
    request_id: str | None = Field(
        description="The request, as in the header X-Request-Id, in the log and in events.",
        examples=["req_01ksy1q3e0fzs8qj5m8g3d4w7r"],
    )
    network_address: str | None = Field(description="Address the request came from.", examples=["192.0.2.7"])
    user_agent: str | None = Field(description="Program that sent the request.", examples=["keyturn/0.1"])

    @classmethod
    def of(cls, record: AuditRecord) -> "AuditEntryView":
        """The entry as the API shows it."""
        entry, personal = record.entry, record.personal
        return cls(
            id=entry.id, occurred_at=entry.occurred_at, actor_kind=entry.actor_kind, actor_id=entry.actor_id,
            action=entry.action, subject_type=entry.subject_type, subject_id=record.subject_id,
            link_id=entry.link_id, changed=record.changed, before=record.before, after=record.after,
            request_id=entry.request_id, network_address=personal.network_address if personal else None,
            user_agent=personal.user_agent if personal else None,
        )  # fmt: skip


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
    before = None if cursor is None else _place(cursor)
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
    wanted = sought.wanted()
    wanted.conditions()  # a malformed id is refused before the answer begins
    records = entries.in_order(services_of(request).sessions, caller.agency_id, wanted)
    return StreamingResponse(
        _csv(records) if format == "csv" else _jsonl(records),
        media_type=_MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="audit.{format}"', "X-Content-Type-Options": "nosniff"},
    )


async def _jsonl(records: AsyncIterator[AuditRecord]) -> AsyncIterator[str]:
    async for record in records:
        yield AuditEntryView.of(record).model_dump_json() + "\n"


async def _csv(records: AsyncIterator[AuditRecord]) -> AsyncIterator[str]:
    names = list(AuditEntryView.model_fields)
    yield _line(names)
    async for record in records:
        view = AuditEntryView.of(record).model_dump(mode="json")
        yield _line([_cell(view[name]) for name in names])


def _line(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow(cells)
    return written.getvalue()


def _cell(value: Any) -> str:
    """A cell as text; one that a spreadsheet might execute begins with an apostrophe."""
    if value is None:
        return ""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _place(cursor: str) -> Place:
    transaction, entry_id = unpack(cursor, int, str)
    try:
        ids.parse("audit", str(entry_id))
    except ids.MalformedId as problem:
        raise CursorWrong from problem
    if not 0 <= int(transaction) < 2**63:
        raise CursorWrong
    return int(transaction), str(entry_id)
