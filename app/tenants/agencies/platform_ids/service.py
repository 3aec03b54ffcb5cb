"""Use case of the agency's ids on a manual platform."""

from collections.abc import Mapping

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.kit import ids
from app.kit.errors import InvalidInput, NotFound
from app.platforms.manual import library
from app.platforms.manual.library import tidied
from app.tenants.agencies.platform_ids.models import PlatformIdentity


async def set_platform(
    session: AsyncSession, agency_id: str, key: str, *, identifiers: Mapping[str, str], actor: str
) -> Mapping[str, str]:
    """Replace the agency's ids on one platform and return them as stored.

    Raises NotFound for an unknown platform, InvalidInput for an invalid id.
    """
    platform = library.every().get(key)
    if platform is None:
        raise NotFound
    identifiers = {name: tidied(value) for name, value in identifiers.items()}
    problems = platform.wrong(identifiers)
    if problems:
        raise InvalidInput(fields={f"identifiers.{name}": sentence for name, sentence in problems.items()})
    kept = insert(PlatformIdentity).values(
        agency_id=agency_id, id=ids.new("identity"), platform=key, identifiers=dict(identifiers)
    )
    await session.execute(
        kept.on_conflict_do_update(
            index_elements=["agency_id", "platform"],
            set_={"identifiers": dict(identifiers), "updated_at": func.now()},
        )
    )
    await record(
        session, catalog.AGENCY_PLATFORM_SET, agency_id=agency_id, subject_id=agency_id, actor=actor,
        data={"platform": key},
    )  # fmt: skip
    return identifiers
