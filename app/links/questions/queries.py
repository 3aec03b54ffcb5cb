"""Reading answers and files."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.kit.errors import NotFound
from app.links.questions.models import IntakeAnswer, IntakeFile


async def answers(session: AsyncSession, agency_id: str, link_id: str) -> Mapping[str, str]:
    """Answers on a link by question key."""
    rows = select(IntakeAnswer.key, IntakeAnswer.value).where(
        IntakeAnswer.agency_id == agency_id, IntakeAnswer.link_id == link_id
    )
    return {row.key: row.value for row in await session.execute(rows)}


async def files(session: AsyncSession, agency_id: str, link_id: str) -> Sequence[IntakeFile]:
    """Files of a link, oldest first, without their bytes."""
    rows = select(IntakeFile).where(IntakeFile.agency_id == agency_id, IntakeFile.link_id == link_id)
    return (await session.scalars(rows.order_by(IntakeFile.id))).all()


async def file_with_bytes(session: AsyncSession, agency_id: str, link_id: str, file_id: str) -> IntakeFile:
    """One file of a link with its encrypted bytes. Raises NotFound."""
    rows = select(IntakeFile).where(
        IntakeFile.agency_id == agency_id, IntakeFile.link_id == link_id, IntakeFile.id == file_id
    )
    found = (await session.scalars(rows.options(undefer(IntakeFile.sealed)))).one_or_none()
    if found is None:
        raise NotFound
    return found
