"""Many links at once from a CSV: each row is checked and made for itself, and a report says what was done with it."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from app.dashboard import desk, link_csv
from app.dashboard.link_csv import HEADINGS, MOST_ROWS, CsvRow, CsvTable
from app.dashboard.link_form import (
    CLIENT_FIELDS,
    LINKS,
    KnownClient,
    chosen_accounts,
    impossible,
    lives,
    own_accounts,
    read_client,
    typed_accounts,
    with_links,
)
from app.dashboard.member_session import COOKIE, PATH, CurrentMember, Worker
from app.kit import clock
from app.kit.database import reading
from app.kit.errors import AppError
from app.kit.html import forms, language
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.kit.input.text import TypedWrong
from app.kit.web.request_checks import CSV_BYTES
from app.links import emails
from app.links import service as link_service
from app.links.models import Link
from app.links.presets import service as presets
from app.links.presets.preset import Preset
from app.links.service import DEFAULT_LIFE, DEFAULT_PRESET, LinkRequest
from app.services import services_of
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client
from app.tenants.members import service as members
from app.tenants.members.models import Member

router = forms.page_router()
CSV = f"{LINKS}/csv"
Result = Literal["made", "known", "wrong"]
RESULTS: Mapping[Result, Message] = {"made": _("Made"), "known": _("Known already"), "wrong": _("Wrong")}


@dataclass(frozen=True)
class RowReport:
    """The result of one row. `client`: the one that it is about; `link_id`: its new link, or the one that it has."""

    row: CsvRow
    result: Result
    said: Message
    link_id: str | None = None
    address: str = ""


@dataclass
class Batch:
    """Settings for all rows of one file, and the clients that they may be about, those made by it included."""

    caller: CurrentMember
    presets: Sequence[Preset]
    given: Mapping[str, str]
    accounts: Mapping[str, str]
    by_mail: bool
    members: Sequence[Member]
    known: list[KnownClient] = field(default_factory=list)


@router.get(CSV)
async def upload_page(request: Request, caller: Worker) -> Response:
    """The form for a file or for pasted rows."""
    given = {"preset": DEFAULT_PRESET, "days": str(DEFAULT_LIFE.days)}
    async with reading(services_of(request).sessions) as session:
        return await _page(request, session, caller, given, {})


@router.post(CSV)
async def make_many(request: Request, caller: Worker) -> Response:
    """Make a link for each row, and answer with the report, which is kept nowhere. The same file again makes nothing.

    Each row is a transaction: it is made as a whole, or not at all.
    """
    services = services_of(request)
    async with forms.read_with_files(request, most=1, field_bytes=CSV_BYTES) as form:
        forms.check_token(request, form, request.cookies[COOKIE])
        files = form.files("file")
        content = await files[0].read() if files else b""
    pasted = form.secret("rows")
    given = {name: form.line(name, most=64) for name in ("preset", "days", "send")}
    async with reading(services.sessions) as session:
        every = await presets.every(session, caller.agency_id)
        try:
            table = link_csv.read(link_csv.decoded(content) if files else pasted)
        except TypedWrong as wrong:
            problems = {"file" if files else "rows": wrong.message}
            shown = {**given, "rows": pasted if len(pasted) < CSV_BYTES // 16 else ""}
            return await _page(request, session, caller, shown, problems, status=422)
        if given["days"] not in dict(lives()) or given["preset"] not in {each.slug for each in every}:
            problems = {"preset": _("Choose what you need, and when the links end.")}
            return await _page(request, session, caller, {**given, "rows": pasted}, problems, status=422)
        batch = Batch(
            caller, every, given, typed_accounts(form),
            by_mail=given["send"] == "mail" and services.outbox is not None,
            members=await members.every(session, caller.agency_id),
            known=await _known(session, caller.agency_id, table),
        )  # fmt: skip
    reports = [await _done(request, batch, row) for row in table.rows]
    return desk.page(
        request, caller, "bulk_report", here=PATH, reports=reports, unused=table.unused, results=RESULTS,
        counts=Counter(each.result for each in reports), by_mail=batch.by_mail, download=_download(request, reports),
    )  # fmt: skip


async def _known(session: AsyncSession, agency_id: str, table: CsvTable) -> list[KnownClient]:
    """The clients of the agency that rows of a file may be about."""
    of = {name: {row.values.get(name, "") for row in table.rows} - {""} for name in CLIENT_FIELDS}
    found = await clients.alike(
        session, agency_id, names=of["name"], emails=of["contact_email"], external_ids=of["external_id"]
    )
    return await with_links(session, agency_id, found)


async def _done(request: Request, batch: Batch, row: CsvRow) -> RowReport:
    """Make the link of a row, unless it is wrong or its client has one."""
    form = Form(FormData(row.values))
    values = read_client(form)
    preset = _preset(batch, row.values.get("preset", ""))
    if row.problem or form.problems:
        return RowReport(row, "wrong", row.problem or next(iter(form.problems.values())))
    if preset is None:
        return RowReport(row, "wrong", _("There is no preset “{preset}”.", preset=row.values["preset"]))
    owner = _owner(batch, row.values.get("owner", ""))
    if owner is None:
        return RowReport(row, "wrong", _("There is no member “{member}”.", member=row.values["owner"]))
    known = _client_of(batch, values)
    if known and known.links:
        said = _("{client} has an active link already, so none was made.", client=known.client.name)
        return RowReport(row, "known", said, known.links[0].id)
    email = known.client.contact_email if known else values["contact_email"]
    if batch.by_mail and not email:
        return RowReport(row, "wrong", _("There is no e-mail address to send the link to."))
    try:
        client, link, address = await _make(request, batch, preset, values, known, owner)
    except AppError as refused:  # whatever it is: the links of the rows before are made, and the report names them
        return RowReport(row, "wrong", impossible(refused))
    batch.known.insert(0, KnownClient(client, [link]))
    said = _("For a client that you have already.") if known else _("For a new client.")
    return RowReport(row, "made", said, link.id, "" if batch.by_mail else address)


async def _make(
    request: Request, batch: Batch, preset: Preset, values: Mapping[str, str], known: KnownClient | None, owner: Member
) -> tuple[Client, Link, str]:
    services, caller = services_of(request), batch.caller
    async with services.sessions.begin() as session:
        made, address = await link_service.create_or_get_link(
            session,
            caller.agency_id,
            LinkRequest(
                preset=preset.slug,
                client_id=known.client.id if known else None,
                client={name: value or None for name, value in values.items()},
                expires_at=clock.now() + timedelta(days=int(batch.given["days"])),
                requested_by=caller.member.name,
                owner_member_id=owner.id,
                agency_account_ids=chosen_accounts(preset, batch.accounts),
            ),
            keyring=services.keyring,
            public_url=services.public_url,
            actor=caller.member.actor,
        )
        if batch.by_mail:
            await emails.send_invitation(
                session, caller.agency_id, made.link.id, outbox=services.outbox, platforms=services.platforms,
                actor=caller.member.actor,
            )  # fmt: skip
    return made.client, made.link, address or ""


def _client_of(batch: Batch, values: Mapping[str, str]) -> KnownClient | None:
    """The client that a row is about: the one with its CRM id, else one that has an active link, else any."""
    found = [each for each in batch.known if _is_client(each.client, values)]
    exact = [each for each in found if values["external_id"] and each.client.external_id == values["external_id"]]
    return next(iter(sorted(exact or found, key=lambda each: not each.links)), None)


def _is_client(client: Client, values: Mapping[str, str]) -> bool:
    """True if a row is about this client: by its CRM id if both have one, else by its name or its contact's address."""
    if client.external_id and values["external_id"]:
        return client.external_id == values["external_id"]
    email = (client.contact_email or "").lower()
    return client.name.lower() == values["name"].lower() or bool(email and email == values["contact_email"].lower())


def _preset(batch: Batch, given: str) -> Preset | None:
    """The preset of a row by its name or its slug, else the one for all rows."""
    wanted = (given or batch.given["preset"]).casefold()
    return next((each for each in batch.presets if wanted in (each.slug, each.name.casefold())), None)


def _owner(batch: Batch, given: str) -> Member | None:
    """The member in the `owner` column, by e-mail address or name; by default the one who creates the links."""
    wanted = given.casefold()
    if not wanted:
        return batch.caller.member
    return next((each for each in batch.members if wanted in (each.email, each.name.casefold())), None)


def _download(request: Request, reports: Sequence[RowReport]) -> str:
    """The report as a CSV inside an address, so that the addresses in it are stored and logged nowhere."""
    text = language.locale_of(request).text
    more = (_("result"), _("reason"), _("link"), _("address"))
    heading = [text(_("row")), *HEADINGS.values(), *map(text, more)]
    rows = [
        [
            str(each.row.number), *(each.row.values.get(name, "") for name in HEADINGS), text(RESULTS[each.result]),
            text(each.said), each.link_id or "", each.address,
        ]
        for each in reports
    ]  # fmt: skip
    content = link_csv.report(heading, rows)
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(content).decode()}"


async def _page(
    request: Request,
    session: AsyncSession,
    caller: CurrentMember,
    given: Mapping[str, str],
    problems: Mapping[str, Message],
    *,
    status: int = 200,
) -> Response:
    services = services_of(request)
    return desk.page(
        request, caller, "bulk_links", here=PATH, status=status, given=given, problems=problems, most=MOST_ROWS,
        headings=list(HEADINGS.values()), example=link_csv.EXAMPLE, lives=lives(), can_mail=services.outbox is not None,
        presets=[(each.slug, each.name) for each in await presets.every(session, caller.agency_id)],
        accounts=await own_accounts(session, caller.agency_id, services.platforms),
    )  # fmt: skip
