"""Making, changing and putting away an agency's own presets. No version is ever changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.kit import ids
from app.kit.errors import AppError, InvalidInput, NotFound
from app.links.presets import builtin, preset, queries, validation
from app.links.presets.models import AgencyPreset
from app.links.presets.preset import Preset
from app.platforms.port import Platform
from app.tenants.agencies.models import Agency

MOST_PRESETS = 200


class PresetTaken(AppError):
    """A preset of this slug is there."""

    status = 409
    code = "preset_taken"
    detail = "There is a preset of this slug."
    hint = "Choose another slug; PUT /api/v1/presets/{slug} makes a new version of one of your own."


class PresetBuiltIn(AppError):
    """One of Keyturn's own presets."""

    status = 409
    code = "preset_built_in"
    detail = "This is one of Keyturn’s own presets, which nobody changes."
    hint = "Make one of your own: read this one, change it, and save it under another slug."


class TooManyPresets(AppError):
    """More presets than anybody chooses from."""

    status = 409
    code = "too_many_presets"
    detail = f"An agency has at most {MOST_PRESETS} presets."
    hint = "Archive those that are no longer used."


async def create_preset(
    session: AsyncSession,
    agency_id: str,
    slug: str,
    body: Mapping[str, Any],
    *,
    platforms: Mapping[str, Platform],
    actor: str,
) -> Preset:
    """A preset of the agency's own. An archived slug goes on with its next version.

    Raises InvalidInput with a sentence for each field, PresetTaken, PresetBuiltIn, TooManyPresets.
    """
    body = _checked(slug, body, platforms)
    await _one_at_a_time(session, agency_id)
    known = await queries.newest_row(session, agency_id, slug)
    if known is not None and known.archived_at is None:
        raise PresetTaken
    own = len(await queries.every(session, agency_id)) - len(builtin.newest())
    if own >= MOST_PRESETS:
        raise TooManyPresets
    return await _add(session, agency_id, slug, body, known.version + 1 if known else 1, actor)


async def change_preset(
    session: AsyncSession,
    agency_id: str,
    slug: str,
    body: Mapping[str, Any],
    *,
    platforms: Mapping[str, Platform],
    actor: str,
) -> Preset:
    """A new version, or the present one where nothing differs. Links made before keep theirs.

    Raises InvalidInput, NotFound, PresetBuiltIn.
    """
    body = _checked(slug, body, platforms)
    await _one_at_a_time(session, agency_id)
    known = await queries.newest_row(session, agency_id, slug)
    if known is None or known.archived_at is not None:
        raise NotFound
    if known.body == dict(body):
        return queries.of_row(known)
    return await _add(session, agency_id, slug, body, known.version + 1, actor)


async def save_preset(
    session: AsyncSession,
    agency_id: str,
    slug: str,
    body: Mapping[str, Any],
    *,
    platforms: Mapping[str, Platform],
    actor: str,
) -> Preset:
    """A preset of the agency's own, or a new version of the one of this slug. Raises as the two do."""
    known = await queries.newest_row(session, agency_id, slug)
    write = create_preset if known is None or known.archived_at is not None else change_preset
    return await write(session, agency_id, slug, body, platforms=platforms, actor=actor)


async def archive_preset(session: AsyncSession, agency_id: str, slug: str, *, actor: str) -> None:
    """No new links with it. Links there are keep it. Raises NotFound, PresetBuiltIn."""
    if slug in builtin.newest():
        raise PresetBuiltIn
    known = await queries.newest_row(session, agency_id, slug)
    if known is None or known.archived_at is not None:
        raise NotFound
    known.archived_at = func.now()
    await record(
        session, catalog.PRESET_ARCHIVED, agency_id=agency_id, subject_id=known.id, actor=actor,
        data={"preset": slug},
    )  # fmt: skip


def _checked(slug: str, body: Mapping[str, Any], platforms: Mapping[str, Platform]) -> dict[str, Any]:
    """The body as it is kept: roles by the platform's own names."""
    if slug in builtin.newest():
        raise PresetBuiltIn
    wanted = preset.read(slug, 1, body)
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


async def _one_at_a_time(session: AsyncSession, agency_id: str) -> None:
    """Versions are counted: whoever comes second waits for the first."""
    await session.execute(select(Agency.id).where(Agency.id == agency_id).with_for_update())


async def _add(
    session: AsyncSession, agency_id: str, slug: str, body: Mapping[str, Any], version: int, actor: str
) -> Preset:
    row = AgencyPreset(agency_id=agency_id, id=ids.new("preset"), slug=slug, version=version, body=dict(body))
    session.add(row)
    await session.flush()
    await record(
        session, catalog.PRESET_SAVED, agency_id=agency_id, subject_id=row.id, actor=actor, data={"preset": slug}
    )
    return queries.of_row(row)
