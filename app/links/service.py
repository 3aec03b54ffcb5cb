"""What an agency does with a link: make it, show its address, extend it, end it."""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.recorder import KEYTURN, record
from app.events.types import links as happenings
from app.events.types.event_type import EventType
from app.kit import clock, encryption, ids
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput
from app.links import queries, status, url
from app.links.business_centers import own_side
from app.links.models import AccessRequest, Intake, Link
from app.links.presets import queries as presets
from app.links.presets.preset import Preset, PresetAccessRequest
from app.tenants.agencies import queries as agencies
from app.tenants.clients import queries as clients

DEFAULT_LIFE = timedelta(days=14)
LONGEST_LIFE = timedelta(days=90)


class LinkOver(AppError):
    """The link has ended."""

    status = 409
    code = "link_over"
    detail = "This link has ended."
    hint = "Make a new link for the client."


async def create_link(
    session: AsyncSession,
    agency_id: str,
    *,
    client_id: str,
    preset: str | Preset,
    keyring: Keyring,
    actor: str,
    expires_at: datetime | None = None,
    external_id: str | None = None,
    requested_by: str | None = None,
    agency_bc_id: str | None = None,
    public_link_id: str | None = None,
    claimed_external_id: str | None = None,
) -> tuple[Link, str]:
    """A link in draft with the preset's access requests, and its secret. A preset by its name is its newest version.

    Raises NotFound, PresetUnknown, Malformed, and as `own_side`.
    """
    chosen = preset if isinstance(preset, Preset) else await presets.current(session, agency_id, preset)
    agency = await agencies.find(session, agency_id)
    client = await clients.find(session, agency_id, client_id)
    own = await own_side(session, agency_id, chosen, agency_bc_id)
    ends = checked_end(expires_at, clock.now())
    token, link_id = encryption.new_secret(), ids.new("link")
    link = Link(
        agency_id=agency_id, id=link_id, client_id=client_id, external_id=external_id, preset=chosen.slug,
        preset_version=chosen.version, requested_by=requested_by or agency.contact_name, language=client.language,
        agency_bc_id=own, token_hash=encryption.sha256(token),
        token_encrypted=keyring.encrypt(token, bound_to=token_place(agency_id, link_id)),
        status="draft", expires_at=ends, due_at=ends, public_link_id=public_link_id,
        claimed_external_id=claimed_external_id,
    )  # fmt: skip
    session.add(link)
    await session.flush()
    session.add(Intake(agency_id=agency_id, id=link_id))
    session.add_all(
        new_access_request(link, wanted, position) for position, wanted in enumerate(chosen.access_requests)
    )
    await session.flush()
    await _tell(session, link, happenings.CREATED, actor)
    return link, token


def new_access_request(link: Link, wanted: PresetAccessRequest, position: int) -> AccessRequest:
    """The row of an access wanted on a link; it names no asset yet."""
    return AccessRequest(
        agency_id=link.agency_id, id=ids.new("access"), link_id=link.id, platform=wanted.platform,
        kind=wanted.kind, role=wanted.role, reason=wanted.reason, required=wanted.required,
        needs_events=wanted.needs_events, position=position, status="waiting", next_actor="client",
        asset_name=wanted.title, steps=list(wanted.steps) or None,
    )  # fmt: skip


def checked_end(expires_at: datetime | None, now: datetime) -> datetime:
    """When a link ends: 14 days from now unless said; at most 90 days. Raises Malformed."""
    ends = expires_at or now + DEFAULT_LIFE
    if not now < ends <= now + LONGEST_LIFE:
        raise InvalidInput(fields={"expires_at": "Choose a time between now and 90 days from now, with its time zone."})
    return ends


def token_place(agency_id: str, link_id: str) -> str:
    """What the sealed secret of a link is bound to."""
    return f"links.token_encrypted:{agency_id}:{link_id}"


async def show_address(
    session: AsyncSession, agency_id: str, link_id: str, *, public_url: str, keyring: Keyring, actor: str
) -> str:
    """The link's address again; each look is recorded, and the first one means the link was given out."""
    link = await queries.find(session, agency_id, link_id)
    token = keyring.decrypt(link.token_encrypted, bound_to=token_place(agency_id, link_id))
    await _tell(session, link, happenings.ADDRESS_SHOWN, actor)
    return await give_out(session, link, token, public_url=public_url, actor=actor)


async def give_out(session: AsyncSession, link: Link, token: str, *, public_url: str, actor: str) -> str:
    """The address, on its way to the client: from now on the link counts as sent."""
    agency = await agencies.find(session, link.agency_id)
    client = await clients.find(session, link.agency_id, link.client_id)
    if link.status == "draft":
        link.status = "sent"
        await _tell(session, link, happenings.SENT, actor)
    return url.of_link(public_url, agency.slug, client.name, token)


async def extend_link(session: AsyncSession, agency_id: str, link_id: str, *, expires_at: datetime, actor: str) -> Link:
    """Gives a link more time; an expired one lives again where it stood. Raises NotFound, LinkOver, Malformed."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    link = aggregate.link
    if link.status in ("revoked", "completed"):
        raise LinkOver
    link.expires_at = link.due_at = checked_end(expires_at, clock.now())
    if link.status == "expired":
        link.status = "submitted" if link.submitted_at else "opened" if link.opened_at else "sent"
        link.renewal_requested_at = None
    await _tell(session, link, happenings.EXTENDED, actor)
    return link


async def revoke_link(session: AsyncSession, agency_id: str, link_id: str, *, actor: str) -> Link:
    """Ends a link at once; what was shared stays. Ending it again changes nothing. Raises NotFound."""
    link = (await queries.load_link(session, agency_id, link_id, lock=True)).link
    if link.status != "revoked":
        link.status = "revoked"
        link.revoked_at = func.now()
        link.due_at = None
        await session.flush()
        await session.refresh(link)
        await _tell(session, link, happenings.REVOKED, actor)
    return link


async def expire_link(session: AsyncSession, agency_id: str, link_id: str) -> bool:
    """Writes down that a link's time ran out; False when it no longer has to."""
    link = (await queries.load_link(session, agency_id, link_id, lock=True)).link
    if status.is_dead(link.status) or link.status in ("completed", "drifted") or link.expires_at > clock.now():
        return False
    link.status = "expired"
    await _tell(session, link, happenings.EXPIRED, KEYTURN)
    return True


async def _tell(session: AsyncSession, link: Link, event: EventType, actor: str) -> None:
    await session.flush()
    aggregate = await queries.load_link(session, link.agency_id, link.id)
    await record(session, event, agency_id=link.agency_id, subject_id=link.id, actor=actor, data=aggregate.facts())
