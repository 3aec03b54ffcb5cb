"""Use cases of own platforms: read, create, change, archive and restore."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.catalog import EventType
from app.events.recorder import record
from app.events.schema import PlatformData
from app.kit import ids
from app.kit.actor import Actor
from app.kit.errors import AppError, NotFound
from app.links import queries, url
from app.links.models import Link, LinkPlatform, PublicLink
from app.links.own_platforms import pictures
from app.links.own_platforms.models import OwnPlatform
from app.links.presets import service as presets
from app.links.presets.preset import PresetAccessRequest
from app.links.presets.service import AgencyPreset
from app.platforms.manual import own
from app.platforms.registry import Platforms
from app.tenants.agencies import service as agencies

MOST = 100
#: Most characters of a key after its prefix.
_KEY_LENGTH = 28


class OwnPlatformTaken(AppError):
    """There is an own platform with this key."""

    status = 409
    code = "own_platform_taken"
    detail = "You have a platform with this key."
    hint = "Choose another key; PUT /api/v1/own-platforms/{key} creates a new version of yours."


class TooManyOwnPlatforms(AppError):
    """The maximum number of own platforms."""

    status = 409
    code = "too_many_own_platforms"
    detail = f"An agency has at most {MOST} platforms of its own."
    hint = "Archive those that are no longer used."


class OwnPlatformInPresets(AppError):
    """Presets request access on it."""

    status = 409
    code = "own_platform_in_presets"
    detail = "Presets request access there."
    hint = "Take it out of them, or archive them, then archive the platform. Links that have it keep it."


@dataclass(frozen=True)
class OwnPlatformUse:
    """Uses of an own platform: numbers of active links and open public links, and names of presets."""

    active_links: int
    public_links: int
    presets: Sequence[str]


async def every(session: AsyncSession, agency_id: str, *, archived: bool = False) -> Sequence[OwnPlatform]:
    """The newest version of each own platform that is not archived, or of each archived one, by key."""
    newest = await _newest(session, agency_id)
    return [row for row in newest if (row.archived_at is not None) == archived]


async def find(session: AsyncSession, agency_id: str, key: str) -> OwnPlatform:
    """The newest version of an own platform, archived or not. Raises NotFound."""
    found = await _newest(session, agency_id, [key])
    if not found:
        raise NotFound
    return found[0]


async def version(session: AsyncSession, agency_id: str, key: str, number: int) -> OwnPlatform:
    """One version of an own platform. Raises NotFound."""
    rows = select(OwnPlatform).where(
        OwnPlatform.agency_id == agency_id, OwnPlatform.key == key, OwnPlatform.version == number
    )
    found = (await session.scalars(rows)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def asked(session: AsyncSession, agency_id: str, keys: Collection[str]) -> Mapping[str, OwnPlatform]:
    """The own platforms among these, archived ones too, by key: those that a link would have now."""
    wanted = [key for key in keys if own.is_own(key)]
    return {row.key: row for row in await _newest(session, agency_id, wanted)} if wanted else {}


async def requestable(session: AsyncSession, agency_id: str, installed: Platforms) -> Platforms:
    """The platforms of the installation, and those of the agency's own that are not archived."""
    return installed.beside([row.platform for row in await every(session, agency_id)])


async def requested(
    session: AsyncSession, agency_id: str, installed: Platforms, asked_for: Iterable[PresetAccessRequest]
) -> Platforms:
    """The platforms of the installation, and those of the agency's own that presets request, archived ones too."""
    rows = await asked(session, agency_id, {each.platform for each in asked_for})
    return installed.beside([row.platform for row in rows.values()])


async def create(
    session: AsyncSession, agency_id: str, key: str | None, definition: Mapping[str, Any], *, actor: Actor
) -> OwnPlatform:
    """Create an own platform, by default with a key made of its name.

    Raises InvalidInput, OwnPlatformTaken, TooManyOwnPlatforms.
    """
    await agencies.lock(session, agency_id)
    known = {row.key: row for row in await _newest(session, agency_id)}
    if len([row for row in known.values() if row.archived_at is None]) >= MOST:
        raise TooManyOwnPlatforms
    key = key or _free_key(definition["name"], known)
    if key in known:
        raise OwnPlatformTaken
    return await _add(session, agency_id, key, definition, 1, actor)


async def same(session: AsyncSession, agency_id: str, definition: Mapping[str, Any]) -> OwnPlatform | None:
    """The active own platform with just this definition, as a form leaves that is sent twice. Locks the agency."""
    await agencies.lock(session, agency_id)
    made = await pictures.with_sizes(session, agency_id, definition)
    return next((row for row in await every(session, agency_id) if row.definition == made), None)


async def change(
    session: AsyncSession, agency_id: str, key: str, definition: Mapping[str, Any], *, actor: Actor
) -> OwnPlatform:
    """Add a new version, or return the current one if nothing differs. Links keep theirs.

    Raises InvalidInput, NotFound.
    """
    await agencies.lock(session, agency_id)
    known = await _active(session, agency_id, key)
    made = await pictures.with_sizes(session, agency_id, definition)
    if known.definition == made:
        return known
    return await _add(session, agency_id, key, definition, known.version + 1, actor)


async def use(session: AsyncSession, agency_id: str, key: str) -> OwnPlatformUse:
    """The present uses of an own platform. Raises NotFound."""
    await find(session, agency_id, key)
    links = (
        select(func.count())
        .join_from(Link, LinkPlatform, (LinkPlatform.agency_id == Link.agency_id) & (LinkPlatform.link_id == Link.id))
        .where(Link.agency_id == agency_id, LinkPlatform.platform == key, queries.is_active())
    )
    public = (
        select(func.count())
        .join_from(
            PublicLink,
            AgencyPreset,
            (AgencyPreset.agency_id == PublicLink.agency_id)
            & (AgencyPreset.slug == PublicLink.preset)
            & (AgencyPreset.version == PublicLink.preset_version),
        )
        .where(
            PublicLink.agency_id == agency_id, queries.is_open(),
            AgencyPreset.body.contains({"access_requests": [{"platform": key}]}),
        )
    )  # fmt: skip
    return OwnPlatformUse(
        (await session.scalars(links)).one(),
        (await session.scalars(public)).one(),
        await _presets(session, agency_id, key),
    )


async def archive(session: AsyncSession, agency_id: str, key: str, *, actor: Actor) -> None:
    """Archive an own platform: nothing requests it any more, links keep it. Raises NotFound, OwnPlatformInPresets."""
    await agencies.lock(session, agency_id)
    known = await _active(session, agency_id, key)
    if names := await _presets(session, agency_id, key):
        raise OwnPlatformInPresets(f"Presets request access there: {', '.join(names)}.")
    known.archived_at = func.now()
    await _record(session, catalog.OWN_PLATFORM_ARCHIVED, known, actor)


async def restore(session: AsyncSession, agency_id: str, key: str, *, actor: Actor) -> OwnPlatform:
    """Restore an archived own platform. One that is not archived stays. Raises NotFound, TooManyOwnPlatforms."""
    await agencies.lock(session, agency_id)
    known = await find(session, agency_id, key)
    if known.archived_at is not None:
        if len(await every(session, agency_id)) >= MOST:
            raise TooManyOwnPlatforms
        known.archived_at = None
        await _record(session, catalog.OWN_PLATFORM_RESTORED, known, actor)
    return known


async def _newest(session: AsyncSession, agency_id: str, keys: Collection[str] | None = None) -> Sequence[OwnPlatform]:
    rows = select(OwnPlatform).where(OwnPlatform.agency_id == agency_id)
    if keys is not None:
        rows = rows.where(OwnPlatform.key.in_(keys))
    newest = rows.ext(distinct_on(OwnPlatform.key)).order_by(OwnPlatform.key, OwnPlatform.version.desc())
    return (await session.scalars(newest)).all()


async def _active(session: AsyncSession, agency_id: str, key: str) -> OwnPlatform:
    known = await find(session, agency_id, key)
    if known.archived_at is not None:
        raise NotFound
    return known


async def _presets(session: AsyncSession, agency_id: str, key: str) -> list[str]:
    """Names of the current presets that request access there."""
    return [
        each.name
        for each in await presets.every(session, agency_id)
        if any(asked.platform == key for asked in each.access_requests)
    ]


def _free_key(name: str, taken: Collection[str]) -> str:
    made = url.slug(name, "platform").replace("-", "_")[: _KEY_LENGTH - 3]
    numbered = (f"{own.PREFIX}{made}" if number == 1 else f"{own.PREFIX}{made}_{number}" for number in range(1, 999))
    return next(each for each in numbered if each not in taken)


async def _add(
    session: AsyncSession, agency_id: str, key: str, definition: Mapping[str, Any], number: int, actor: Actor
) -> OwnPlatform:
    row = OwnPlatform(
        agency_id=agency_id, id=ids.new("platform"), key=key, version=number,
        definition=await pictures.with_sizes(session, agency_id, definition),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await session.refresh(row)
    await _record(session, catalog.OWN_PLATFORM_SAVED, row, actor)
    return row


async def _record(session: AsyncSession, event_type: EventType[PlatformData], row: OwnPlatform, actor: Actor) -> None:
    await record(
        session, event_type, agency_id=row.agency_id, subject_id=row.id, actor=actor,
        data=PlatformData(platform=row.key),
    )  # fmt: skip
