"""Mails of the world's agencies, and the worker that sends them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import func, select, update

from app.kit import due
from app.kit.vault import Vault
from app.mail import actions
from app.mail import due as mail_work
from app.mail.actions import Outbox
from app.mail.due import Tools
from app.mail.letter import Letterhead, Person
from app.mail.model import Mail
from app.mail.rendering import Shown
from tests.world import PUBLIC_URL, Corner

SECRET = "pJ3kq0Zr8u1Yb5Xw2Vt7Sn4Lm9Ka6Hd3Gf0Ee1Cc2Bb"
ADDRESS = f"{PUBLIC_URL}/north/maison-lune/{SECRET}"
ANA = Person("ana@maisonlune.example", "Ana Client")
INVITATION: Mapping[str, Shown] = {
    "name": "Ana Client",
    "client": "Maison Lune",
    "platform": "TikTok",
    "others": (),
    "asked_by": "Ana Agent",
    "reasons": ("To create your campaigns, adjust them and report on them.",),
    "address": ADDRESS,
    "until": datetime(2026, 12, 6, 14, 32, tzinfo=UTC),
}


def letterhead(agency: str = "North Agency", contact: Person | None = None) -> Letterhead:
    """An agency as its e-mails show it."""
    return Letterhead(agency, contact or Person("ana@north.example", "Ana Agent"), "#0b5cad")


async def owe(
    tools: Tools,
    corner: Corner,
    *,
    to: Person = ANA,
    head: Letterhead | None = None,
    not_after: datetime | None = None,
    **context: Shown,
) -> Mail:
    """An invitation that is owed; committed."""
    async with tools.sessions.begin() as session:
        return await actions.queue(
            session, Outbox(tools.vault, PUBLIC_URL), corner.agency_id, kind="invitation", to=to,
            letterhead=head or letterhead(), about_id=corner.link_id, not_after=not_after,
            context={**INVITATION, **context},
        )  # fmt: skip


async def work(tools: Tools, *, hurry: bool = False) -> int:
    """What the worker does now; `hurry`: pauses are over, and the leases of the dead. How many were due."""
    if hurry:
        async with tools.sessions.begin() as session:
            over = update(Mail).where(Mail.due_at.is_not(None)).values(due_at=func.now(), lease_until=None)
            await session.execute(over.execution_options(across_agencies=True))
    rows = await due.claim(tools.sessions, Mail, limit=10, lease=mail_work.LEASE)
    for row in rows:
        await mail_work.send(tools, row)
    return len(rows)


async def seen(tools: Tools, corner: Corner, mail: Mail) -> Mail:
    """The row as it is now."""
    async with tools.sessions() as session:
        rows = select(Mail).where(Mail.agency_id == corner.agency_id, Mail.id == mail.id)
        return (await session.scalars(rows)).one()


def without_key(tools: Tools) -> Tools:
    """The same with another key ring."""
    return replace(tools, vault=Vault((("other", bytes(32)),)))
