"""Client's actions on readiness: answer checks, and continue."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.readiness import queries
from app.access.readiness.checks import ANSWERS, ReadinessReply
from app.access.readiness.models import WHOLE_LIST, ReadinessAnswer
from app.kit import ids


async def keep_words(
    session: AsyncSession, agency_id: str, link_id: str, words: Mapping[str, ReadinessReply], *, by: str
) -> None:
    """Keeps what is new in what the client says; the same word again stays with whom and when it was first said."""
    known = await queries.said(session, agency_id, link_id)
    for item, word in words.items():
        assert word.answer in ANSWERS[item]
        before = known.get(item)
        if before is None or (before.answer, before.note) != (word.answer, word.note):
            session.add(_row(agency_id, link_id, item, word, by))
    await session.flush()


def pass_list(session: AsyncSession, agency_id: str, link_id: str, *, by: str) -> None:
    """The client went through the list; to be called once."""
    session.add(_row(agency_id, link_id, WHOLE_LIST, ReadinessReply("seen"), by))


def _row(agency_id: str, link_id: str, item: str, word: ReadinessReply, by: str) -> ReadinessAnswer:
    return ReadinessAnswer(
        agency_id=agency_id, id=ids.new("answer"), link_id=link_id, item=item, answer=word.answer,
        note=word.note or None, by=by,
    )  # fmt: skip
