"""Pages of a member's own account: name, password, sessions, second factor; passkeys are in their own module."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk
from app.dashboard.member_session import ACCOUNT, CurrentMember, MemberForm, RecentViewer, Viewer, wait_words
from app.kit import throttle
from app.kit.database import Session, reading
from app.kit.html import forms, render
from app.kit.html.qr import qr
from app.kit.i18n.message import Message, _
from app.services import services_of
from app.tenants.members import notices, passkeys, passwords, second_factor, ways
from app.tenants.members import service as members

router = forms.page_router()
SECOND_FACTOR = f"{ACCOUNT}/second-factor"


@router.get(ACCOUNT)
async def account(request: Request, caller: Viewer) -> Response:
    """Everything about the member who is signed in."""
    async with reading(services_of(request).sessions) as session:
        return await _account(request, session, caller)


@router.post(f"{ACCOUNT}/name")
async def rename(request: Request, session: Session, caller: Viewer, form: MemberForm) -> Response:
    """Change the own name."""
    name = form.line("name", most=120)
    if not name:
        form.problems["name"] = _("Enter your name.")
    if form.problems:
        return await _account(request, session, caller, name=name, problems=form.problems)
    await members.rename(session, caller.agency_id, caller.member.id, name)
    return render.see_other(request, ACCOUNT)


@router.post(f"{ACCOUNT}/notices")
async def choose_notices(request: Request, session: Session, caller: Viewer, form: MemberForm) -> Response:
    """Choose the own e-mails about links."""
    await notices.choose(
        session, caller.agency_id, caller.member.id, wanted=form.texts("notice"), digest=form.text("digest") == "yes"
    )
    return render.see_other(request, f"{ACCOUNT}?done=notices#the-notices")


@router.post(f"{ACCOUNT}/password")
async def change_password(request: Request, caller: Viewer, form: MemberForm) -> Response:
    """Set the own password; all other sessions end. The current one is asked, but not after a one-time address."""
    services, new = services_of(request), form.secret("password")
    if caller.member.password_hash is None and not _may_choose(caller):
        return render.see_other(request, f"{ACCOUNT}#the-password")
    if weak := passwords.problem(new, (caller.member.name, caller.member.email, caller.agency.name)):
        form.problems["password"] = weak
    elif not _may_choose(caller) and (wrong := await _wrong_password(request, caller, form.secret("current"))):
        form.problems["current"] = wrong
    if form.problems:
        async with reading(services.sessions) as session:
            return await _account(request, session, caller, problems=form.problems)
    password_hash = await passwords.hashed(new)
    async with services.sessions.begin() as session:
        await members.change_password(session, caller.agency_id, caller.member.id, password_hash, keep=caller.session)
    return render.see_other(request, f"{ACCOUNT}?done=password")


@router.post(f"{ACCOUNT}/password/new")
async def begin_password(request: Request, caller: RecentViewer, form: MemberForm) -> Response:  # noqa: ARG001
    """Show a member without a password the form of one, once they have proved who they are."""
    return render.see_other(request, f"{ACCOUNT}#the-password")


@router.post(f"{ACCOUNT}/sessions/end")
async def end_other_sessions(request: Request, session: Session, caller: Viewer, form: MemberForm) -> Response:  # noqa: ARG001
    """Sign out everywhere but here."""
    await members.end_sessions(session, caller.agency_id, caller.member.id, keep=caller.session.id)
    return render.see_other(request, ACCOUNT)


@router.post(f"{ACCOUNT}/sessions/{{session_id}}/end")
async def end_session(
    request: Request,
    session: Session,
    caller: Viewer,
    session_id: str,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Sign out in one browser."""
    await members.end_sessions(session, caller.agency_id, caller.member.id, session_id=session_id)
    return render.see_other(request, ACCOUNT)


@router.post(SECOND_FACTOR)
async def begin_second_factor(
    request: Request,
    session: Session,
    caller: RecentViewer,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Make a secret for the authenticator app. It counts after its first code."""
    await second_factor.begin(session, services_of(request).keyring, caller.agency_id, caller.member.id)
    return render.see_other(request, SECOND_FACTOR)


@router.get(SECOND_FACTOR)
async def second_factor_page(request: Request, caller: Viewer) -> Response:
    """The QR code, until the first code is entered. It is a secret: after some minutes it is not shown any more."""
    return _setting_up(request, caller) if members.is_recent(caller.session) else render.see_other(request, ACCOUNT)


@router.post(f"{SECOND_FACTOR}/code")
async def confirm_second_factor(request: Request, session: Session, caller: RecentViewer, form: MemberForm) -> Response:
    """Switch the second factor on with the first code, and show the recovery codes, once."""
    services = services_of(request)
    try:
        await second_factor.count_code(services.sessions, services.keyring, caller.member.id)
    except throttle.Throttled as reached:
        return _setting_up(request, caller, wait_words(reached), 429)
    codes = await second_factor.confirm(
        session, services.keyring, caller.agency_id, caller.member.id, form.line("code", most=40)
    )
    if codes is None:
        return _setting_up(
            request, caller, _("This code is not right. Check the time of your phone, and try the next one.")
        )
    return desk.page(request, caller, "recovery_codes", here=ACCOUNT, codes=codes, is_new=True)


@router.post(f"{SECOND_FACTOR}/recovery-codes")
async def renew_recovery_codes(
    request: Request,
    session: Session,
    caller: RecentViewer,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """New recovery codes, shown once; the earlier ones end."""
    codes = await second_factor.renew_recovery_codes(
        session, services_of(request).keyring, caller.agency_id, caller.member.id
    )
    return desk.page(request, caller, "recovery_codes", here=ACCOUNT, codes=codes, is_new=False)


@router.post(f"{SECOND_FACTOR}/end")
async def end_second_factor(
    request: Request,
    session: Session,
    caller: RecentViewer,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Switch the own second factor off."""
    await second_factor.switch_off(session, caller.agency_id, caller.member.id, by=caller.member.role)
    return render.see_other(request, ACCOUNT)


def _may_choose(caller: CurrentMember) -> bool:
    """True soon after a one-time address: the member forgot the password; and where there is none yet."""
    has_none = caller.member.password_hash is None
    return (has_none or caller.session.proof == "address") and members.is_recent(caller.session)


async def _wrong_password(request: Request, caller: CurrentMember, password: str) -> Message | None:
    services = services_of(request)
    try:
        is_right = await members.authenticate_again(services.sessions, services.keyring, caller.session, password)
    except throttle.Throttled as reached:
        return wait_words(reached)
    return None if is_right else _("This is not your current password.")


async def _account(
    request: Request, session: AsyncSession, caller: CurrentMember, *, name: str | None = None,
    problems: dict[str, Message] | None = None,
) -> Response:  # fmt: skip
    opened = await members.sessions_of(session, caller.agency_id, caller.member.id)
    known = await passkeys.of_member(session, caller.agency_id, caller.member.id)
    services, may_choose = services_of(request), _may_choose(caller)
    every = await ways.of_members(session, caller.agency_id, services.issuers, member_id=caller.member.id)
    own = every[caller.member.id]
    return desk.page(
        request, caller, "account", here=ACCOUNT, status=422 if problems else 200, problems=problems or {},
        typed_name=caller.member.name if name is None else name,
        sessions=[(each, desk.device(each.user_agent)) for each in opened],
        current=caller.session.id, may_choose=may_choose, shortest=passwords.SHORTEST, own_ways=own,
        came_in_once=may_choose and caller.session.proof == "address",
        own_providers=services.providers_of(own.issuers),
        notices=notices.NOTICES.items(), notices_saved=request.query_params.get("done") == "notices",
        is_changed=request.query_params.get("done") == "password", passkeys=known,
        are_passkeys_possible=passkeys.are_possible(services.public_url),
    )  # fmt: skip


def _setting_up(request: Request, caller: CurrentMember, problem: Message | None = None, status: int = 422) -> Response:
    secret = second_factor.pending_secret(services_of(request).keyring, caller.member)
    if secret is None:
        return render.see_other(request, ACCOUNT)
    return desk.page(
        request, caller, "second_factor", here=ACCOUNT, status=status if problem else 200, problem=problem,
        secret=[secret[start : start + 4] for start in range(0, len(secret), 4)],
        qr=qr(second_factor.address(secret, caller.member, caller.agency.name), border=2),
    )  # fmt: skip
