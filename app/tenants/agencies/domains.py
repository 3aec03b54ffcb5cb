"""Domains of an agency for its links: added, proved by DNS records, and used for addresses once they are verified.

A domain points to this installation and carries a secret word of its agency in a TXT record, so that no other agency
can claim it. Links go on working at the installation's own address, and at every verified domain of their agency.
"""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import idna
from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.schema import Data
from app.kit import clock, encryption, ids, jobs
from app.kit.actor import Actor, system_actor
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.egress.address_guard import Dns, DnsFailed
from app.kit.errors import AppError, NotFound
from app.kit.i18n.message import Message, _
from app.kit.input.text import TypedWrong
from app.kit.jobs import JobType
from app.kit.web import web_address
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency, AgencyDomain, DomainProblem

#: Most domains of one agency.
MOST = 5
#: Time between two checks of a verified domain, and until the second look after the first one that found a problem.
EVERY, SOON = timedelta(days=1), timedelta(hours=1)
#: Name of the TXT record, before the domain.
PROOF = "_keyturn"
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NO_HOST = _("Enter a host name of yours, such as access.agency.com.")
#: What the last look at the records found, in words.
PROBLEMS: Mapping[DomainProblem, Message] = {
    "no_record": _("There is no record for this name yet. New records can take an hour to be seen everywhere."),
    "elsewhere": _(
        "The name points somewhere else. Change its record as shown, and turn off any proxy in front of it."
    ),
    "no_proof": _("The name points here, but the TXT record is missing or has another value."),
    "no_answer": _("The name servers of this domain did not answer. Try again in a minute."),
}
#: Problems that the agency's own records have.
WRONG = ("no_record", "elsewhere", "no_proof")


class DomainTaken(AppError):
    """The agency added this domain before, or another one verified it."""

    status = 409
    code = "domain_taken"
    message = _("This domain is already in use.")
    advice = _("Remove it where it is used, or choose another name.")


class TooManyDomains(AppError):
    """The agency has as many domains as it may have."""

    status = 409
    code = "too_many_domains"
    message = _("An agency can have at most {count} domains.", count=MOST)
    advice = _("Remove one that you no longer need.")


@dataclass(frozen=True)
class DnsRecord:
    """A record to create at the agency's DNS provider."""

    type: str
    name: str
    value: str


def read_host(typed: str, own_host: str) -> str:
    """The host name in what was typed or pasted, in ASCII. Raises TypedWrong."""
    name = (urlsplit(typed).hostname or "") if "://" in typed else typed.strip().rstrip("/")
    try:
        host = idna.encode(name, uts46=True).decode().lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError) as problem:
        raise TypedWrong(_NO_HOST) from problem
    labels = host.split(".")
    is_name = len(labels) > 1 and len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    if not is_name or labels[-1].isdigit() or labels[-1] in ("localhost", "local", "internal") or host == own_host:
        raise TypedWrong(_NO_HOST)
    return host


def host_of(public_url: str) -> str:
    """The host of the installation."""
    return urlsplit(public_url).hostname or ""


def records(row: AgencyDomain, public_url: str) -> list[DnsRecord]:
    """The records that the domain needs."""
    own = host_of(public_url)
    kind = _address_kind(own)
    return [DnsRecord(kind, row.host, own), DnsRecord("TXT", f"{PROOF}.{row.host}", row.proof)]


def _address_kind(host: str) -> str:
    address = web_address.ip_address(host)
    if address is None:
        return "CNAME"
    return "A" if address.version == 4 else "AAAA"


def base_url(agency: Agency, public_url: str) -> str:
    """The beginning of addresses for the agency's clients: its domain, with scheme and path of the public address."""
    return at_host(agency.domain, public_url) if agency.domain else public_url


def at_host(host: str, public_url: str) -> str:
    """The public address at another host."""
    parts = urlsplit(public_url)
    place = f"{host}:{parts.port}" if parts.port else host
    return parts._replace(netloc=place).geturl()


async def every(session: AsyncSession, agency_id: str) -> Sequence[AgencyDomain]:
    """The domains of an agency in the order they were added."""
    rows = select(AgencyDomain).where(AgencyDomain.agency_id == agency_id).order_by(AgencyDomain.id)
    return (await session.scalars(rows)).all()


async def find(session: AsyncSession, agency_id: str, domain_id: str) -> AgencyDomain:
    """One of the domains. Raises NotFound."""
    found = await session.get(AgencyDomain, (agency_id, domain_id))
    if found is None:
        raise NotFound
    return found


async def agency_of(session: AsyncSession, host: str) -> str | None:
    """The agency that verified a host; None if there is none."""
    rows = select(AgencyDomain.agency_id).where(AgencyDomain.host == host, AgencyDomain.verified_at.is_not(None))
    return (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()


async def verified(session: AsyncSession, agency_id: str | None = None) -> Sequence[Row[AgencyDomain, Agency]]:
    """The verified domains of an agency, or of all agencies."""
    rows = select(AgencyDomain, Agency).join(Agency, Agency.id == AgencyDomain.agency_id)
    rows = rows.where(AgencyDomain.verified_at.is_not(None)).order_by(AgencyDomain.agency_id, AgencyDomain.id)
    if agency_id is None:
        return (await session.execute(rows, execution_options=CROSS_TENANT)).all()
    return (await session.execute(rows.where(AgencyDomain.agency_id == agency_id))).all()


async def add(session: AsyncSession, agency_id: str, host: str, *, actor: Actor) -> AgencyDomain:
    """Add a domain, which is not used before it is verified. Raises DomainTaken and TooManyDomains."""
    if len(await every(session, agency_id)) >= MOST:
        raise TooManyDomains
    if await agency_of(session, host) is not None:
        raise DomainTaken
    made = AgencyDomain(agency_id=agency_id, id=ids.new("domain"), host=host, proof=encryption.new_secret())
    try:
        async with session.begin_nested():
            session.add(made)
    except IntegrityError as problem:
        raise DomainTaken from problem
    await _record(session, agency_id, actor)
    return made


async def remove(session: AsyncSession, agency_id: str, domain_id: str, *, actor: Actor) -> None:
    """Stop serving a domain; new addresses have another verified one, or the installation's. Raises NotFound."""
    row = await find(session, agency_id, domain_id)
    await session.delete(row)
    agency = await agencies.find(session, agency_id)
    if agency.domain == row.host:
        agency.domain = await _next_best(session, row)
    await _record(session, agency_id, actor)


async def check(
    sessions: Sessions, nameservers: Sequence[str], agency_id: str, domain_id: str, *, public_url: str, actor: Actor
) -> AgencyDomain:
    """Look at the records of a domain, and use it while they are right. No transaction is open meanwhile.

    A verified domain whose records are wrong twice in a row stays verified, so that links at it go on working if they
    can; but new addresses have another one, or the installation's. Raises NotFound, DomainTaken.
    """
    async with sessions() as session:
        row = await find(session, agency_id, domain_id)
    dns = Dns(nameservers)  # one that has cached nothing
    try:
        problem = await _look(dns, row, host_of(public_url))
    finally:
        await dns.close()
    try:
        async with sessions.begin() as session:
            row = await find(session, agency_id, domain_id)
            agency, before = await agencies.find(session, agency_id), row.problem
            row.problem, row.checked_at = problem, clock.now()
            row.problem_since = (row.problem_since or row.checked_at) if problem else None
            if problem is None and (row.verified_at is None or agency.domain is None):
                if row.verified_at is None:
                    row.verified_at, row.due_at = clock.now(), clock.now() + EVERY
                agency.domain = row.host
                await _record(session, agency_id, actor)
            elif problem in WRONG and before in WRONG and agency.domain == row.host:
                agency.domain = await _next_best(session, row)
                await _record(session, agency_id, actor)
    except IntegrityError as taken:  # another agency verified it in the meantime
        raise DomainTaken from taken
    return row


def work(sessions: Sessions, nameservers: Sequence[str], public_url: str) -> list[JobType[AgencyDomain]]:
    """Job type for the worker: verified domains are checked again every day."""
    return [
        JobType(
            "domains", AgencyDomain, partial(_check_again, sessions, nameservers, public_url), concurrency=2
        )
    ]  # fmt: skip


async def _check_again(sessions: Sessions, nameservers: Sequence[str], public_url: str, row: AgencyDomain) -> None:
    found = await check(sessions, nameservers, row.agency_id, row.id, public_url=public_url, actor=system_actor())
    async with sessions.begin() as session:
        await jobs.finish(session, row, due_in=SOON if found.problem and not row.problem else EVERY)


async def _next_best(session: AsyncSession, lost: AgencyDomain) -> str | None:
    """The newest other domain whose records were right at the last look."""
    others = [each for each in await every(session, lost.agency_id) if each.id != lost.id]
    return next((each.host for each in reversed(others) if each.verified_at and not each.problem), None)


async def _look(dns: Dns, row: AgencyDomain, own_host: str) -> DomainProblem | None:
    try:
        aliases, theirs, ours, words = await asyncio.gather(
            _found(dns.records(row.host, "CNAME")), _found(dns.lookup(row.host)), _addresses(dns, own_host),
            _found(dns.records(f"{PROOF}.{row.host}", "TXT")),
        )  # fmt: skip
    except DnsFailed:
        return "no_answer"
    if not aliases and not theirs:
        return "no_record"
    if own_host not in aliases and not (theirs and set(theirs) <= set(ours)):
        return "elsewhere"
    return None if row.proof in words else "no_proof"


async def _addresses(dns: Dns, host: str) -> list[str]:
    return [host] if _address_kind(host) != "CNAME" else await _found(dns.lookup(host))


async def _found(answer: Awaitable[list[str]]) -> list[str]:
    """The answer of a name server; empty if the name has no such record. Raises DnsFailed if it is not known."""
    try:
        return await answer
    except DnsFailed as failed:
        if failed.code in ("dns_nxdomain", "dns_empty"):
            return []
        raise


async def _record(session: AsyncSession, agency_id: str, actor: Actor) -> None:
    await record(session, catalog.AGENCY_UPDATED, agency_id=agency_id, subject_id=agency_id, actor=actor, data=Data())
