"""Sign-up on a public link: creates a client and a link for the visitor, and never shows an existing one."""

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import encryption, ids
from app.kit.actor import Actor, bind_actor
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.links import devices, status
from app.links import queries as link_rows
from app.links import service as link_service
from app.links.aggregate import LinkAggregate
from app.links.devices import VerifiedBy
from app.links.models import Link, PublicLink, PublicLinkUse
from app.links.presets import service as presets
from app.links.public_links import service as public_links
from app.tenants.clients import service as clients


class PublicLinkBusy(AppError):
    """The hourly limit of the public link, or of one network address, is reached."""

    status = 429
    code = "public_link_busy"
    detail = "Too many people started here within the last hour."
    hint = "Try again in an hour."


class PublicLinkClosed(AppError):
    """The public link was paused, or ended, while the visitor filled in the form."""

    status = 410
    code = "public_link_closed"
    detail = "Nobody new can start with this link."


@dataclass(frozen=True)
class Details:
    """Details that a visitor gives. `external_id` comes from the address and proves nothing."""

    company: str
    name: str
    email: str
    external_id: str | None = None


@dataclass(frozen=True)
class Sender:
    """Origin of a form: the keyed hash of its network address, its one-time value, and the browser's cookie."""

    address_hash: str
    form: str
    cookie: str


async def enter(
    session: AsyncSession, public_link: PublicLink, given: Details, sender: Sender, *, keyring: Keyring
) -> Link:
    """Create a link for the visitor, open in their browser. Submitting the same form again leads to the same link.

    The form contains personal data, so another browser needs a code. Raises PublicLinkClosed, PublicLinkBusy.
    """
    agency_id = public_link.agency_id
    public_link = await public_links.find(session, agency_id, public_link.id, lock=True)
    form_hash = hashlib.sha256(sender.form.encode()).digest()
    if again := await _sent_before(session, public_link, form_hash):
        aggregate = await link_rows.load_link(session, agency_id, again.id, lock=True)
        bind_actor(aggregate.by_client)
        await devices.open_link(session, aggregate, sender.cookie)
        await aggregate.save(session)
        return again
    await _refuse_over_or_busy(session, public_link, sender.address_hash)
    aggregate = await _made(session, public_link, given, keyring)
    link = aggregate.link
    public_link.uses += 1
    session.add(
        PublicLinkUse(
            agency_id=agency_id, id=ids.new("use"), public_link_id=public_link.id, link_id=link.id,
            address_hash=sender.address_hash, form_hash=form_hash,
        )
    )  # fmt: skip
    browser = devices.new_browser(session, aggregate, sender.cookie)
    devices.let_in(browser, VerifiedBy.ANSWER)
    await aggregate.save(session)
    return link


def hashed_address(keyring: Keyring, host: str) -> str:
    """Keyed hash of a network address for the limits; of IPv6, its /64 network."""
    return keyring.keyed_hash(_network(host), purpose="public-link")


def _network(host: str) -> str:
    """The network of an IPv6 address: one visitor has 2^64 of them, in several spellings."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def new_form() -> str:
    """The one-time value of a form, so that submitting it twice creates one link."""
    return encryption.new_secret()


async def _sent_before(session: AsyncSession, public_link: PublicLink, form_hash: bytes) -> Link | None:
    rows = (
        select(Link)
        .join(PublicLinkUse, (PublicLinkUse.agency_id == Link.agency_id) & (PublicLinkUse.link_id == Link.id))
        .where(
            PublicLinkUse.agency_id == public_link.agency_id, PublicLinkUse.public_link_id == public_link.id,
            PublicLinkUse.form_hash == form_hash,
        )
    )  # fmt: skip
    return (await session.scalars(rows)).one_or_none()


async def _refuse_over_or_busy(session: AsyncSession, public_link: PublicLink, address_hash: str) -> None:
    if public_links.status_of(public_link) != "open":
        raise PublicLinkClosed
    of_this = (PublicLinkUse.agency_id == public_link.agency_id, PublicLinkUse.public_link_id == public_link.id)
    await session.execute(
        delete(PublicLinkUse).where(*of_this, PublicLinkUse.created_at < func.now() - status.PUBLIC_LINK_WINDOW)
    )
    here = func.count().filter(PublicLinkUse.address_hash == address_hash)
    in_all, from_here = (await session.execute(select(func.count(), here).where(*of_this))).one()
    if status.is_too_busy(in_all=in_all, most_per_hour=public_link.most_per_hour, from_here=from_here):
        raise PublicLinkBusy


async def _made(session: AsyncSession, public_link: PublicLink, given: Details, keyring: Keyring) -> LinkAggregate:
    """Create a client. A claimed CRM id that is in use stays with its client; the link stores it as a claim."""
    agency_id, claimed = public_link.agency_id, given.external_id
    taken = bool(claimed) and await clients.by_external_id(session, agency_id, claimed or "") is not None
    fields: dict[str, Any] = {
        "name": given.company, "contact_name": given.name, "contact_email": given.email,
        "language": public_link.language,
    }  # fmt: skip
    client, new = await clients.create_client(
        session, agency_id, actor=None, external_id=None if taken else claimed, **fields
    )
    if not new:  # a concurrent request took the id
        client, _ = await clients.create_client(session, agency_id, actor=None, **fields)
    itself = Actor("client", client.id)
    bind_actor(itself)
    made, _ = await link_service.create_link(
        session, agency_id, client_id=client.id,
        preset=await presets.version(session, agency_id, public_link.preset, public_link.preset_version),
        keyring=keyring, actor=itself, requested_by=public_link.requested_by,
        agency_account_ids=public_link.agency_account_ids,
        public_link_id=public_link.id, claimed_external_id=claimed, sent=True,
    )  # fmt: skip
    return made
