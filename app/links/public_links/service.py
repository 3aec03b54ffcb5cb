"""Use cases of an agency's public links: create, show the address, revoke."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.catalog import EventType
from app.events.recorder import record
from app.kit import clock, encryption, ids
from app.kit.encryption import Keyring
from app.kit.errors import InvalidInput
from app.links import url
from app.links.business_centers import own_side
from app.links.presets import queries as presets
from app.links.public_links import queries
from app.links.public_links.models import PublicLink
from app.tenants.agencies import service as agencies

MOST_PER_HOUR = 30


async def create_public_link(
    session: AsyncSession,
    agency_id: str,
    *,
    preset: str,
    keyring: Keyring,
    actor: str,
    language: str = "en",
    expires_at: datetime | None = None,
    agency_bc_id: str | None = None,
    requested_by: str | None = None,
    most_per_hour: int = MOST_PER_HOUR,
    most_uses: int | None = None,
) -> tuple[PublicLink, str]:
    """A public link and its secret. Without `expires_at` it lives until revoked.

    Raises PresetUnknown, InvalidInput, and as `own_side`.
    """
    chosen = await presets.current(session, agency_id, preset)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput(fields={"expires_at": "Choose a time that is still to come, with its time zone."})
    agency = await agencies.find(session, agency_id)
    token, public_link_id = encryption.new_secret(), ids.new("publiclink")
    made = PublicLink(
        agency_id=agency_id, id=public_link_id, preset=chosen.slug, preset_version=chosen.version, language=language,
        requested_by=requested_by or agency.contact_name,
        agency_bc_id=await own_side(session, agency_id, chosen, agency_bc_id),
        token_hash=encryption.sha256(token),
        token_encrypted=keyring.encrypt(token, bound_to=token_place(agency_id, public_link_id)),
        most_per_hour=most_per_hour, most_uses=most_uses, expires_at=expires_at,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    await _tell(session, made, catalog.PUBLIC_LINK_CREATED, actor)
    return made, token


def token_place(agency_id: str, public_link_id: str) -> str:
    """Context to which the encrypted secret of a public link is bound."""
    return f"public_links.token_encrypted:{agency_id}:{public_link_id}"


async def address_of(session: AsyncSession, public_link: PublicLink, token: str, *, public_url: str) -> str:
    """Its public address."""
    agency = await agencies.find(session, public_link.agency_id)
    return url.of_public_link(public_url, agency.slug, token)


async def show_address(
    session: AsyncSession, agency_id: str, public_link_id: str, *, public_url: str, keyring: Keyring, actor: str
) -> str:
    """The address again; each look is recorded. Raises NotFound."""
    found = await queries.find(session, agency_id, public_link_id)
    token = keyring.decrypt(found.token_encrypted, bound_to=token_place(agency_id, public_link_id))
    await _tell(session, found, catalog.PUBLIC_LINK_SHOWN, actor)
    return await address_of(session, found, token, public_url=public_url)


async def revoke_public_link(session: AsyncSession, agency_id: str, public_link_id: str, *, actor: str) -> PublicLink:
    """Ends it at once; the links made by it go on. Ending it again changes nothing. Raises NotFound."""
    found = await queries.find(session, agency_id, public_link_id, lock=True)
    if found.revoked_at is None:
        found.revoked_at = func.now()
        await session.flush()
        await session.refresh(found)
        await _tell(session, found, catalog.PUBLIC_LINK_REVOKED, actor)
    return found


async def _tell(session: AsyncSession, public_link: PublicLink, event: EventType, actor: str) -> None:
    await record(
        session, event, agency_id=public_link.agency_id, subject_id=public_link.id, actor=actor,
        data={"preset": public_link.preset, "language": public_link.language},
    )  # fmt: skip
