"""Entries and seals as they leave Keyturn: one as JSON, many as a file of JSON Lines or CSV."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.audit import canonical, entries, seals
from app.audit.entries import AuditFilter, AuditRecord
from app.audit.seals import Seal
from app.audit.verification import Deviation, Problem, Verification
from app.kit.database import Sessions
from app.kit.i18n.locales import english
from app.kit.input.fields import Time
from app.kit.web.headers import download

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


class SealView(BaseModel):
    """One seal: a hash of the events and audit entries since the previous seal, and of that seal."""

    number: int = Field(description="1, 2, 3 … of your agency.", examples=[214])
    sealed_at: Time
    records: int = Field(description="Number of the events and audit entries that it covers.", examples=[12])
    total: int = Field(description="Number of those that it and all seals before it cover.", examples=[4812])
    previous: str = Field(description="The seal before it; zeros for the first one.", examples=["0" * 64])
    seal: str = Field(
        description="SHA-256, hexadecimal.",
        examples=["5a0c1f6e3b7d4982a1c6e0f35b7d92846c1e3f5a7b9d0c2e4f6a8b0d1c3e5f70"],
    )
    printed: str = Field(
        description="Short form on receipts: the number, and the first 20 digits.",
        examples=["214-5a0c-1f6e-3b7d-4982-a1c6"],
    )

    @classmethod
    def of(cls, seal: Seal) -> "SealView":
        """The seal as the API shows it."""
        return cls(
            number=seal.number, sealed_at=seal.sealed_at, records=len(seal.record_ids), total=seal.total,
            previous=seal.previous.hex(), seal=seal.seal.hex(), printed=seal.printed,
        )  # fmt: skip


class DeviationView(BaseModel):
    """The first thing that is not as it was sealed."""

    problem: Problem = Field(examples=["removed"])
    record_id: str | None = Field(description="The event or audit entry.", examples=["evt_01ksy1q3e0fzs8qj5m8g3d4w82"])
    seal: int | None = Field(description="Number of the seal.", examples=[214])
    sentence: str = Field(examples=["evt_01ksy1q3e0fzs8qj5m8g3d4w82 was removed; seal 214 covers it."])

    @classmethod
    def of(cls, found: Deviation) -> "DeviationView":
        """The deviation as the API shows it."""
        words = english(found.sentence)
        return cls(problem=found.problem, record_id=found.record_id, seal=found.seal, sentence=words)


class VerificationView(BaseModel):
    """Result of a verification of seals."""

    is_intact: bool
    seals: int = Field(description="Verified seals.", examples=[50])
    records: int = Field(description="Verified events and audit entries.", examples=[4812])
    erased: int = Field(description="Those whose personal part was erased. That is allowed.", examples=[0])
    through: int | None = Field(description="Number of the last verified seal.", examples=[214])
    next_after: int | None = Field(description="Give it as `after` to go on; null at the end.", examples=[None])
    waiting: int | None = Field(description="Records that are not sealed yet; null before the end.", examples=[3])
    deviation: DeviationView | None

    @classmethod
    def of(cls, done: Verification) -> "VerificationView":
        """The result as the API shows it."""
        found, through = done.deviation, done.through.number if done.through else None
        return cls(
            is_intact=found is None, seals=done.seals, records=done.records, erased=done.erased, through=through,
            next_after=through if done.is_partial else None, waiting=None if done.is_partial else done.waiting,
            deviation=DeviationView.of(found) if found else None,
        )  # fmt: skip


def of_seals(sessions: Sessions, agency_id: str) -> StreamingResponse:
    """The file of all seals and the records that they cover, with all that a program needs to verify them."""
    return StreamingResponse(
        _sealed(sessions, agency_id), media_type=MEDIA_TYPES["jsonl"],
        headers=download("seals.jsonl"),
    )  # fmt: skip


async def _sealed(sessions: Sessions, agency_id: str) -> AsyncIterator[str]:
    """A line for each seal, followed by a line for each record up to its last one, as they are now."""
    number, place = 0, seals.START
    while True:
        async with sessions() as session:
            page = await seals.page(session, agency_id, after=number, limit=1)
        if not page:
            return
        [seal] = page
        about = {"number": seal.number, "seal": seal.seal.hex(), "header": seal.header, "record_ids": seal.record_ids}
        yield canonical.text(about) + "\n"
        committed = {record_id: commitment.hex() for record_id, _, commitment in seal.records}
        async for record in seals.in_order(sessions, agency_id, place, until=seal.place):
            about = {"content": record.content, "commitment": committed.get(record.id, canonical.NONE.hex())}
            personal = {"personal": record.personal, "salt": record.salt} if record.personal else {}
            yield canonical.text({**about, **personal}) + "\n"
        number, place = seal.number, seal.place


def of_entries(sessions: Sessions, agency_id: str, wanted: AuditFilter, format: Format) -> StreamingResponse:
    """The file of all entries of a filter, oldest first. Raises MalformedId before the answer begins."""
    wanted.conditions()
    records = entries.in_order(sessions, agency_id, wanted)
    return StreamingResponse(
        _csv(records) if format == "csv" else _jsonl(records),
        media_type=MEDIA_TYPES[format],
        headers=download(f"audit.{format}"),
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
