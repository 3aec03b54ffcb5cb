"""JSON routes: members of the agency, their sessions, and invitations."""

from typing import Annotated, Self

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import Session
from app.kit.input.fields import Email, RequestShape, Time
from app.kit.web.paging import Page
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.api_keys import service as api_keys
from app.tenants.api_keys.principal import Principal, ScopeMissing, requires
from app.tenants.api_keys.route import api_router
from app.tenants.api_keys.schemas import KeyView
from app.tenants.api_keys.scopes import AS_OWNER
from app.tenants.members import service, ways
from app.tenants.members.models import Member, Role
from app.tenants.members.ways import SignInWays

KEYS_WRITE = "keys:write"
RevokeKeys = Annotated[bool, Query(description="Also revoke the API keys that the member made; needs `keys:write`.")]
router = api_router("/members")
Reader = Annotated[Principal, requires("members:read")]
Writer = Annotated[Principal, requires("members:write")]
OwnersWriter = Annotated[Principal, requires(AS_OWNER)]


def _role_of(caller: Writer) -> Role:
    return "owner" if AS_OWNER in caller.scopes else "manager"


#: The role that a key acts with: a manager's, or an owner's with the scope for it.
ActingRole = Annotated[Role, Depends(_role_of)]


class MemberView(BaseModel):
    """A person of your agency who signs in to the dashboard."""

    id: str = Field(examples=["member_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    name: str = Field(examples=["Nora North"])
    email: str = Field(examples=["nora@north.example"])
    role: Role = Field(examples=["manager"])
    has_password: bool
    passkey_count: int = Field(description="Passkeys that sign in; blocked ones do not.", examples=[1])
    providers: list[str] = Field(
        description="Issuers of the installation's OpenID providers at which the member signs in. With no password, "
        "passkey or provider, the member needs a one-time address.",
        examples=[["https://accounts.google.com"]],
    )
    totp_enabled_at: Time | None = Field(description="Time from which a code of an authenticator app is needed, too.")
    last_used_at: Time | None = Field(description="Last use of a session.")
    created_at: Time

    @classmethod
    def of(cls, member: Member, own: SignInWays) -> Self:
        """A member with the ways to sign in."""
        return cls(
            id=member.id, name=member.name, email=member.email, role=member.role, has_password=own.password,
            passkey_count=own.passkeys, providers=sorted(own.issuers), totp_enabled_at=member.totp_enabled_at,
            last_used_at=member.last_used_at, created_at=member.created_at,
        )  # fmt: skip


class SessionView(BaseModel):
    """A browser in which a member is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["session_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    user_agent: str = Field(examples=["Mozilla/5.0 (Macintosh; Intel Mac OS X 14_1) Firefox/145.0"])
    network_address: str = Field(examples=["203.0.113.7"])
    created_at: Time
    last_used_at: Time
    expires_at: Time


class MemberInvitationView(BaseModel):
    """A one-time address that was not used yet, without the address."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["member_invitation_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    email: str | None = Field(examples=["bo@north.example"])
    role: Role = Field(examples=["member"])
    member_id: str | None = Field(description="The member who signs in with it; null for somebody new.")
    expires_at: Time
    created_at: Time


class NewMemberInvitationView(MemberInvitationView):
    """A new invitation with its one-time address, which is shown only once."""

    address: str = Field(examples=["https://go.agency.com/desk/join/pJ3…"])
    mailed: bool = Field(description="True if it was e-mailed to the person, too.", examples=[False])


class SignInAddressView(MemberInvitationView):
    """A one-time address at which a member signs in, which is shown only once."""

    address: str = Field(examples=["https://go.agency.com/desk/join/pJ3…"])


class RemovedMemberView(BaseModel):
    """A member who was removed."""

    id: str = Field(examples=["member_01ksy1q3e0fzs8qj5m8g3d4w7r"])
    keys: list[KeyView] = Field(
        description="API keys of theirs that worked until now. With no `revoked_at` they still do."
    )


class NewMemberInvitation(RequestShape):
    """An invitation of a new member."""

    email: Email = Field(examples=["bo@north.example"])
    role: Role = Field(description="`owner` needs the scope `members:owners`.", examples=["member"])


class MemberChanges(RequestShape):
    """Changes to a member."""

    role: Role = Field(description="`owner` needs the scope `members:owners`.", examples=["viewer"])


@router.get("")
async def list_members(request: Request, caller: Reader, session: Session) -> Page[MemberView]:
    """List the members of your agency by name, on one page."""
    found = await service.every(session, caller.agency_id)
    known = await ways.of_members(session, caller.agency_id, services_of(request).issuers)
    return Page(data=[MemberView.of(each, known[each.id]) for each in found], next_cursor=None)


@router.get("/invitations")
async def list_member_invitations(caller: Reader, session: Session) -> Page[MemberInvitationView]:
    """List the invitations that can still be used, newest first, on one page."""
    found = await service.pending_invitations(session, caller.agency_id)
    return Page(data=[MemberInvitationView.model_validate(each) for each in found], next_cursor=None)


@router.post("/invitations", status_code=201)
async def invite_member(
    request: Request, caller: Writer, session: Session, by: ActingRole, given: NewMemberInvitation
) -> NewMemberInvitationView:
    """Invite a person, who becomes a member at a one-time address within 7 days. It is e-mailed if mail is on."""
    services = services_of(request)
    made, token = await service.invite(session, caller.agency_id, email=given.email, role=given.role, by=by)
    address = service.join_address(services.public_url, token)
    if services.outbox is not None:
        agency = await agencies.find(session, caller.agency_id)
        await service.email_invitation(
            session, services.outbox, agency, made, address=address, by=agency.contact_name
        )  # fmt: skip
    shown = MemberInvitationView.model_validate(made).model_dump()
    return NewMemberInvitationView(**shown, address=address, mailed=services.outbox is not None)


@router.delete("/invitations/{invitation_id}", status_code=204)
async def withdraw_member_invitation(caller: Writer, session: Session, by: ActingRole, invitation_id: str) -> Response:
    """Withdraw an invitation: its address stops working."""
    await service.withdraw(session, caller.agency_id, invitation_id, by=by)
    return Response(status_code=204)


@router.get("/{member_id}")
async def get_member(request: Request, caller: Reader, session: Session, member_id: str) -> MemberView:
    """Return one member."""
    return await _view(request, session, await service.find(session, caller.agency_id, member_id))


@router.patch("/{member_id}")
async def update_member(
    request: Request, caller: Writer, session: Session, by: ActingRole, member_id: str, given: MemberChanges
) -> MemberView:
    """Give a member another role. The last owner stays one."""
    member = await service.change_role(session, caller.agency_id, member_id, given.role, by=by)
    return await _view(request, session, member)


@router.delete("/{member_id}")
async def remove_member(
    caller: Writer, session: Session, by: ActingRole, member_id: str, revoke_keys: RevokeKeys = False
) -> RemovedMemberView:
    """Remove a member, who is signed out everywhere, and return the API keys that they made. The last owner stays."""
    if revoke_keys and KEYS_WRITE not in caller.scopes:
        raise ScopeMissing(hint=f"Use a key with the scope `{KEYS_WRITE}`, too.")
    await service.remove(session, caller.agency_id, member_id, by=by)
    made = await api_keys.working_of(session, caller.agency_id, member_id)
    if revoke_keys:
        made = [await api_keys.revoke_key(session, caller.agency_id, each.id, actor=caller.actor) for each in made]
    return RemovedMemberView(id=member_id, keys=[KeyView.model_validate(each) for each in made])


@router.get("/{member_id}/sessions")
async def list_member_sessions(caller: Reader, session: Session, member_id: str) -> Page[SessionView]:
    """List the browsers in which a member is signed in, the last used first, on one page."""
    member = await service.find(session, caller.agency_id, member_id)
    found = await service.sessions_of(session, caller.agency_id, member.id)
    return Page(data=[SessionView.model_validate(each) for each in found], next_cursor=None)


@router.delete("/{member_id}/sessions", status_code=204)
async def end_member_sessions(caller: Writer, session: Session, by: ActingRole, member_id: str) -> Response:
    """Sign a member out everywhere."""
    await service.end_sessions_of(session, caller.agency_id, member_id, by=by)
    return Response(status_code=204)


@router.delete("/{member_id}/sessions/{session_id}", status_code=204)
async def end_member_session(
    caller: Writer, session: Session, by: ActingRole, member_id: str, session_id: str
) -> Response:
    """Sign a member out of one browser."""
    await service.end_sessions_of(session, caller.agency_id, member_id, by=by, session_id=session_id)
    return Response(status_code=204)


@router.post("/{member_id}/sign-in-address", status_code=201)
async def create_sign_in_address(
    request: Request, caller: Writer, session: Session, by: ActingRole, member_id: str
) -> SignInAddressView:
    """Make an address at which a member signs in once without the password, within a day; earlier ones end.

    A second factor is still asked for. First make sure that it is the member who asks.
    """
    member = await service.find(session, caller.agency_id, member_id)
    made, token = await service.new_sign_in_address(session, member, by=by)
    shown = MemberInvitationView.model_validate(made).model_dump()
    return SignInAddressView(**shown, address=service.join_address(services_of(request).public_url, token))


@router.delete("/{member_id}/second-factor", status_code=204)
async def reset_second_factor(caller: OwnersWriter, session: Session, member_id: str) -> Response:
    """Switch off the second factor of a member who lost phone and recovery codes, and remove their passkeys.

    Password and one-time addresses still work. First make sure that it is the member who asks.
    """
    await ways.reset_factors(session, caller.agency_id, member_id, by="owner")
    return Response(status_code=204)


async def _view(request: Request, session: AsyncSession, member: Member) -> MemberView:
    issuers = services_of(request).issuers
    return MemberView.of(
        member, (await ways.of_members(session, member.agency_id, issuers, member_id=member.id))[member.id]
    )
