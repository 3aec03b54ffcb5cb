"""Ways in which members can sign in, at least one of which everybody keeps: password, passkeys, providers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.errors import AppError
from app.kit.i18n.message import _
from app.tenants.members import passkeys, second_factor
from app.tenants.members import service as members
from app.tenants.members.identities import MemberIdentity
from app.tenants.members.models import Member, Role
from app.tenants.members.passkeys import MemberPasskey


class LastWayToSignIn(AppError):
    """Without this passkey the member could not sign in any more."""

    status = 409
    code = "last_way_to_sign_in"
    message = _("This is your only way to sign in.")
    advice = _("Choose a password or add another passkey first.")


@dataclass(frozen=True)
class SignInWays:
    """Means of a member to sign in: a password, so many passkeys that are not blocked, and these issuers."""

    password: bool
    passkeys: int
    issuers: frozenset[str]

    @property
    def count(self) -> int:
        """The number of ways; 0 for a member who needs a one-time address."""
        return self.password + self.passkeys + len(self.issuers)


async def of_members(
    session: AsyncSession, agency_id: str, issuers: Collection[str], *, member_id: str | None = None
) -> Mapping[str, SignInWays]:
    """The ways of an agency's members, or of one, by member. `issuers`: those at which members may sign in now."""
    usable = select(func.count()).where(
        MemberPasskey.agency_id == Member.agency_id, MemberPasskey.member_id == Member.id,
        MemberPasskey.blocked_at.is_(None),
    )  # fmt: skip
    bound = select(func.array_agg(MemberIdentity.issuer)).where(
        MemberIdentity.agency_id == Member.agency_id, MemberIdentity.member_id == Member.id,
        MemberIdentity.issuer.in_(issuers),
    )  # fmt: skip
    rows = select(
        Member.id, Member.password_hash.is_not(None), usable.scalar_subquery(), bound.scalar_subquery()
    ).where(Member.agency_id == agency_id, Member.removed_at.is_(None))
    if member_id is not None:
        rows = rows.where(Member.id == member_id)
    found = (await session.execute(rows)).all()
    return {each: SignInWays(password, count, frozenset(names or ())) for each, password, count, names in found}


async def check_one_left(session: AsyncSession, agency_id: str, member_id: str, issuers: Collection[str]) -> None:
    """Raise LastWayToSignIn if a change of this transaction took the last way; the member's row is locked by it."""
    await session.flush()
    if not (await of_members(session, agency_id, issuers, member_id=member_id))[member_id].count:
        raise LastWayToSignIn


async def reset_factors(session: AsyncSession, agency_id: str, member_id: str, *, by: Role) -> None:
    """Switch a member's second factor off, and remove their passkeys, which go with the phone.

    Raises NotFound, RoleTooHigh.
    """
    await second_factor.switch_off(session, agency_id, member_id, by=by)
    await passkeys.remove_all(session, agency_id, member_id, by=by)


async def remove_passkey(
    session: AsyncSession, agency_id: str, member_id: str, passkey_id: str, *, issuers: Collection[str]
) -> None:
    """Remove a member's own passkey. Raises NotFound, LastWayToSignIn."""
    await members.find(session, agency_id, member_id, lock=True)
    removed = await passkeys.remove(session, agency_id, member_id, passkey_id)
    if removed.blocked_at is None:
        await check_one_left(session, agency_id, member_id, issuers)
