"""Erasure of the personal data of a client, or of one of its links: what there is, what stays, and the erasure.

Each table with personal data of clients has a line here or in the room whose function is called; a test looks through
every table after an erasure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Update, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.access.call_recorder import PlatformCall
from app.access.connections.models import Connection
from app.access.grants.models import Grant
from app.access.kickoffs.models import Kickoff
from app.access.readiness.service import ReadinessAnswer
from app.access.requests import link_lifecycle
from app.audit import entries
from app.events import catalog, recorder
from app.events.models import Event
from app.events.schema import ErasureData
from app.kit.actor import Actor
from app.kit.encryption import Keyring
from app.kit.i18n.locales import english
from app.kit.i18n.message import Message, _
from app.links import emails
from app.links import queries as links
from app.links.models import (
    AccessRequest,
    AccessReview,
    Consent,
    DeviceCode,
    Intake,
    IntakeAnswer,
    IntakeFile,
    Link,
    LinkPlatform,
    LinkSession,
    PublicLinkUse,
    StepLink,
)
from app.mail.service import Mail
from app.tenants.api_keys import idempotency
from app.tenants.clients import contacts
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client, ClientContact
from app.webhooks.deliveries import service as deliveries

#: Kinds of personal data that are counted, as people read them.
COUNTED: Mapping[str, Message] = {
    "contacts": _("Names and e-mail addresses of contacts"),
    "answers": _("Answers to questions, and markets"),
    "files": _("Uploaded files"),
    "signatures": _("Names of people who agreed, answered or confirmed"),
    "emails": _("E-mails to the client, and their addresses"),
    "browsers": _("Browsers in which the client opened a link"),
    "connections": _("Names and accounts read from the client’s sign-ins at platforms"),
}
#: Personal data that are erased without being counted.
ALSO: Sequence[Message] = (
    _("Names and addresses in the record of events, and in stored copies of what the agency’s own systems were sent"),
    _("Names, addresses and network addresses in the audit log about the client"),
    _("Results of launch checks, with their notes and shared copies"),
)
#: What is erased if it is the whole client.
WITH_CLIENT: Sequence[Message] = (_("The client’s name and contacts; its id in your CRM stays"),)
#: What stays, with the reason.
KEPT: Sequence[Message] = (
    _("What was agreed to, and when, without a name: it proves that the access was allowed."),
    _("Ids and names of accounts and assets, roles, and each status: they show which access there is."),
    _("Calls to platforms with their request ids, without the answers to the client’s own sign-in."),
    _("Who did what, and when, in events and the audit log."),
)
#: What follows.
EFFECTS: Sequence[Message] = (
    _("The link is revoked. The client’s pages close, and the receipt with them."),
    _("Shared access stays shared. Take it away first if it is no longer wanted."),
    _("Your CRM hears of the erasure by an event, and must erase what it got before."),
    _("Backups keep the data until you delete the backups."),
)


@dataclass(frozen=True)
class Extent:
    """The client with all its links, or one link of it."""

    client: Client
    links: Sequence[Link]
    is_whole: bool

    @property
    def agency_id(self) -> str:
        """The tenant of every statement."""
        return self.client.agency_id

    @property
    def link_ids(self) -> list[str]:
        """Ids of the links."""
        return [each.id for each in self.links]

    @property
    def ids(self) -> list[str]:
        """Ids of everything that is erased."""
        return [*self.link_ids, *([self.client.id] if self.is_whole else [])]


def erased_by(extent: Extent) -> list[Message]:
    """Sentences about everything that an erasure erases."""
    return [*COUNTED.values(), *ALSO, *(WITH_CLIENT if extent.is_whole else ())]


@dataclass(frozen=True)
class Inventory:
    """Personal data that an erasure would erase, by kind, and the number of grants that stay."""

    counts: Mapping[str, int]
    grants: int


async def of_client(session: AsyncSession, agency_id: str, client_id: str) -> Extent:
    """A client with all its links. Raises NotFound."""
    client = await clients.find(session, agency_id, client_id)
    rows = select(Link).where(Link.agency_id == agency_id, Link.client_id == client_id).order_by(Link.id)
    return Extent(client, (await session.scalars(rows)).all(), is_whole=True)


async def of_link(session: AsyncSession, agency_id: str, link_id: str) -> Extent:
    """One link of a client. Raises NotFound."""
    link = await links.find(session, agency_id, link_id)
    return Extent(await clients.find(session, agency_id, link.client_id), [link], is_whole=False)


async def inventory(session: AsyncSession, extent: Extent) -> Inventory:
    """The personal data there are."""
    agency_id, client, link_ids = extent.agency_id, extent.client, extent.link_ids

    def rows(column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> ScalarSelect[int]:
        model = column.class_
        return select(func.count()).where(model.agency_id == agency_id, column.in_(link_ids), *where).scalar_subquery()

    named = select(func.coalesce(func.sum(func.jsonb_array_length(Intake.contacts)), 0)).where(
        Intake.agency_id == agency_id, Intake.id.in_(link_ids), func.jsonb_typeof(Intake.contacts) == "array"
    )
    live = select(func.count()).where(
        Grant.agency_id == agency_id, Grant.client_id == client.id, Grant.status.in_(("live", "drifted"))
    )
    found = await session.execute(
        select(
            named.scalar_subquery().label("contacts"),
            (rows(IntakeAnswer.link_id) + rows(Intake.id, func.jsonb_typeof(Intake.markets) == "array")).label(
                "answers"
            ),
            rows(IntakeFile.link_id).label("files"),
            (
                rows(Consent.link_id, Consent.name.is_not(None))
                + rows(ReadinessAnswer.link_id)
                + rows(AccessRequest.link_id, AccessRequest.client_attested_by.is_not(None))
            ).label("signatures"),
            rows(Mail.about_id, emails.is_to_client()).label("emails"),
            rows(LinkSession.link_id).label("browsers"),
            rows(Connection.link_id, or_(Connection.person.is_not(None), Connection.found != _NOTHING)).label(
                "connections"
            ),
            live.scalar_subquery().label("grants"),
        )
    )
    counts = {name: int(value) for name, value in found.mappings().one().items()}
    grants = counts.pop("grants")
    if extent.is_whole:
        counts["contacts"] += bool(client.contact_name or client.contact_email)
        counts["contacts"] += len(await contacts.of_client(session, agency_id, client.id))
    return Inventory(counts, grants)


async def erase(session: AsyncSession, extent: Extent, *, keyring: Keyring, public_url: str, actor: Actor) -> None:
    """Erase it for ever and revoke the links; can be repeated. Raises NotFound."""
    agency_id, client, link_ids = extent.agency_id, extent.client, extent.link_ids
    await links.lock_links_of_client(session, agency_id, client.id)
    for link_id in link_ids:
        aggregate = await links.load_link(session, agency_id, link_id, lock=True)
        aggregate.mark_erased()
        await link_lifecycle.end(session, aggregate, actor=actor)
    await _erase_answers(session, agency_id, link_ids)
    await _erase_access(session, agency_id, link_ids)
    subject_ids = extent.ids
    if extent.is_whole:
        await _erase_client(session, client, link_ids)
        subject_ids += await entries.subjects_of(session, agency_id, "client_contact", "client_id", client.id)
    about = Event.facts["link_id"].astext.in_(link_ids)
    if extent.is_whole:
        about = or_(about, Event.facts["client_id"].astext == client.id)
    event_ids = await recorder.erase_personal_data(session, agency_id, about)
    await deliveries.erase_personal_data(session, agency_id, event_ids, public_url=public_url)
    await entries.erase_personal_data(session, agency_id, subject_ids=subject_ids, link_ids=link_ids)
    await idempotency.delete_naming(session, keyring, agency_id, extent.ids)
    await recorder.record(
        session, catalog.CLIENT_PERSONAL_DATA_ERASED, agency_id=agency_id, subject_id=client.id, actor=actor,
        data=ErasureData(
            client_id=client.id, external_id=client.external_id, link_id=None if extent.is_whole else link_ids[0]
        ),
    )  # fmt: skip


#: `Connection.found` without anything.
_NOTHING: Mapping[str, Any] = {"accounts": [], "assets": []}
_UNSYNCHRONIZED = {"synchronize_session": False}


async def _erase_answers(session: AsyncSession, agency_id: str, link_ids: Sequence[str]) -> None:
    """Erase what the client entered, the e-mails to it, and kickoffs, whose notes may name its people."""
    for column in (
        IntakeAnswer.link_id, IntakeFile.link_id, ReadinessAnswer.link_id, PublicLinkUse.link_id, DeviceCode.link_id,
        Mail.about_id, Kickoff.link_id,
    ):  # fmt: skip
        gone = delete(column.class_).where(column.class_.agency_id == agency_id, column.in_(link_ids))
        await session.execute(gone, execution_options=_UNSYNCHRONIZED)
    await _set(session, _of(Intake.id, agency_id, link_ids).values(contacts=None, contacts_at=None, markets=None))
    for signed in (Consent.link_id, AccessReview.link_id):
        await _set(session, _of(signed, agency_id, link_ids).values(name=None))


async def _erase_access(session: AsyncSession, agency_id: str, link_ids: Sequence[str]) -> None:
    """Erase what was read with the client's sign-ins, which end, and names in its access requests."""
    await _set(session, _of(AccessRequest.link_id, agency_id, link_ids).values(client_attested_by=None))
    await _set(
        session, _of(LinkPlatform.link_id, agency_id, link_ids).values(client_account_name=None, linked_profile=None)
    )
    theirs = select(Connection.id).where(Connection.agency_id == agency_id, Connection.link_id.in_(link_ids))
    calls = update(PlatformCall).where(PlatformCall.agency_id == agency_id, PlatformCall.connection_id.in_(theirs))
    await _set(session, calls.values(answer=None))
    live = _of(Connection.link_id, agency_id, link_ids).where(Connection.status == "live")
    await _set(session, live.values(revoke_at=func.now(), due_at=func.now()))
    found = _of(Connection.link_id, agency_id, link_ids).values(person=None, found=_NOTHING, browser_id=None)
    await _set(session, found)
    for column in (LinkSession.link_id, StepLink.link_id):
        gone = delete(column.class_).where(column.class_.agency_id == agency_id, column.in_(link_ids))
        await session.execute(gone, execution_options=_UNSYNCHRONIZED)


async def _erase_client(session: AsyncSession, client: Client, link_ids: Sequence[str]) -> None:
    """Erase the client's own name and contacts, and its name in what it agreed to."""
    gone = delete(ClientContact).where(
        ClientContact.agency_id == client.agency_id, ClientContact.client_id == client.id
    )
    await session.execute(gone, execution_options=_UNSYNCHRONIZED)
    client.name = english(_("Erased client {code}", code=client.id[-6:]))
    client.contact_name = client.contact_email = None
    await session.flush()
    consents = select(Consent).where(Consent.agency_id == client.agency_id, Consent.link_id.in_(link_ids))
    for each in await session.scalars(consents):
        each.sentences, each.messages = _without_client(each, client.name)


def _without_client(consent: Consent, instead: str) -> tuple[list[Any], list[Any]]:
    """Sentences and messages of a consent with another name for the client."""
    sentences, messages = [], []
    for sentence, message in zip(consent.sentences, consent.messages, strict=True):
        values = (message or {}).get("values", {})
        named = values.get("client")
        sentences.append(sentence.replace(named, instead) if named else sentence)
        messages.append({**message, "values": {**values, "client": instead}} if named else message)
    return sentences, messages


def _of(column: InstrumentedAttribute[Any], agency_id: str, link_ids: Sequence[str]) -> Update:
    """An update of the rows of these links."""
    return update(column.class_).where(column.class_.agency_id == agency_id, column.in_(link_ids))


async def _set(session: AsyncSession, changed: Update) -> None:
    await session.execute(changed, execution_options=_UNSYNCHRONIZED)
