"""Members of an agency: joining, signing in, sessions, roles and leaving."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock, encryption, ids, throttle
from app.kit.actor import Actor, Origin, acting_as, current_actor, current_origin
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.errors import AppError, NotFound
from app.kit.i18n.message import _
from app.kit.throttle import Limit
from app.mail import sending_limits
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency
from app.tenants.members import passwords
from app.tenants.members.models import (
    ROLES,
    Factor,
    Member,
    MemberInvitation,
    MemberSession,
    Proof,
    Role,
    SetupCode,
)

#: The actor of what the first run makes before there is a member.
SETUP = Actor("system", "setup")
#: The actor of attempts to sign in that were refused: nobody knows who it was.
UNKNOWN = Actor("system", "sign-in")
#: A session ends this long after its last use, and this long after the sign-in.
SESSION_LIFETIME, SESSION_LONGEST = timedelta(days=14), timedelta(days=90)
#: The time between password and second factor.
CODE_LIFETIME = timedelta(minutes=10)
#: After this long the password is asked again before a dangerous act.
AUTHENTICATED_FOR = timedelta(minutes=15)
USE_RECORDED_EVERY = timedelta(minutes=5)
INVITATION_LIFETIME = timedelta(days=7)
SETUP_LIFETIME = timedelta(days=1)
#: Attempts to sign in, by e-mail address and by network address. They outlast a restart.
SIGN_INS_OF_EMAIL = Limit("sign-in-email", 8, timedelta(minutes=15))
SIGN_INS_FROM_ADDRESS = Limit("sign-in-address", 40, timedelta(minutes=15))
#: Invitations of an agency that can be used at the same time.
MOST_INVITATIONS = 100
#: Agencies of one address that are tried at a sign-in.
_MOST_AGENCIES = 5


class MemberKnown(AppError):
    """The agency has a member with this e-mail address."""

    status = 409
    code = "member_known"
    message = _("Somebody with this e-mail address is a member already.")
    advice = _("Use another address.")


class TooManyInvitations(AppError):
    """The agency has as many invitations that can still be used as it may."""

    status = 409
    code = "too_many_invitations"
    message = _("Too many invitations are waiting to be used.")
    advice = _("Withdraw those that are not needed any more, then invite again.")


class InvitationEnded(AppError):
    """The one-time address is unknown, used, or too old; these are not distinguished."""

    status = 410
    code = "invitation_ended"
    message = _("This address does not work any more")
    advice = _("It works once, and not for ever. Ask an owner of your agency for a new one.")


class LastOwner(AppError):
    """Without this owner nobody could manage the agency's members."""

    status = 409
    code = "last_owner"
    message = _("This is the last owner.")
    advice = _("Make another member an owner first.")


class RoleTooHigh(AppError):
    """Somebody would give or take a role above their own."""

    status = 403
    code = "role_too_high"
    message = _("You can’t give a role above your own, or change a member who has one.")
    advice = _("Ask an owner of your agency.")


#: Conditions of an invitation that can still be used.
_IS_PENDING = (
    MemberInvitation.used_at.is_(None),
    MemberInvitation.withdrawn_at.is_(None),
    MemberInvitation.expires_at > func.now(),
)


class SignedIn(NamedTuple):
    """A session with its member and agency."""

    session: MemberSession
    member: Member
    agency: Agency


def may(role: Role, needed: Role) -> bool:
    """True if a role includes another."""
    return ROLES.index(role) <= ROLES.index(needed)


async def find(session: AsyncSession, agency_id: str, member_id: str, *, lock: bool = False) -> Member:
    """One member who was not removed. Raises NotFound."""
    found = await session.get(Member, (agency_id, member_id), with_for_update=lock or None, populate_existing=lock)
    if found is None or found.removed_at is not None:
        raise NotFound
    return found


async def every(session: AsyncSession, agency_id: str) -> Sequence[Member]:
    """The members of an agency by name."""
    rows = select(Member).where(Member.agency_id == agency_id, Member.removed_at.is_(None))
    return (await session.scalars(rows.order_by(func.lower(Member.name), Member.id))).all()


async def add(
    session: AsyncSession,
    agency_id: str,
    *,
    name: str,
    email: str,
    role: Role,
    password_hash: str | None,
    member_id: str | None = None,
) -> Member:
    """Add a member. Raises MemberKnown."""
    email = email.lower()
    known = select(exists().where(Member.agency_id == agency_id, Member.email == email, Member.removed_at.is_(None)))
    if await session.scalar(known):
        raise MemberKnown
    member = Member(
        agency_id=agency_id, id=member_id or ids.new("member"), name=name, email=email, role=role,
        password_hash=password_hash,
    )  # fmt: skip
    session.add(member)
    await session.flush()
    return member


async def invite(
    session: AsyncSession, agency_id: str, *, email: str | None, role: Role, by: Role = "owner"
) -> tuple[MemberInvitation, str]:
    """Invite somebody: the invitation and its token, which is shown only once.

    Raises RoleTooHigh, MemberKnown, TooManyInvitations.
    """
    if not may(by, role):
        raise RoleTooHigh
    email = email.lower() if email else None
    if email and any(each.email == email for each in await every(session, agency_id)):
        raise MemberKnown
    await agencies.lock(session, agency_id)  # two who invite at once see each other
    if len([each for each in await pending_invitations(session, agency_id) if not each.member_id]) >= MOST_INVITATIONS:
        raise TooManyInvitations
    return await _new_invitation(session, agency_id, email=email, role=role, lifetime=INVITATION_LIFETIME)


async def email_invitation(
    session: AsyncSession, outbox: MailQueue, agency: Agency, invited: MemberInvitation, *, address: str, by: str
) -> None:
    """Queue an e-mail with the one-time address to the person invited, if the invitation names one.

    `by`: name of the person or API key that invites. Raises TooManyMails.
    """
    if invited.email:
        await sending_limits.take(session, outbox, agency.id, invited.email)
        await mails.queue(
            session, outbox, agency.id, kind="member_invitation", to=Recipient(invited.email),
            letterhead=agencies.email_branding(agency), about_id=invited.id, not_after=invited.expires_at,
            languages=(agency.language,),
            context={"invited_by": by, "address": address, "until": invited.expires_at},
        )  # fmt: skip


def join_address(public_url: str, token: str) -> str:
    """The one-time address of an invitation."""
    return f"{public_url}/desk/join/{token}"


async def let_in(session: AsyncSession, member: Member, *, by: Role = "owner") -> str:
    """The token of an address at which a member signs in once without the password. Raises RoleTooHigh."""
    return (await new_sign_in_address(session, member, by=by))[1]


async def new_sign_in_address(session: AsyncSession, member: Member, *, by: Role) -> tuple[MemberInvitation, str]:
    """An address at which a member signs in once without the password, and its token; earlier ones end.

    Raises RoleTooHigh.
    """
    if not may(by, member.role):
        raise RoleTooHigh
    await _withdraw(session, member.agency_id, MemberInvitation.member_id == member.id)
    return await _new_invitation(
        session, member.agency_id, email=member.email, role=member.role, lifetime=SETUP_LIFETIME, member_id=member.id
    )


async def _new_invitation(
    session: AsyncSession, agency_id: str, *, email: str | None, role: Role, lifetime: timedelta,
    member_id: str | None = None,
) -> tuple[MemberInvitation, str]:  # fmt: skip
    token, actor = encryption.new_secret(), current_actor()
    made = MemberInvitation(
        agency_id=agency_id, id=ids.new("member_invitation"), email=email, role=role, member_id=member_id,
        made_by_id=actor.id if actor.kind == "member" else None, token_hash=encryption.sha256(token),
        expires_at=clock.now() + lifetime,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made, token


async def invitation(session: AsyncSession, token: str, *, lock: bool = False) -> MemberInvitation:
    """The invitation with this token. Raises InvitationEnded."""
    rows = select(MemberInvitation).where(
        MemberInvitation.token_hash == encryption.sha256(token),
        *_IS_PENDING,
    )
    rows = rows.with_for_update() if lock else rows
    found = (await session.scalars(rows, execution_options=CROSS_TENANT)).one_or_none()
    if found is None:
        raise InvitationEnded
    return found


async def pending_invitations(session: AsyncSession, agency_id: str) -> Sequence[MemberInvitation]:
    """Invitations and one-time addresses that can still be used, the newest first."""
    rows = select(MemberInvitation).where(MemberInvitation.agency_id == agency_id, *_IS_PENDING)
    return (await session.scalars(rows.order_by(MemberInvitation.id.desc()))).all()


async def withdraw(session: AsyncSession, agency_id: str, invitation_id: str, *, by: Role) -> MemberInvitation:
    """End an invitation before it is used. Raises NotFound, RoleTooHigh."""
    rows = select(MemberInvitation).where(
        MemberInvitation.agency_id == agency_id, MemberInvitation.id == invitation_id, *_IS_PENDING
    )
    found = (await session.scalars(rows.with_for_update())).one_or_none()
    if found is None:
        raise NotFound
    if not may(by, found.role):
        raise RoleTooHigh
    found.withdrawn_at = clock.now()
    return found


def invited_member_id(invited: MemberInvitation) -> str:
    """The id that the invited person gets as a member: the browser makes a passkey for it before there is one."""
    return ids.text("member", ids.parse("member_invitation", invited.id))


async def join(session: AsyncSession, token: str, *, name: str, email: str, password_hash: str | None) -> Member:
    """Become a member with an invitation, which works once. Raises InvitationEnded, MemberKnown.

    Without a password the caller adds another way to sign in, in the same transaction.
    """
    invited = await invitation(session, token, lock=True)
    invited.used_at = clock.now()
    return await add(
        session, invited.agency_id, name=name, email=invited.email or email, role=invited.role,
        password_hash=password_hash, member_id=invited_member_id(invited),
    )  # fmt: skip


async def enter(session: AsyncSession, token: str) -> Member:
    """The member who signs in with a one-time address. Raises InvitationEnded."""
    invited = await invitation(session, token, lock=True)
    invited.used_at = clock.now()
    if invited.member_id is None:
        raise InvitationEnded
    return await find(session, invited.agency_id, invited.member_id)


async def new_setup_code(session: AsyncSession) -> str:
    """A code for the first agency and its owner; earlier codes end."""
    await session.execute(delete(SetupCode))
    code = encryption.new_secret()
    session.add(SetupCode(code_hash=encryption.sha256(code), expires_at=clock.now() + SETUP_LIFETIME))
    await session.flush()
    return code


async def check_setup_code(session: AsyncSession, code: str) -> None:
    """Raises InvitationEnded unless the code can still be used."""
    if not await session.scalar(select(exists().where(*_usable(code)))):
        raise InvitationEnded


def _usable(code: str) -> tuple[ColumnElement[bool], ...]:
    of_code = SetupCode.code_hash == encryption.sha256(code)
    return of_code, SetupCode.used_at.is_(None), SetupCode.expires_at > func.now()


async def use_setup_code(session: AsyncSession, code: str) -> None:
    """Use the code up. Raises InvitationEnded."""
    used = update(SetupCode).where(*_usable(code)).values(used_at=func.now()).returning(SetupCode.expires_at)
    if (await session.execute(used)).first() is None:
        raise InvitationEnded


async def count_sign_in(sessions: Sessions, keyring: Keyring, email: str) -> None:
    """Count an attempt to sign in, in a transaction of its own. Raises Throttled."""
    origin = current_origin()
    wanted = [(SIGN_INS_OF_EMAIL, keyring.keyed_hash(email.lower(), purpose="sign-in"))]
    if origin is not None:
        wanted.append((SIGN_INS_FROM_ADDRESS, _from_address(keyring, origin)))
    async with sessions.begin() as session:
        await throttle.take(session, *wanted)


def _from_address(keyring: Keyring, origin: Origin) -> str:
    return keyring.keyed_hash(origin.address, purpose="sign-in")


async def by_password(sessions: Sessions, keyring: Keyring, email: str, password: str) -> Member | None:
    """The member with this e-mail address and password; None if there is none. No transaction is open meanwhile.

    Call it after `count_sign_in`: each further hash of an address in several agencies is counted, too. Raises
    Throttled.
    """
    rows = select(Member).where(
        with_address(email), Member.removed_at.is_(None), Member.password_hash.is_not(None)
    )  # fmt: skip
    async with sessions() as session:
        found = await session.scalars(rows.order_by(Member.id).limit(_MOST_AGENCIES), execution_options=CROSS_TENANT)
        members = found.all()
    if len(members) > 1 and (origin := current_origin()) is not None:
        further = replace(SIGN_INS_FROM_ADDRESS, each=len(members) - 1)
        async with sessions.begin() as session:
            await throttle.take(session, (further, _from_address(keyring, origin)))
    for member in members:
        if await passwords.matches(password, member.password_hash):
            return member
    if not members:
        await passwords.matches(password, None)
    return None


async def note_failure(sessions: Sessions, whose: ColumnElement[bool], factor: Factor) -> None:
    """Record a refused attempt to sign in as members, in a transaction of its own; the throttle bounds how many."""
    actor = current_actor()
    failed = update(Member).where(whose, Member.removed_at.is_(None))
    failed = failed.values(sign_in_failed_at=clock.now(), sign_in_failed_with=factor)
    with acting_as(actor if actor.kind == "member" else UNKNOWN, current_origin()):
        async with sessions.begin() as session:
            await session.execute(failed.execution_options(synchronize_session=False), execution_options=CROSS_TENANT)


def with_address(email: str) -> ColumnElement[bool]:
    """Condition: members with this e-mail address, in any agency."""
    return Member.email == email.lower()


def is_member(member: Member) -> ColumnElement[bool]:
    """Condition: this member."""
    return (Member.agency_id == member.agency_id) & (Member.id == member.id)


async def sign_in(
    session: AsyncSession, member: Member, *, proof: Proof = "password", awaits_code: bool = False
) -> str:
    """Open a session in the browser that sent the request: the value of its new cookie.

    `awaits_code`: the second factor is still to come; until then the session signs nobody in.
    """
    cookie, origin = encryption.new_secret(), current_origin()
    now = clock.now()
    session.add(
        MemberSession(
            agency_id=member.agency_id, id=ids.new("session"), member_id=member.id,
            cookie_hash=encryption.sha256(cookie), user_agent=origin.user_agent[:256] if origin else "",
            network_address=origin.address[:64] if origin else "", awaits_code=awaits_code, proof=proof,
            authenticated_at=now, last_used_at=now,
            expires_at=now + (CODE_LIFETIME if awaits_code else SESSION_LIFETIME),
        )
    )  # fmt: skip
    await session.flush()
    if not awaits_code:
        await _note_use(session, member.agency_id, member.id)
    return cookie


async def give_code(session: AsyncSession, waiting: MemberSession) -> str | None:
    """Complete a session that waits for the second factor: the value of its new cookie; None if it has ended."""
    cookie, now = encryption.new_secret(), clock.now()
    completed = (
        update(MemberSession)
        .where(
            MemberSession.agency_id == waiting.agency_id,
            MemberSession.id == waiting.id,
            MemberSession.awaits_code,
            MemberSession.expires_at > func.now(),
        )
        .values(
            cookie_hash=encryption.sha256(cookie), awaits_code=False, authenticated_at=now, last_used_at=now,
            expires_at=now + SESSION_LIFETIME,
        )
        .returning(MemberSession.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if (await session.execute(completed)).first() is None:
        return None
    await _note_use(session, waiting.agency_id, waiting.member_id)
    return cookie


async def forget_browser(session: AsyncSession, cookie: str) -> None:
    """End the session that a browser had before it signs in: its cookie is lost."""
    gone = delete(MemberSession).where(MemberSession.cookie_hash == encryption.sha256(cookie))
    await session.execute(gone, execution_options=CROSS_TENANT)


async def by_cookie(session: AsyncSession, cookie: str, *, awaits_code: bool = False) -> SignedIn | None:
    """The session of a browser, with its member and agency; None if it has ended.

    `awaits_code`: one between password and second factor, which is never found otherwise.
    """
    rows = (
        select(MemberSession, Member, Agency)
        .join(Member, (Member.agency_id == MemberSession.agency_id) & (Member.id == MemberSession.member_id))
        .join(Agency, Agency.id == MemberSession.agency_id)
        .where(
            MemberSession.cookie_hash == encryption.sha256(cookie),
            MemberSession.expires_at > func.now(),
            MemberSession.awaits_code.is_(awaits_code),
            Member.removed_at.is_(None),
        )
    )
    found = (await session.execute(rows, execution_options=CROSS_TENANT)).one_or_none()
    return SignedIn(*found) if found else None


def is_use_stale(session: MemberSession) -> bool:
    """True if the last recorded use is some minutes ago, so that reads rarely write."""
    return clock.now() - session.last_used_at >= USE_RECORDED_EVERY


async def record_use(session: AsyncSession, used: MemberSession) -> None:
    """Record that a session is used now, and extend it, but not for ever."""
    longest = func.least(func.now() + SESSION_LIFETIME, MemberSession.created_at + SESSION_LONGEST)
    await session.execute(
        update(MemberSession)
        .where(MemberSession.agency_id == used.agency_id, MemberSession.id == used.id)
        .values(last_used_at=func.now(), expires_at=longest)
        .execution_options(synchronize_session=False)
    )
    await _note_use(session, used.agency_id, used.member_id)


async def _note_use(session: AsyncSession, agency_id: str, member_id: str) -> None:
    await session.execute(
        update(Member)
        .where(Member.agency_id == agency_id, Member.id == member_id)
        .values(last_used_at=func.now())
        .execution_options(synchronize_session=False)
    )


def is_recent(session: MemberSession) -> bool:
    """True if the member proved a short time ago who uses the browser."""
    return clock.now() - session.authenticated_at < AUTHENTICATED_FOR


async def authenticate_again(sessions: Sessions, keyring: Keyring, signed_in: MemberSession, password: str) -> bool:
    """Check the password of a signed-in member, and count the attempt as one to sign in. Raises Throttled."""
    async with sessions() as session:
        member = await find(session, signed_in.agency_id, signed_in.member_id)
    await count_sign_in(sessions, keyring, member.email)
    if not await passwords.matches(password, member.password_hash):
        await note_failure(sessions, is_member(member), "password")
        return False
    async with sessions.begin() as session:
        await note_authentication(session, signed_in)
    return True


async def note_authentication(session: AsyncSession, signed_in: MemberSession) -> None:
    """Record that the member proved now who uses the browser."""
    signed_in.authenticated_at = clock.now()
    await session.execute(
        update(MemberSession)
        .where(MemberSession.agency_id == signed_in.agency_id, MemberSession.id == signed_in.id)
        .values(authenticated_at=signed_in.authenticated_at)
        .execution_options(synchronize_session=False)
    )


async def sessions_of(session: AsyncSession, agency_id: str, member_id: str) -> Sequence[MemberSession]:
    """A member's sessions, the last used first."""
    rows = select(MemberSession).where(
        MemberSession.agency_id == agency_id,
        MemberSession.member_id == member_id,
        MemberSession.awaits_code.is_(False),
        MemberSession.expires_at > func.now(),
    )
    return (await session.scalars(rows.order_by(MemberSession.last_used_at.desc()))).all()


async def end_sessions(
    session: AsyncSession, agency_id: str, member_id: str, *, session_id: str | None = None, keep: str | None = None
) -> int:
    """End one session of a member, or all but the one to keep: the number of those that ended."""
    gone = delete(MemberSession).where(MemberSession.agency_id == agency_id, MemberSession.member_id == member_id)
    if session_id is not None:
        gone = gone.where(MemberSession.id == session_id)
    if keep is not None:
        gone = gone.where(MemberSession.id != keep)
    return len((await session.execute(gone.returning(MemberSession.id))).all())


async def end_sessions_of(
    session: AsyncSession, agency_id: str, member_id: str, *, by: Role, session_id: str | None = None
) -> Member:
    """End all sessions of somebody else, or one. Raises NotFound, RoleTooHigh."""
    member = await changeable(session, agency_id, member_id, by=by)
    if not await end_sessions(session, agency_id, member_id, session_id=session_id) and session_id is not None:
        raise NotFound
    return member


async def rename(session: AsyncSession, agency_id: str, member_id: str, name: str) -> None:
    """Change the name of a member. Raises NotFound."""
    (await find(session, agency_id, member_id)).name = name


async def change_password(
    session: AsyncSession, agency_id: str, member_id: str, password_hash: str, *, keep: MemberSession
) -> None:
    """Change the password. The member's other sessions and their one-time addresses end. Raises NotFound."""
    (await find(session, agency_id, member_id)).password_hash = password_hash
    keep_id, now = keep.id, clock.now()
    await end_sessions(session, agency_id, member_id, keep=keep_id)
    await session.execute(
        update(MemberSession)
        .where(MemberSession.agency_id == agency_id, MemberSession.id == keep_id)
        .values(proof="password", authenticated_at=now)
    )
    await _withdraw(session, agency_id, MemberInvitation.member_id == member_id)


async def change_role(session: AsyncSession, agency_id: str, member_id: str, role: Role, *, by: Role) -> Member:
    """Give a member another role. One-time addresses end that were made for them, or by them above the new role.

    Raises NotFound, RoleTooHigh, LastOwner.
    """
    member = await changeable(session, agency_id, member_id, by=by)
    if not may(by, role):
        raise RoleTooHigh
    if member.role == "owner" and role != "owner":
        await _check_other_owner(session, member)
    member.role = role
    too_high = [each for each in ROLES if not may(role, each)]
    made = (MemberInvitation.made_by_id == member_id) & MemberInvitation.role.in_(too_high)
    await _withdraw(session, agency_id, made | (MemberInvitation.member_id == member_id))
    return member


async def remove(session: AsyncSession, agency_id: str, member_id: str, *, by: Role) -> None:
    """Remove a member, and end all their sessions and all one-time addresses that they made.

    Raises NotFound, RoleTooHigh, LastOwner.
    """
    member = await changeable(session, agency_id, member_id, by=by)
    if member.role == "owner":
        await _check_other_owner(session, member)
    member.removed_at = clock.now()
    await end_sessions(session, agency_id, member_id)
    await _withdraw(
        session, agency_id, (MemberInvitation.made_by_id == member_id) | (MemberInvitation.member_id == member_id)
    )


async def prune(sessions: Sessions, now: datetime, limit: int) -> int:
    """Delete sessions that ended by themselves."""
    past = (
        select(MemberSession.cookie_hash)
        .where(MemberSession.expires_at < now)
        .limit(limit)
        .execution_options(**CROSS_TENANT)
    )
    async with sessions.begin() as session:
        gone = delete(MemberSession).where(MemberSession.cookie_hash.in_(past.with_for_update(skip_locked=True)))
        found = await session.execute(gone.returning(MemberSession.id), execution_options=CROSS_TENANT)
        return len(found.all())


async def changeable(session: AsyncSession, agency_id: str, member_id: str, *, by: Role) -> Member:
    """A member that a role may change. Raises NotFound, RoleTooHigh."""
    member = await find(session, agency_id, member_id)
    if not may(by, member.role):
        raise RoleTooHigh
    return member


async def _withdraw(session: AsyncSession, agency_id: str, which: ColumnElement[bool]) -> None:
    """End invitations and one-time addresses that are pending."""
    await session.execute(
        update(MemberInvitation)
        .where(MemberInvitation.agency_id == agency_id, which, *_IS_PENDING)
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def _check_other_owner(session: AsyncSession, member: Member) -> None:
    """The owners are locked, so that two cannot leave at once."""
    rows = select(Member.id).where(
        Member.agency_id == member.agency_id, Member.role == "owner", Member.removed_at.is_(None)
    )
    owners = (await session.scalars(rows.order_by(Member.id).with_for_update())).all()
    if not set(owners) - {member.id}:
        raise LastOwner
