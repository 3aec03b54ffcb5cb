"""Filters of the audit log in the address of its page, and the people and clients that its search matches."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Query
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.entries import AuditAbout, AuditFilter
from app.kit.actor import ActorKind
from app.kit.audit import audited
from app.kit.errors import NotFound
from app.kit.i18n.message import Message, _
from app.links.models import Link
from app.tenants.api_keys.service import ApiKey
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client, ClientContact
from app.tenants.members.models import Member

#: Clients that a search may be about.
MOST_CLIENTS = 200
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)
_NO_DAY = _("Enter a day, such as 2026-12-31.")
_TOO_MANY = _("More than {count} clients have these words. Type more of the name.", count=MOST_CLIENTS)


@dataclass(frozen=True)
class AuditSearch:
    """Filters of the page. Days are those of UTC, both included; `q` names a person or a client."""

    by: Annotated[ActorKind | None, Query()] = None
    q: Annotated[str, Query(max_length=200)] = ""
    who: Annotated[str, Query(max_length=90)] = ""
    what: Annotated[str, Query(max_length=32)] = ""
    thing: Annotated[str, Query(max_length=90)] = ""
    request: Annotated[str, Query(max_length=64)] = ""
    since: Annotated[str, Query(max_length=20)] = ""
    until: Annotated[str, Query(max_length=20)] = ""

    def given(self, **other: str | None) -> dict[str, str]:
        """The filters that are set, with others in place of them."""
        return {name: value for name, value in {**vars(self), **other}.items() if value}

    async def wanted(self, session: AsyncSession, agency_id: str) -> tuple[AuditFilter, dict[str, Message]]:
        """The filter as queries take it, and the problems by field. Raises NotFound for an unknown kind of thing."""
        if self.what and self.what not in audited():
            raise NotFound
        problems: dict[str, Message] = {}
        since, until = _day(self.since, "since", problems), _day(self.until, "until", problems)
        wanted = AuditFilter(
            actor_kind=self.by, actor_id=self.who or None, subject_type=self.what or None,
            subject_id=self.thing or None, request_id=self.request or None, since=since,
            until=until + timedelta(days=1) if until else None,
        )  # fmt: skip
        if words := " ".join(self.q.split()):
            wanted = replace(wanted, about=await _named(session, agency_id, words, problems))
        return wanted, problems


def _day(given: str, name: str, problems: dict[str, Message]) -> datetime | None:
    if not given:
        return None
    try:
        day = date.fromisoformat(given.strip())
    except ValueError:
        problems[name] = _NO_DAY
        return None
    return datetime.combine(min(max(day, _FIRST), _LAST), time(), UTC)


async def _named(session: AsyncSession, agency_id: str, words: str, problems: dict[str, Message]) -> AuditAbout:
    """Clients that the words name, with their links and contacts; members, also removed ones, and API keys."""
    by_name = select(Client.id).where(Client.agency_id == agency_id, clients.named(agency_id, words))
    found = (await session.scalars(by_name.limit(MOST_CLIENTS + 1))).all()
    if len(found) > MOST_CLIENTS:
        problems["q"], found = _TOO_MANY, ()
    links = await session.scalars(select(Link.id).where(Link.agency_id == agency_id, Link.client_id.in_(found)))
    contacts = select(ClientContact.id).where(ClientContact.agency_id == agency_id, ClientContact.client_id.in_(found))
    people = select(Member.id).where(
        Member.agency_id == agency_id,
        Member.name.icontains(words, autoescape=True) | Member.email.icontains(words, autoescape=True),
    )
    keys = select(ApiKey.id).where(ApiKey.agency_id == agency_id, ApiKey.name.icontains(words, autoescape=True))
    others = [each for rows in (contacts, people, keys) for each in await session.scalars(rows)]
    return AuditAbout(subject_ids=[*found, *others], link_ids=links.all())
