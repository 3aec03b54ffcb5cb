"""Public links, with which visitors create clients and links of their own: queries and use cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.catalog import EventType
from app.events.recorder import record
from app.events.schema import PublicLinkData
from app.kit import clock, encryption, ids
from app.kit.actor import Actor
from app.kit.database import CROSS_TENANT
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput, NotFound
from app.links import url
from app.links.agency_accounts import own_side
from app.links.models import Link, PublicLink
from app.links.presets import service as presets
from app.links.service import NO_ACCOUNTS
from app.links.status import PublicLinkStatus, public_link_status
from app.tenants.agencies import domains
from app.tenants.agencies import service as agencies

MOST_PER_HOUR = 30


class PublicLinkOver(AppError):
    """The public link was revoked, expired or used up."""

    status = 409
    code = "public_link_over"
    detail = "This public link has ended."
    hint = "Create a new one."


async def find(session: AsyncSession, agency_id: str, public_link_id: str, *, lock: bool = False) -> PublicLink:
    """Load one public link; `lock` locks the row and reads it again. Raises NotFound."""
    rows = select(PublicLink).where(PublicLink.agency_id == agency_id, PublicLink.id == public_link_id)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    found = (await session.scalars(rows)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def by_token(session: AsyncSession, token: str) -> PublicLink | None:
    """The public link with this secret, ended ones included."""
    rows = select(PublicLink).where(PublicLink.token_hash == encryption.sha256(token))
    return (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None) -> Sequence[PublicLink]:
    """Public links, newest first; `before` is the id of the last one seen."""
    rows = select(PublicLink).where(PublicLink.agency_id == agency_id)
    if before:
        rows = rows.where(PublicLink.id < before)
    return (await session.scalars(rows.order_by(PublicLink.id.desc()).limit(limit))).all()


@dataclass(frozen=True)
class PublicLinkProgress:
    """Numbers of the links that a public link created: clients who agreed, and links that were completed."""

    submitted: int = 0
    completed: int = 0


async def progress(
    session: AsyncSession, agency_id: str, public_link_ids: Sequence[str]
) -> Mapping[str, PublicLinkProgress]:
    """The progress of some public links by id; those without a link are omitted."""
    rows = (
        select(Link.public_link_id, func.count(Link.submitted_at), func.count(Link.completed_at))
        .where(Link.agency_id == agency_id, Link.public_link_id.in_(public_link_ids))
        .group_by(Link.public_link_id)
    )
    found = await session.execute(rows) if public_link_ids else ()
    return {
        public_link_id: PublicLinkProgress(submitted, completed)
        for public_link_id, submitted, completed in found
        if public_link_id
    }


async def create_public_link(
    session: AsyncSession,
    agency_id: str,
    *,
    preset: str,
    keyring: Keyring,
    actor: Actor,
    language: str | None = None,
    expires_at: datetime | None = None,
    agency_account_ids: Mapping[str, str] = NO_ACCOUNTS,
    requested_by: str | None = None,
    most_per_hour: int = MOST_PER_HOUR,
    most_uses: int | None = None,
) -> tuple[PublicLink, str]:
    """Create a public link and return it with its secret. Without `expires_at` it does not expire.

    Raises PresetUnknown, InvalidInput, and as `own_side`.
    """
    chosen = await presets.current(session, agency_id, preset)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput(fields={"expires_at": "Choose a time in the future, with its time zone."})
    agency = await agencies.find(session, agency_id)
    own = await own_side(session, agency_id, chosen.access_requests, agency_account_ids)
    token, public_link_id = encryption.new_secret(), ids.new("publiclink")
    made = PublicLink(
        agency_id=agency_id, id=public_link_id, preset=chosen.slug, preset_version=chosen.version, language=language,
        requested_by=requested_by or agency.contact_name,
        agency_account_ids={platform: account for platform, account in own.items() if account is not None},
        token_hash=encryption.sha256(token),
        token_encrypted=keyring.encrypt(token, bound_to=token_place(agency_id, public_link_id)),
        most_per_hour=most_per_hour, most_uses=most_uses, expires_at=expires_at,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    await _record(session, made, catalog.PUBLIC_LINK_CREATED, actor)
    return made, token


async def show_address(
    session: AsyncSession, agency_id: str, public_link_id: str, *, public_url: str, keyring: Keyring, actor: Actor
) -> str:
    """Return the address again; each call is recorded. Raises NotFound."""
    found = await find(session, agency_id, public_link_id)
    token = keyring.decrypt(found.token_encrypted, bound_to=token_place(agency_id, public_link_id))
    await _record(session, found, catalog.PUBLIC_LINK_SHOWN, actor)
    return await address_of(session, found, token, public_url=public_url)


async def revoke_public_link(session: AsyncSession, agency_id: str, public_link_id: str, *, actor: Actor) -> PublicLink:
    """Revoke it immediately; its links stay active. Revoking it again changes nothing. Raises NotFound."""
    found = await find(session, agency_id, public_link_id, lock=True)
    if found.revoked_at is None:
        found.revoked_at = func.now()
        await session.flush()
        await session.refresh(found)
        await _record(session, found, catalog.PUBLIC_LINK_REVOKED, actor)
    return found


async def pause_public_link(session: AsyncSession, agency_id: str, public_link_id: str, *, actor: Actor) -> PublicLink:
    """Let nobody new start until it is resumed. Pausing it again changes nothing. Raises NotFound, PublicLinkOver."""
    found = await _usable(session, agency_id, public_link_id)
    if found.paused_at is None:
        found.paused_at = clock.now()
        await session.flush()
        await _record(session, found, catalog.PUBLIC_LINK_PAUSED, actor)
    return found


async def resume_public_link(session: AsyncSession, agency_id: str, public_link_id: str, *, actor: Actor) -> PublicLink:
    """Open a paused one again. Resuming an open one changes nothing. Raises NotFound, PublicLinkOver."""
    found = await _usable(session, agency_id, public_link_id)
    if found.paused_at is not None:
        found.paused_at = None
        await session.flush()
        await _record(session, found, catalog.PUBLIC_LINK_RESUMED, actor)
    return found


async def _usable(session: AsyncSession, agency_id: str, public_link_id: str) -> PublicLink:
    found = await find(session, agency_id, public_link_id, lock=True)
    if status_of(found) not in ("open", "paused"):
        raise PublicLinkOver
    return found


def status_of(public_link: PublicLink) -> PublicLinkStatus:
    """Its status now."""
    return public_link_status(
        revoked_at=public_link.revoked_at, expires_at=public_link.expires_at, paused_at=public_link.paused_at,
        uses=public_link.uses, most_uses=public_link.most_uses, now=clock.now(),
    )  # fmt: skip


async def address_of(session: AsyncSession, public_link: PublicLink, token: str, *, public_url: str) -> str:
    """The address of a public link."""
    agency = await agencies.find(session, public_link.agency_id)
    return url.of_public_link(domains.base_url(agency, public_url), agency.slug, token)


def token_place(agency_id: str, public_link_id: str) -> str:
    """Context to which the encrypted secret of a public link is bound."""
    return f"public_links.token_encrypted:{agency_id}:{public_link_id}"


async def _record(
    session: AsyncSession, public_link: PublicLink, event: EventType[PublicLinkData], actor: Actor
) -> None:
    await record(
        session, event, agency_id=public_link.agency_id, subject_id=public_link.id, actor=actor,
        data=PublicLinkData(preset=public_link.preset, language=public_link.language),
    )  # fmt: skip
