"""Partners of a Business Center, as an import lists them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import call_recorder
from app.access.grants.models import Grant
from app.access.imports.models import Import
from app.access.partners.models import Partner
from app.kit import ids
from app.platforms.resources import PartnerInfo

_AT_ONCE = 500


async def save_partners(session: AsyncSession, row: Import, seen: Sequence[PartnerInfo]) -> None:
    """Save the whole list: add new partners, and mark those that are no longer listed.

    Grants of a partner that is gone are read again before they end.
    """
    for start in range(0, len(seen), _AT_ONCE):
        await _upsert(session, row, seen[start : start + _AT_ONCE])
    missing = (
        Partner.agency_id == row.agency_id, Partner.platform == row.platform,
        Partner.agency_bc_id == row.agency_bc_id, Partner.import_id != row.id,
    )  # fmt: skip
    found = select(Grant.id).where(
        Grant.agency_id == Partner.agency_id, Grant.platform == Partner.platform, Grant.bc_id == Partner.bc_id,
        Grant.agency_bc_id == Partner.agency_bc_id, Grant.access_request_id.is_(None), Grant.status == "live",
    )  # fmt: skip
    gone = func.coalesce(Partner.gone_at, func.now())
    for condition, values in (
        ((*missing, Partner.gone_at.is_(None)), {"gone_at": gone}),
        ((*missing, found.exists()), _anew(row)),
    ):
        marked = update(Partner).where(*condition).values(**values)
        await session.execute(marked.execution_options(synchronize_session=False))


async def _upsert(session: AsyncSession, row: Import, seen: Sequence[PartnerInfo]) -> None:
    listed = _anew(row)
    rows = [
        {
            "agency_id": row.agency_id, "id": ids.new("partner"), "platform": row.platform,
            "agency_bc_id": row.agency_bc_id, "bc_id": partner.bc_id, "name": partner.name, **listed,
        }
        for partner in seen
    ]  # fmt: skip
    added = insert(Partner).values(rows)
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["agency_id", "platform", "agency_bc_id", "bc_id"],
            set_={**listed, "name": added.excluded.name, "last_seen_at": func.now(), "gone_at": None},
        )
    )


def _anew(row: Import) -> dict[str, Any]:
    """A partner at the start of this import."""
    return {"import_id": row.id, "to_read": "ad_account", "tries": 0, **call_recorder.failure_columns()}
