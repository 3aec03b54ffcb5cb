"""Notices: e-mails to a member about the links that they look after, and which of them a member wants."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.i18n.message import Message, _
from app.tenants.members import service as members
from app.tenants.members.models import Member

Notice = Literal["done", "needs_you", "stuck", "drifted"]
NOTICES: Mapping[Notice, Message] = {
    "needs_you": _("It is your agency’s turn"),
    "stuck": _("Nothing has moved for two days"),
    "done": _("Everything is verified"),
    "drifted": _("Access is no longer as agreed"),
}


def readers(every: Sequence[Member], owner_member_id: str | None) -> list[Member]:
    """Members who are told about a link: its owner, else the owners and managers of the agency."""
    own = [each for each in every if each.id == owner_member_id]
    return own or [each for each in every if members.may(each.role, "manager")]


def wants(member: Member, notice: Notice) -> bool:
    """True if the member is told at once."""
    return not member.digest and notice not in member.notices_off


async def choose(
    session: AsyncSession, agency_id: str, member_id: str, *, wanted: Collection[str], digest: bool
) -> None:
    """Set which notices a member gets, or that one e-mail a day replaces them all."""
    member = await members.find(session, agency_id, member_id, lock=True)
    member.notices_off = [each for each in NOTICES if each not in wanted]
    member.digest = digest
