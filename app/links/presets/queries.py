"""Reading presets: Keyturn's own and an agency's."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.errors import InvalidInput, NotFound
from app.links.presets import builtin, preset
from app.links.presets.models import AgencyPreset
from app.links.presets.preset import Preset


class PresetUnknown(InvalidInput):
    """No preset of this name."""

    code = "preset_unknown"
    detail = "There is no preset of this name."
    hint = "GET /api/v1/presets lists them."


async def every(session: AsyncSession, agency_id: str) -> Sequence[Preset]:
    """The newest version of each that links can be made with: Keyturn's own first, then the agency's by slug."""
    rows = (
        select(AgencyPreset)
        .where(AgencyPreset.agency_id == agency_id)
        .ext(distinct_on(AgencyPreset.slug))
        .order_by(AgencyPreset.slug, AgencyPreset.version.desc())
    )
    own = [of_row(row) for row in await session.scalars(rows) if row.archived_at is None]
    return [*builtin.newest().values(), *own]


async def current(session: AsyncSession, agency_id: str, slug: str) -> Preset:
    """The version new links are made with. Raises PresetUnknown."""
    if slug in builtin.newest():
        return builtin.newest()[slug]
    row = await newest_row(session, agency_id, slug)
    if row is None or row.archived_at is not None:
        raise PresetUnknown
    return of_row(row)


async def version(session: AsyncSession, agency_id: str, slug: str, number: int) -> Preset:
    """One version, archived or not. Raises NotFound."""
    if (slug, number) in builtin.every():
        return builtin_version(slug, number)
    rows = select(AgencyPreset).where(
        AgencyPreset.agency_id == agency_id, AgencyPreset.slug == slug, AgencyPreset.version == number
    )
    row = (await session.scalars(rows)).one_or_none()
    if row is None:
        raise NotFound
    return of_row(row)


def builtin_version(slug: str, number: int) -> Preset:
    """One version of Keyturn's own."""
    return builtin.every()[slug, number]


async def newest_row(session: AsyncSession, agency_id: str, slug: str) -> AgencyPreset | None:
    """The agency's newest version of a slug, archived or not."""
    rows = select(AgencyPreset).where(AgencyPreset.agency_id == agency_id, AgencyPreset.slug == slug)
    return (await session.scalars(rows.order_by(AgencyPreset.version.desc()).limit(1))).one_or_none()


def of_row(row: AgencyPreset) -> Preset:
    """The preset a row holds."""
    return preset.read(row.slug, row.version, row.body)
