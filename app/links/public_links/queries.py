"""Reading public links."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import encryption
from app.kit.database import CROSS_TENANT
from app.kit.errors import NotFound
from app.links.public_links.models import PublicLink


async def find(session: AsyncSession, agency_id: str, public_link_id: str, *, lock: bool = False) -> PublicLink:
    """One public link; `lock` makes others wait and reads it again. Raises NotFound."""
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
