"""Entries of the audit log as they leave Keyturn: one as JSON, and all of a filter as JSON Lines or CSV."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.audit import entries
from app.audit.entries import AuditFilter, AuditRecord
from app.kit.database import Sessions
from app.kit.input.fields import Time

Format = Literal["jsonl", "csv"]
MEDIA_TYPES: dict[Format, str] = {"jsonl": "application/jsonl", "csv": "text/csv"}
#: First characters of cells that spreadsheets may read as a formula (OWASP, CSV injection).
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


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


def of_entries(sessions: Sessions, agency_id: str, wanted: AuditFilter, format: Format) -> StreamingResponse:
    """The file of all entries of a filter, oldest first. Raises MalformedId before the answer begins."""
    wanted.conditions()
    records = entries.in_order(sessions, agency_id, wanted)
    return StreamingResponse(
        _csv(records) if format == "csv" else _jsonl(records),
        media_type=MEDIA_TYPES[format],
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
