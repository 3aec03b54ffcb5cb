"""Use cases of an agency's links: create, create or get by CRM id, show the address, extend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.kit import clock, encryption, ids
from app.kit.actor import Actor
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.i18n.message import _
from app.kit.ids import MalformedId
from app.links import queries, url
from app.links.agency_accounts import own_side
from app.links.aggregate import LinkAggregate, new_access_request
from app.links.models import Intake, Link, LinkPlatform
from app.links.own_platforms import service as own_platforms
from app.links.own_platforms.models import OwnPlatform
from app.links.presets import service as presets
from app.links.presets.preset import Preset
from app.tenants.agencies import domains
from app.tenants.agencies.models import Agency
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client
from app.tenants.members import service as members

DEFAULT_PRESET = "run-campaigns"
DEFAULT_LIFE = timedelta(days=14)
LONGEST_LIFE = timedelta(days=90)
NO_ACCOUNTS: Mapping[str, str] = MappingProxyType({})


class LinkOver(AppError):
    """The link has ended."""

    status = 409
    code = "link_over"
    detail = "This link has ended."
    hint = "Create a new link for the client."
    message = _("This link has ended.")
    advice = _("Make a new link for the client.")


@dataclass(frozen=True)
class LinkRequest:
    """Request for a link. `client`: fields of a client given with the request, else `client_id`.

    `agency_account_ids`: the agency's accounts that get the access, by platform.
    """

    preset: str
    client_id: str | None = None
    client: Mapping[str, Any] | None = None
    expires_at: datetime | None = None
    external_id: str | None = None
    requested_by: str | None = None
    agency_account_ids: Mapping[str, str] = field(default_factory=dict)
    owner_member_id: str | None = None
    reminder_days: Sequence[int] | None = None
    time_zone: str | None = None


async def create_or_get_link(
    session: AsyncSession, agency_id: str, wanted: LinkRequest, *, keyring: Keyring, public_url: str, actor: Actor
) -> tuple[LinkAggregate, str | None]:
    """Create a link, or return the existing one with this `external_id`; the address only of a new one, which counts as
    sent. A client given in full is created too.

    Raises NotFound, PresetUnknown, AgencyAccountMissing, InvalidInput.
    """
    if wanted.external_id is None:
        return await _create(session, agency_id, wanted, keyring, public_url, actor)
    if known := await _existing(session, agency_id, wanted.external_id):
        return known, None
    try:
        async with session.begin_nested():
            return await _create(session, agency_id, wanted, keyring, public_url, actor)
    except IntegrityError:  # a concurrent request created it
        if known := await _existing(session, agency_id, wanted.external_id):
            return known, None
        raise


async def create_link(
    session: AsyncSession,
    agency_id: str,
    *,
    client_id: str,
    preset: str | Preset,
    keyring: Keyring,
    actor: Actor,
    expires_at: datetime | None = None,
    external_id: str | None = None,
    requested_by: str | None = None,
    agency_account_ids: Mapping[str, str] = NO_ACCOUNTS,
    public_link_id: str | None = None,
    claimed_external_id: str | None = None,
    owner_member_id: str | None = None,
    reminder_days: Sequence[int] | None = None,
    time_zone: str | None = None,
    sent: bool = False,
) -> tuple[LinkAggregate, str]:
    """Create a link with the preset's access requests, and return it with its secret. A slug means the newest version.

    `owner_member_id`: by default the member who creates it. `sent`: the caller passes on the address immediately.
    Raises NotFound, PresetUnknown, InvalidInput, and as `own_side`.
    """
    chosen = preset if isinstance(preset, Preset) else await presets.current(session, agency_id, preset)
    agency, client, now = await _sides(session, agency_id, client_id)
    own = await own_side(session, agency_id, chosen.access_requests, agency_account_ids)
    asked = await own_platforms.asked(session, agency_id, own)
    ends = checked_end(expires_at, clock.now())
    if owner_member_id is not None:
        await _check_owner(session, agency_id, owner_member_id)
    elif actor.kind == "member":
        owner_member_id = actor.id
    token, link_id = encryption.new_secret(), ids.new("link")
    link = Link(
        agency_id=agency_id, id=link_id, client_id=client_id, external_id=external_id, preset=chosen.slug,
        preset_version=chosen.version, requested_by=requested_by or agency.contact_name, language=client.language,
        token_hash=encryption.sha256(token),
        token_encrypted=keyring.encrypt(token, bound_to=token_place(agency_id, link_id)),
        expires_at=ends, due_at=ends, public_link_id=public_link_id, claimed_external_id=claimed_external_id,
        owner_member_id=owner_member_id,
        reminder_days=None if reminder_days is None else list(reminder_days), time_zone=time_zone,
    )  # fmt: skip
    made = assemble(link, chosen, agency=agency, client=client, own=own, own_platforms=asked, now=now)
    made.create(actor=actor)
    if sent:
        made.mark_sent(actor=actor)
    await made.insert(session)
    return made, token


def assemble(
    link: Link, chosen: Preset, *, agency: Agency, client: Client, own: Mapping[str, str | None],
    own_platforms: Mapping[str, OwnPlatform], now: datetime,
) -> LinkAggregate:  # fmt: skip
    """A new link with the access requests of a preset, in memory.

    `own`: the agency's accounts, as of `own_side`; `own_platforms`: its own platforms among those, by key.
    """
    platforms = [
        LinkPlatform(
            agency_id=agency.id,
            link_id=link.id,
            platform=platform,
            position=position,
            agency_account_id=account,
            own_version=own_platforms[platform].version if platform in own_platforms else None,
        )
        for position, (platform, account) in enumerate(own.items())
    ]
    asked = [new_access_request(link, wanted, position) for position, wanted in enumerate(chosen.access_requests)]
    return LinkAggregate(
        agency=agency, client=client, link=link, platforms=platforms,
        own_platforms=list(own_platforms.values()), access_requests=asked,
        intake=Intake(agency_id=agency.id, id=link.id, screens_completed=[]),
        preset=chosen, answers={}, files=[], consent=None, now=now,
    )  # fmt: skip


_SIDES = (
    select(Agency, Client, func.now())
    .join(Client, Client.agency_id == Agency.id)
    .where(Client.agency_id == bindparam("agency_id"), Client.id == bindparam("client_id"))
)


async def _sides(session: AsyncSession, agency_id: str, client_id: str) -> tuple[Agency, Client, datetime]:
    """The agency and its client, and the database's time. Raises NotFound, which names the client."""
    try:
        found = (await session.execute(_SIDES, {"agency_id": agency_id, "client_id": client_id})).one_or_none()
    except MalformedId:
        found = None
    if found is None:
        raise NotFound(f"There is no client {client_id}.")
    return found[0], found[1], found[2]


def checked_end(expires_at: datetime | None, now: datetime) -> datetime:
    """End of a link: by default 14 days from now; at most 90 days. Raises InvalidInput."""
    ends = expires_at or now + DEFAULT_LIFE
    if not now < ends <= now + LONGEST_LIFE:
        raise InvalidInput(fields={"expires_at": "Choose a time between now and 90 days from now, with its time zone."})
    return ends


def token_place(agency_id: str, link_id: str) -> str:
    """Context to which the encrypted secret of a link is bound."""
    return f"links.token_encrypted:{agency_id}:{link_id}"


def address_of(aggregate: LinkAggregate, token: str, public_url: str) -> str:
    """The public address of a link, at the agency's own domain if it has one."""
    return url.of_link(
        domains.base_url(aggregate.agency, public_url), aggregate.agency.slug, aggregate.client.name, token
    )


def own_address(aggregate: LinkAggregate, *, keyring: Keyring, public_url: str) -> str:
    """The address of a link for its own client; the agency's are recorded, see `show_address`."""
    place = token_place(aggregate.agency.id, aggregate.link.id)
    return address_of(aggregate, keyring.decrypt(aggregate.link.token_encrypted, bound_to=place), public_url)


async def show_address(
    session: AsyncSession, agency_id: str, link_id: str, *, public_url: str, keyring: Keyring, actor: Actor
) -> str:
    """Return the link's address again; each call is recorded, and the first one marks the link as sent."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    return await reveal_address(session, aggregate, public_url=public_url, keyring=keyring, actor=actor)


async def reveal_address(
    session: AsyncSession, aggregate: LinkAggregate, *, public_url: str, keyring: Keyring, actor: Actor
) -> str:
    """The address of a link that is loaded and locked; recorded as by `show_address`."""
    place = token_place(aggregate.agency.id, aggregate.link.id)
    token = keyring.decrypt(aggregate.link.token_encrypted, bound_to=place)
    aggregate.draft_event(catalog.LINK_ADDRESS_SHOWN, actor=actor)
    aggregate.mark_sent(actor=actor)
    await aggregate.save(session)
    return address_of(aggregate, token, public_url)


async def set_owner(session: AsyncSession, agency_id: str, link_id: str, owner_member_id: str | None) -> LinkAggregate:
    """Make a member the owner of a link, or nobody. Raises NotFound, InvalidInput."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    if owner_member_id is not None:
        await _check_owner(session, agency_id, owner_member_id)
    aggregate.link.owner_member_id = owner_member_id
    await aggregate.save(session)
    return aggregate


async def _check_owner(session: AsyncSession, agency_id: str, member_id: str) -> None:
    try:
        await members.find(session, agency_id, member_id)
    except (NotFound, MalformedId) as problem:
        raise InvalidInput(fields={"owner_member_id": "There is no such member."}) from problem


def extend_link(aggregate: LinkAggregate, expires_at: datetime, *, actor: Actor) -> None:
    """Extend a link; an expired one continues where it stopped. Raises LinkOver, InvalidInput."""
    if aggregate.link.status in ("revoked", "completed"):
        raise LinkOver
    aggregate.extend(checked_end(expires_at, clock.now()), actor=actor)


async def _existing(session: AsyncSession, agency_id: str, external_id: str) -> LinkAggregate | None:
    link = await queries.by_external_id(session, agency_id, external_id)
    return await queries.load_link(session, agency_id, link.id) if link else None


async def _create(
    session: AsyncSession, agency_id: str, wanted: LinkRequest, keyring: Keyring, public_url: str, actor: Actor
) -> tuple[LinkAggregate, str]:
    client_id = wanted.client_id
    if client_id is None:
        client, _made = await clients.create_client(session, agency_id, actor=actor, **(wanted.client or {}))
        client_id = client.id
    made, token = await create_link(
        session, agency_id, client_id=client_id, preset=wanted.preset, keyring=keyring, actor=actor,
        expires_at=wanted.expires_at, external_id=wanted.external_id, requested_by=wanted.requested_by,
        agency_account_ids=wanted.agency_account_ids, owner_member_id=wanted.owner_member_id,
        reminder_days=wanted.reminder_days, time_zone=wanted.time_zone, sent=True,
    )  # fmt: skip
    return made, address_of(made, token, public_url)
