"""Presets, Keyturn's own and the agency's: table, queries and use cases. No version is ever changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.events import catalog
from app.events.recorder import record
from app.events.schema import PresetData
from app.kit import ids
from app.kit.actor import Actor
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.errors import AppError, InvalidInput, NotFound
from app.links.presets import builtin, preset, validation
from app.links.presets.preset import Preset
from app.platforms.port import Platform
from app.tenants.agencies import service as agencies

MOST_PRESETS = 200


class AgencyPreset(CreatedAt, Base):
    """One version of an agency's own preset, validated. New links use the newest version."""

    __tablename__ = "presets"
    __audit__ = Audit("preset")
    __table_args__ = (belongs_to_agency(), UniqueConstraint("agency_id", "slug", "version"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("preset"), primary_key=True)
    slug: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    body: Mapped[dict[str, Any]]
    #: not used for new links from then on; existing links keep it
    archived_at: Mapped[datetime | None]


class PresetUnknown(InvalidInput):
    """There is no preset with this slug."""

    code = "preset_unknown"
    detail = "There is no preset of this name."
    hint = "GET /api/v1/presets lists them."


class PresetTaken(AppError):
    """There is a preset with this slug."""

    status = 409
    code = "preset_taken"
    detail = "There is a preset with this slug."
    hint = "Choose another slug; PUT /api/v1/presets/{slug} creates a new version of your own."


class PresetBuiltIn(AppError):
    """One of Keyturn's own presets."""

    status = 409
    code = "preset_built_in"
    detail = "This is one of Keyturn’s own presets, which cannot be changed."
    hint = "Create your own: read this one, change it, and save it under another slug."


class TooManyPresets(AppError):
    """The maximum number of presets."""

    status = 409
    code = "too_many_presets"
    detail = f"An agency has at most {MOST_PRESETS} presets."
    hint = "Archive those that are no longer used."


async def every(session: AsyncSession, agency_id: str) -> Sequence[Preset]:
    """The newest version of each active preset: Keyturn's own first, then the agency's by slug."""
    own = [of_row(row) for row in await _newest_rows(session, agency_id) if row.archived_at is None]
    return [*builtin.newest().values(), *own]


async def archived(session: AsyncSession, agency_id: str) -> Sequence[Preset]:
    """The newest version of each archived preset of the agency, by slug."""
    return [of_row(row) for row in await _newest_rows(session, agency_id) if row.archived_at is not None]


async def _newest_rows(session: AsyncSession, agency_id: str) -> Sequence[AgencyPreset]:
    rows = (
        select(AgencyPreset)
        .where(AgencyPreset.agency_id == agency_id)
        .ext(distinct_on(AgencyPreset.slug))
        .order_by(AgencyPreset.slug, AgencyPreset.version.desc())
    )
    return (await session.scalars(rows)).all()


async def current(session: AsyncSession, agency_id: str, slug: str) -> Preset:
    """The version that new links use. Raises PresetUnknown."""
    if slug in builtin.newest():
        return builtin.newest()[slug]
    row = await newest_row(session, agency_id, slug)
    if row is None or row.archived_at is not None:
        raise PresetUnknown(fields={"preset": f"{PresetUnknown.detail} {PresetUnknown.hint}"})
    return of_row(row)


async def version(session: AsyncSession, agency_id: str, slug: str, number: int) -> Preset:
    """One version, archived or not. Raises NotFound."""
    if (slug, number) in builtin.versions():
        return builtin.versions()[slug, number]
    rows = select(AgencyPreset).where(
        AgencyPreset.agency_id == agency_id, AgencyPreset.slug == slug, AgencyPreset.version == number
    )
    row = (await session.scalars(rows)).one_or_none()
    if row is None:
        raise NotFound
    return of_row(row)


async def newest_row(session: AsyncSession, agency_id: str, slug: str) -> AgencyPreset | None:
    """The agency's newest version of a slug, archived or not."""
    rows = select(AgencyPreset).where(AgencyPreset.agency_id == agency_id, AgencyPreset.slug == slug)
    return (await session.scalars(rows.order_by(AgencyPreset.version.desc()).limit(1))).one_or_none()


def of_row(row: AgencyPreset) -> Preset:
    """The preset of a row."""
    return preset.read_preset(row.slug, row.version, row.body)


async def create_preset(
    session: AsyncSession,
    agency_id: str,
    slug: str,
    body: Mapping[str, Any],
    *,
    platforms: Mapping[str, Platform],
    actor: Actor,
) -> Preset:
    """Create a preset of the agency. An archived slug continues with its next version.

    Raises InvalidInput with a sentence for each field, PresetTaken, PresetBuiltIn, TooManyPresets.
    """
    if slug in validation.RESERVED:
        raise InvalidInput(fields={"slug": f"A page has the address {slug}: choose another slug, such as {slug}-1."})
    body = _checked(slug, body, platforms)
    await agencies.lock(session, agency_id)
    known = await newest_row(session, agency_id, slug)
    if known is not None and known.archived_at is None:
        raise PresetTaken
    await _refuse_more(session, agency_id)
    return await _add(session, agency_id, slug, body, known.version + 1 if known else 1, actor)


async def change_preset(
    session: AsyncSession,
    agency_id: str,
    slug: str,
    body: Mapping[str, Any],
    *,
    platforms: Mapping[str, Platform],
    actor: Actor,
) -> Preset:
    """Add a new version, or return the current one if nothing differs. Existing links keep theirs.

    Raises InvalidInput, NotFound, PresetBuiltIn.
    """
    body = _checked(slug, body, platforms)
    await agencies.lock(session, agency_id)
    known = await newest_row(session, agency_id, slug)
    if known is None or known.archived_at is not None:
        raise NotFound
    if known.body == dict(body):
        return of_row(known)
    return await _add(session, agency_id, slug, body, known.version + 1, actor)


async def save_preset(
    session: AsyncSession,
    agency_id: str,
    slug: str,
    body: Mapping[str, Any],
    *,
    platforms: Mapping[str, Platform],
    actor: Actor,
) -> Preset:
    """Create a preset, or add a new version if the slug exists. Raises as `create_preset` and `change_preset`."""
    known = await newest_row(session, agency_id, slug)
    write = create_preset if known is None or known.archived_at is not None else change_preset
    return await write(session, agency_id, slug, body, platforms=platforms, actor=actor)


async def archive_preset(session: AsyncSession, agency_id: str, slug: str, *, actor: Actor) -> None:
    """Archive a preset: new links cannot use it, existing ones keep it. Raises NotFound, PresetBuiltIn."""
    if slug in builtin.newest():
        raise PresetBuiltIn
    await agencies.lock(session, agency_id)
    known = await newest_row(session, agency_id, slug)
    if known is None or known.archived_at is not None:
        raise NotFound
    known.archived_at = func.now()
    await record(
        session, catalog.PRESET_ARCHIVED, agency_id=agency_id, subject_id=known.id, actor=actor,
        data=PresetData(preset=slug),
    )  # fmt: skip


async def restore_preset(
    session: AsyncSession, agency_id: str, slug: str, *, platforms: Mapping[str, Platform], actor: Actor
) -> Preset:
    """Restore the newest version of an archived preset. One that is not archived stays.

    Raises NotFound, PresetBuiltIn, TooManyPresets, and InvalidInput if what it requests is no longer possible.
    """
    await agencies.lock(session, agency_id)
    known = await newest_row(session, agency_id, slug)
    if known is None:
        raise PresetBuiltIn if slug in builtin.newest() else NotFound
    if known.archived_at is not None:
        _checked(slug, known.body, platforms)
        await _refuse_more(session, agency_id)
        known.archived_at = None
        await record(
            session, catalog.PRESET_RESTORED, agency_id=agency_id, subject_id=known.id, actor=actor,
            data=PresetData(preset=slug),
        )  # fmt: skip
    return of_row(known)


async def _refuse_more(session: AsyncSession, agency_id: str) -> None:
    if len(await every(session, agency_id)) - len(builtin.newest()) >= MOST_PRESETS:
        raise TooManyPresets


def _checked(slug: str, body: Mapping[str, Any], platforms: Mapping[str, Platform]) -> dict[str, Any]:
    """The body as it is stored: roles by the platform's own names."""
    if slug in builtin.newest():
        raise PresetBuiltIn
    wanted = preset.read_preset(slug, 1, body)
    access_requests = [validation.official(access_request, platforms) for access_request in wanted.access_requests]
    if problems := validation.problems(replace(wanted, access_requests=tuple(access_requests)), platforms):
        raise InvalidInput(fields=problems)
    return {
        **body,
        "access_requests": [
            {**each, "role": access_request.role}
            for each, access_request in zip(body["access_requests"], access_requests, strict=True)
        ],
    }


async def _add(
    session: AsyncSession, agency_id: str, slug: str, body: Mapping[str, Any], version: int, actor: Actor
) -> Preset:
    row = AgencyPreset(agency_id=agency_id, id=ids.new("preset"), slug=slug, version=version, body=dict(body))
    session.add(row)
    await session.flush()
    await record(
        session, catalog.PRESET_SAVED, agency_id=agency_id, subject_id=row.id, actor=actor,
        data=PresetData(preset=slug),
    )  # fmt: skip
    return of_row(row)
