"""Pages of the team: members with their roles, invitations, and one member with all that can be done to them."""

from collections.abc import Awaitable
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk
from app.dashboard.member_session import (
    PATH,
    CurrentMember,
    Manager,
    MemberForm,
    RecentManager,
    RecentOwner,
    Viewer,
)
from app.kit.database import Session, reading
from app.kit.errors import AppError
from app.kit.html import forms, render
from app.kit.i18n.message import Message, _
from app.kit.input import email_address
from app.kit.input.text import TypedWrong
from app.mail.sending_limits import TooManyMails
from app.services import services_of
from app.tenants.api_keys import service as api_keys
from app.tenants.members import passkeys, ways
from app.tenants.members import service as members
from app.tenants.members.models import ROLES, Member, Role
from app.tenants.members.service import LastOwner, MemberKnown, RoleTooHigh, TooManyInvitations

router = forms.page_router()
TEAM = f"{PATH}/team"
#: Permissions of each role, beside its name where one is chosen.
_ROLE_WORDS: dict[Role, Message] = {
    "owner": _("Everything, also making owners and switching second factors off."),
    "manager": _("Everything but owners: also the brand, webhooks, API keys and the team."),
    "member": _("Makes links and works with clients."),
    "viewer": _("Reads, and changes nothing."),
}
_REFUSALS = (LastOwner, RoleTooHigh, MemberKnown)


@router.get(TEAM)
async def team(request: Request, caller: Viewer) -> Response:
    """Members by name, and invitations that are pending."""
    async with reading(services_of(request).sessions) as session:
        return await _team(request, session, caller)


@router.post(f"{TEAM}/invitations")
async def invite(request: Request, session: Session, caller: RecentManager, form: MemberForm) -> Response:
    """Invite somebody by e-mail address. The one-time address is shown once, and sent if e-mail is set up."""
    typed, role = form.line("email", most=254), _role(form.text("role"))
    if role is None:
        form.problems["role"] = _("Choose a role.")
    try:
        email = email_address.read(typed)
    except TypedWrong as wrong:
        form.problems["email"] = wrong.message
    if form.problems or role is None:
        return await _team(
            request, session, caller, status=422, given={"email": typed, "role": role}, problems=form.problems
        )
    outbox = services_of(request).outbox
    try:
        async with session.begin_nested():
            invited, token = await members.invite(
                session, caller.agency_id, email=email, role=role, by=caller.member.role
            )
            address = _address(request, token)
            if outbox is not None:
                await members.email_invitation(
                    session, outbox, caller.agency, invited, address=address, by=caller.member.name
                )
    except (MemberKnown, RoleTooHigh) as refused:
        at = {"email" if isinstance(refused, MemberKnown) else "role": refused.message}
        return await _team(
            request, session, caller, status=refused.status, given={"email": typed, "role": role}, problems=at
        )
    except (TooManyMails, TooManyInvitations) as refused:
        given = {"email": typed, "role": role}
        return await _team(request, session, caller, status=refused.status, given=given, refused=refused)
    made = {"address": address, "email": email, "until": invited.expires_at, "is_sent": outbox is not None}
    return await _team(request, session, caller, made=made)


@router.post(f"{TEAM}/invitations/{{invitation_id}}/withdrawal")
async def withdraw(
    request: Request,
    session: Session,
    caller: Manager,
    invitation_id: str,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Withdraw an invitation: its address stops working."""
    try:
        await members.withdraw(session, caller.agency_id, invitation_id, by=caller.member.role)
    except RoleTooHigh as refused:
        return await _team(request, session, caller, status=refused.status, refused=refused)
    return render.see_other(request, TEAM)


@router.get(f"{TEAM}/{{member_id}}")
async def member(request: Request, caller: Viewer, member_id: str) -> Response:
    """One member."""
    async with reading(services_of(request).sessions) as session:
        return await _member(request, session, caller, member_id)


@router.post(f"{TEAM}/{{member_id}}/role")
async def change_role(
    request: Request, session: Session, caller: RecentManager, member_id: str, form: MemberForm
) -> Response:
    """Give a member another role."""
    role = _role(form.text("role"))
    if role is None:
        return await _member(request, session, caller, member_id, status=422, problems={"role": _("Choose a role.")})
    return await _done(
        request,
        session,
        caller,
        member_id,
        members.change_role(session, caller.agency_id, member_id, role, by=caller.member.role),
        to=f"{TEAM}/{member_id}",
    )


@router.post(f"{TEAM}/{{member_id}}/removal")
async def remove(
    request: Request,
    session: Session,
    caller: RecentManager,
    member_id: str,
    form: MemberForm,
) -> Response:
    """Remove a member, who is signed out everywhere. API keys that they made are revoked or kept, as is chosen."""
    keys, chosen = await api_keys.working_of(session, caller.agency_id, member_id), form.text("keys")
    if keys and chosen not in ("revoke", "keep"):
        at = {"keys": _("Choose what happens to the API keys.")}
        return await _member(request, session, caller, member_id, status=422, problems=at)
    try:
        await members.remove(session, caller.agency_id, member_id, by=caller.member.role)
    except _REFUSALS as refused:
        return await _member(request, session, caller, member_id, status=refused.status, refused=refused)
    if chosen == "revoke":
        for each in keys:
            await api_keys.revoke_key(session, caller.agency_id, each.id, actor=caller.member.actor)
    return render.see_other(request, TEAM)


@router.post(f"{TEAM}/{{member_id}}/address")
async def new_address(
    request: Request,
    session: Session,
    caller: RecentManager,
    member_id: str,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Make a one-time address for a member who forgot the password. It is shown once."""
    found = await members.find(session, caller.agency_id, member_id)
    try:
        token = await members.let_in(session, found, by=caller.member.role)
    except _REFUSALS as refused:
        return await _member(request, session, caller, member_id, status=refused.status, refused=refused)
    return await _member(request, session, caller, member_id, address=_address(request, token))


@router.post(f"{TEAM}/{{member_id}}/sessions/end")
async def end_sessions(
    request: Request,
    session: Session,
    caller: RecentManager,
    member_id: str,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Sign a member out everywhere."""
    return await _done(
        request,
        session,
        caller,
        member_id,
        members.end_sessions_of(session, caller.agency_id, member_id, by=caller.member.role),
        to=f"{TEAM}/{member_id}",
    )


@router.post(f"{TEAM}/{{member_id}}/second-factor/end")
async def end_second_factor(
    request: Request,
    session: Session,
    caller: RecentOwner,
    member_id: str,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Switch the second factor of a member off, who lost phone and recovery codes; passkeys go with it."""
    await ways.reset_factors(session, caller.agency_id, member_id, by=caller.member.role)
    if member_id == caller.member.id:
        await ways.check_one_left(session, caller.agency_id, member_id, services_of(request).issuers)
    return render.see_other(request, f"{TEAM}/{member_id}")


async def _done(
    request: Request, session: AsyncSession, caller: CurrentMember, member_id: str, act: Awaitable[object], *, to: str
) -> Response:
    """303 to a page after an act; the member's page with the reason if it was refused. Raises NotFound."""
    try:
        await act
    except _REFUSALS as refused:
        return await _member(request, session, caller, member_id, status=refused.status, refused=refused)
    return render.see_other(request, to)


def _role(text: str) -> Role | None:
    return text if text in ROLES else None


def _address(request: Request, token: str) -> str:
    return members.join_address(services_of(request).public_url, token)


def _givable(caller: CurrentMember) -> list[tuple[Role, Message, Message]]:
    """The roles that a member may give, the least first, with their names and words."""
    return [(role, desk.ROLE_NAMES[role], _ROLE_WORDS[role]) for role in reversed(ROLES) if caller.may(role)]


def _may_change(caller: CurrentMember, found: Member) -> bool:
    return caller.may("manager") and caller.may(found.role)


async def _team(
    request: Request, session: AsyncSession, caller: CurrentMember, *, status: int = 200,
    given: dict[str, Any] | None = None, problems: dict[str, Message] | None = None, made: dict[str, Any] | None = None,
    refused: AppError | None = None,
) -> Response:  # fmt: skip
    everybody = await members.every(session, caller.agency_id)
    names = {each.id: each.name for each in everybody}
    pending = await members.pending_invitations(session, caller.agency_id)
    return desk.page(
        request, caller, "team", here=TEAM, status=status, everybody=everybody, names=names,
        ways=await ways.of_members(session, caller.agency_id, services_of(request).issuers),
        pending=[(each, caller.may("manager") and caller.may(each.role)) for each in pending],
        role_names=desk.ROLE_NAMES, can_act=caller.may("manager"), roles=_givable(caller),
        given={"email": "", "role": "member"} | (given or {}), problems=problems or {}, made=made, refused=refused,
    )  # fmt: skip


async def _member(
    request: Request, session: AsyncSession, caller: CurrentMember, member_id: str, *, status: int = 200,
    problems: dict[str, Message] | None = None, refused: AppError | None = None, address: str = "",
) -> Response:  # fmt: skip
    found, services = await members.find(session, caller.agency_id, member_id), services_of(request)
    own = (await ways.of_members(session, caller.agency_id, services.issuers, member_id=found.id))[found.id]
    return desk.page(
        request, caller, "team_member", here=TEAM, status=status, found=found, address=address, refused=refused,
        problems=problems or {}, sessions=await members.sessions_of(session, caller.agency_id, found.id),
        can_act=_may_change(caller, found), is_self=found.id == caller.member.id, role_names=desk.ROLE_NAMES,
        roles=[(role, name) for role, name, _words in _givable(caller)], is_owner=caller.may("owner"),
        passkeys=await passkeys.of_member(session, caller.agency_id, found.id), own_ways=own,
        keys=await api_keys.working_of(session, caller.agency_id, found.id) if caller.may("manager") else (),
        own_providers=[each.name for each in services.providers_of(own.issuers)],
    )  # fmt: skip
