"""Writing down access that a read showed, or no longer shows."""

from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.grants.model import Grant
from app.kit import ids
from app.links.model import Ask


async def saw(
    session: AsyncSession, ask: Ask, *, client_id: str, bc_id: str, agency_bc_id: str, role: str, seen_by: str
) -> str:
    """One grant for one asset, however often it is seen: its id."""
    added = insert(Grant).values(
        agency_id=ask.agency_id, id=ids.new("grant"), client_id=client_id, ask_id=ask.id, platform=ask.platform,
        kind=ask.kind, asset_id=ask.asset_id, asset_name=ask.asset_name, bc_id=bc_id, agency_bc_id=agency_bc_id,
        role=role, state="live", seen_by=seen_by,
    )  # fmt: skip
    kept = added.on_conflict_do_update(
        index_elements=["agency_id", "client_id", "platform", "kind", "asset_id", "agency_bc_id"],
        index_where=text("state <> 'ended'"),  # as a literal: a parameter would not match the index
        set_={
            "role": role,
            "state": "live",
            "seen_by": seen_by,
            "ask_id": ask.id,
            "drifted_at": None,
            "last_seen_at": func.now(),
            "updated_at": func.now(),
        },
    ).returning(Grant.id)
    return (await session.execute(kept)).scalar_one()


async def drifted(session: AsyncSession, agency_id: str, ask_id: str) -> str | None:
    """The grant of an ask is no longer seen as agreed: its id, if there was one."""
    moved = (
        update(Grant)
        .where(Grant.agency_id == agency_id, Grant.ask_id == ask_id, Grant.state == "live")
        .values(state="drifted", drifted_at=func.now())
        .returning(Grant.id)
    )
    return (await session.execute(moved)).scalar_one_or_none()
