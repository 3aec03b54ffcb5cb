"""The audit log as a page: filters in the address, people and things by name, and its export as a file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import entries, export, seals, verification
from app.audit.canonical import SealUnreadable
from app.audit.entries import AuditRecord
from app.audit.export import Format
from app.audit.verification import Verifier
from app.dashboard import audit_words, desk
from app.dashboard.audit_search import AuditSearch
from app.dashboard.audit_words import ChangedValue
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import Manager
from app.kit.actor import ActorKind
from app.kit.database import reading
from app.kit.errors import NotFound
from app.kit.html import forms
from app.kit.i18n.message import Message, Text, _
from app.kit.web.paging import pack
from app.links.models import Link
from app.services import services_of
from app.tenants.api_keys import service as api_keys
from app.tenants.api_keys.service import ApiKey
from app.tenants.clients.models import Client
from app.tenants.members import service as members
from app.tenants.members.models import Member

router = forms.page_router()
PATH = f"{DESK}/audit"
#: Entries of a page, keys to choose from.
_MANY, _KEYS = 50, 100
#: Seals of the page of seals, and those that it verifies: each covers at most 500 records.
_SEALS, _VERIFIED = 20, 3

ACTORS: Mapping[ActorKind, Message] = {
    "member": _("Members"), "api_key": _("API keys"), "client": _("Clients"), "system": _("Keyturn"),
}  # fmt: skip
_ACTOR: Mapping[str, Message] = {
    "member": _("Member"), "api_key": _("API key"), "client": _("Client"), "system": _("System"),
}  # fmt: skip
_ICONS = {"api_key": "l-key", "client": "l-clients", "system": "l-redo"}
#: Parts of Keyturn that act by themselves.
_SYSTEM: Mapping[str, Message] = {
    "worker": _("In the background"), "cli": _("By a command"), "database": _("Past Keyturn, in the database"),
    "sign-in": _("Not signed in"),
}  # fmt: skip
SUBJECTS: Mapping[str, Message] = {
    "access_request": _("Access request"),
    "agency": _("Agency"),
    "agency_account": _("Account at a platform"),
    "agency_domain": _("Domain"),
    "api_key": _("API key"),
    "buyer_list": _("Buyers"),
    "client": _("Client"),
    "client_contact": _("Contact"),
    "endpoint": _("Webhook endpoint"),
    "endpoint_secret": _("Signing secret"),
    "kickoff": _("Kickoff"),
    "link": _("Link"),
    "link_platform": _("Platform of a link"),
    "member": _("Member"),
    "member_invitation": _("Invitation"),
    "member_identity": _("Sign-in at a provider"),
    "member_passkey": _("Passkey"),
    "member_session": _("Sign-in"),
    "own_platform": _("Own platform"),
    "platform_app": _("App at a platform"),
    "platform_identity": _("Own ID at a platform"),
    "preset": _("Preset"),
    "public_link": _("Public link"),
    "step_link": _("Step link"),
}
#: Things with a name, by the prefix of their ids.
_NAMED: Mapping[str, type[Client | Member | ApiKey]] = {"client": Client, "member": Member, "key": ApiKey}
_NO_SEAL = _("Enter a seal as it is printed, such as 214-5a0c-1f6e-3b7d-4982-a1c6.")
_NO_SUCH_SEAL = _("This seal does not match what is stored: it was made for another log, or the log was changed.")


@dataclass(frozen=True)
class StoredValue:
    """A field as it is stored, before and after the change."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class AuditRow:
    """An entry with the names of actor and thing. `page`: of the thing, if it has one."""

    record: AuditRecord
    actor: Text
    kind: Text
    icon: str | None
    action: Message
    thing: str
    page: str | None
    changes: Sequence[ChangedValue]
    stored: Sequence[StoredValue]


Search = Annotated[AuditSearch, Depends()]


@router.get(PATH)
async def audit(
    request: Request, caller: Manager, search: Search, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    """Entries, newest first, in a table."""
    before = entries.place(cursor) if cursor else None
    async with reading(services_of(request).sessions) as session:
        wanted, problems = await search.wanted(session, caller.agency_id)
        found = await entries.newest(session, caller.agency_id, wanted, limit=_MANY + 1, before=before)
        rows = await _rows(session, caller.agency_id, found[:_MANY])
        people = await members.every(session, caller.agency_id)
        keys = await api_keys.page(session, caller.agency_id, limit=_KEYS, before=None)
        sealed = await seals.newest(session, caller.agency_id)
    more = search.given(cursor=pack(*found[_MANY - 1].place)) if len(found) > _MANY else None
    return desk.page(
        request, caller, "audit", here=PATH, status=422 if problems else 200, rows=rows, search=search,
        problems=problems, actors=ACTORS, subjects=SUBJECTS, query=urlencode(search.given()),
        kinds=[(kind, words, urlencode(search.given(by=kind, who=None))) for kind, words in ACTORS.items()],
        every_kind=urlencode(search.given(by=None, who=None)), clear=urlencode(search.given(thing=None, request=None)),
        who=[*((each.id, each.name) for each in people), *((each.id, each.name) for each in keys)],
        more=urlencode(more) if more else None, sealed=sealed,
    )  # fmt: skip


@router.get(f"{PATH}/seals")
async def audit_seals(request: Request, caller: Manager, seal: Annotated[str, Query(max_length=90)] = "") -> Response:
    """The newest seals, verified, and the comparison with one that somebody kept."""
    services, agency_id = services_of(request), caller.agency_id
    async with reading(services.sessions) as session:
        made = await seals.newest_first(session, agency_id, before=None, limit=_SEALS)
    newest = made[:_VERIFIED]
    done = await Verifier(services.sessions, services.keyring, agency_id).run(
        after=newest[-1].number - 1 if newest else 0, counting=False
    )  # fmt: skip
    confirmed, problem = None, None
    if seal:
        try:
            confirmed = await verification.confirm(services.sessions, services.keyring, agency_id, seal)
            problem = None if confirmed else _NO_SUCH_SEAL
        except SealUnreadable:
            problem = _NO_SEAL
    return desk.page(
        request, caller, "audit_seals", here=PATH, made=made, done=done, given=seal, confirmed=confirmed,
        problems={"seal": problem} if problem else {},
    )  # fmt: skip


@router.get(f"{PATH}.csv")
async def as_csv(request: Request, caller: Manager, search: Search) -> Response:
    """The entries of the filter for a spreadsheet, oldest first."""
    return await _file(request, caller.agency_id, search, "csv")


@router.get(f"{PATH}.jsonl")
async def as_json_lines(request: Request, caller: Manager, search: Search) -> Response:
    """The same as JSON Lines."""
    return await _file(request, caller.agency_id, search, "jsonl")


async def _file(request: Request, agency_id: str, search: AuditSearch, format: Format) -> Response:
    sessions = services_of(request).sessions
    async with reading(sessions) as session:
        wanted, problems = await search.wanted(session, agency_id)
    if problems:
        raise NotFound
    return export.of_entries(sessions, agency_id, wanted, format)


async def _rows(session: AsyncSession, agency_id: str, found: Sequence[AuditRecord]) -> list[AuditRow]:
    """Rows with the names of their actors and things, which are read in four statements."""
    links = await _clients_of_links(session, agency_id, found)
    ids = {name for each in found for name in (each.entry.actor_id, each.subject_id, _member_of(each)) if name}
    names = {**links}
    for prefix, model in _NAMED.items():
        names |= await _names(session, agency_id, prefix, model, ids)
    return [_row(each, names) for each in found]


def _row(record: AuditRecord, names: Mapping[str, str]) -> AuditRow:
    entry = record.entry
    kind: Text = _ACTOR[entry.actor_kind]
    actor: Text = names.get(entry.actor_id, entry.actor_id)
    if entry.actor_kind == "system":
        actor, kind = _("Keyturn"), _SYSTEM.get(entry.actor_id, kind)
    if entry.actor_id == members.UNKNOWN.id:
        actor = _("Somebody")
    link_id = entry.link_id or (record.subject_id if entry.subject_type == "link" else None)
    about = (record.subject_id, link_id or "", _member_of(record) or "")
    thing = next((names[each] for each in about if each in names), "") or str(record.after.get("name") or "")
    return AuditRow(
        record, actor, kind, _ICONS.get(entry.actor_kind), audit_words.headline(record, SUBJECTS[entry.subject_type]),
        thing or str(record.before.get("name") or ""), _page(record, link_id), [*audit_words.changes(record, names)],
        [StoredValue(name, *(_stored(name, values) for values in (record.before, record.after)))
         for name in record.changed],
    )  # fmt: skip


def _member_of(record: AuditRecord) -> str | None:
    """The member whose session, passkey or identity the entry is about."""
    found: str | None = record.after.get("member_id") or record.before.get("member_id")
    return found


def _page(record: AuditRecord, link_id: str | None) -> str | None:
    if link_id is not None:
        return f"{DESK}/links/{link_id}"
    pages = {"api_key": f"{DESK}/keys", "member": f"{DESK}/team", "endpoint": f"{DESK}/webhooks/{record.subject_id}"}
    return pages.get(record.entry.subject_type)


def _stored(name: str, values: Mapping[str, Any]) -> str:
    """A value as it is stored; a dash for a secret or erased one, and where there is none."""
    value = values.get(name)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value is not None else "–"


async def _names(
    session: AsyncSession, agency_id: str, prefix: str, model: type[Client | Member | ApiKey], ids: Iterable[str]
) -> dict[str, str]:
    own = [each for each in ids if each.rpartition("_")[0] == prefix]
    rows: Select[Any] = select(model).where(model.agency_id == agency_id, model.id.in_(own))
    return {each.id: each.name for each in await session.scalars(rows)}


async def _clients_of_links(session: AsyncSession, agency_id: str, found: Sequence[AuditRecord]) -> dict[str, str]:
    """Names of the clients of the links that these entries are about, by link."""
    ids = {each.entry.link_id for each in found if each.entry.link_id}
    rows = (
        select(Link.id, Client.name)
        .join(Client, (Client.agency_id == Link.agency_id) & (Client.id == Link.client_id))
        .where(Link.agency_id == agency_id, Link.id.in_(ids))
    )
    return {row.id: row.name for row in await session.execute(rows)}
