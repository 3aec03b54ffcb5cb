"""Queries of e-mails."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.mail.models import Mail


async def newest(session: AsyncSession, agency_id: str, *, about_id: str, kind: str) -> Mail | None:
    """The newest e-mail of one kind about one subject."""
    rows = select(Mail).where(Mail.agency_id == agency_id, Mail.about_id == about_id, Mail.kind == kind)
    return (await session.scalars(rows.order_by(Mail.id.desc()).limit(1))).one_or_none()
