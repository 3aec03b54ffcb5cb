"""Passkeys: adding, naming and removing them on the account page, and signing in with one."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk, door
from app.dashboard.door import JOIN
from app.dashboard.member_session import (
    ACCOUNT,
    COOKIE,
    PATH,
    SIGN_IN,
    CurrentMember,
    MemberForm,
    RecentViewer,
    Viewer,
    is_ours,
)
from app.kit import throttle
from app.kit.database import Session
from app.kit.errors import AppError
from app.kit.html import forms, language, render
from app.kit.html.forms import Form, SentForm
from app.kit.i18n.message import Problems, _
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.members import passkeys, ways
from app.tenants.members import service as members
from app.tenants.members.passkeys import PasskeyRefused, Purpose, TooManyPasskeys

router = forms.page_router()
PASSKEYS = f"{ACCOUNT}/passkeys"
NEW = f"{PASSKEYS}/new"
#: Field of a form with the answer of the authenticator.
_ANSWER = "answer"
_NO_ANSWER = _("Your browser sent no passkey. That needs JavaScript; without it, use another way to sign in.")
_LONGEST_NAME = 60


class TooManyChallenges(AppError):
    """One network address asked for too many challenges."""

    status = 429
    code = "too_many_challenges"
    message = _("Too many attempts. Wait some minutes.")


@router.post(f"{SIGN_IN}/passkey/options", dependencies=[forms.SHOWN_HERE])
async def sign_in_options(request: Request, session: Session) -> Response:
    """Options for an authenticator that names its member itself."""
    party = passkeys.relying_party(services_of(request).public_url)
    challenge = await _challenge(request, session, "enter", request.cookies[forms.BROWSER])
    return _json(passkeys.request_options(party, (), challenge))


@router.post(f"{SIGN_IN}/passkey", dependencies=[forms.SHOWN_HERE])
async def sign_in(request: Request, form: SentForm) -> Response:
    """Open a session in this browser, without address, password and code."""
    services, back = services_of(request), form.text("back", most=2000)
    if not form.secret(_ANSWER):
        return door.sign_in_form(request, back=back, problem=_NO_ANSWER)
    try:
        member = await passkeys.authenticate(
            services.sessions, passkeys.relying_party(services.public_url), purpose="enter",
            cookie=request.cookies[forms.BROWSER], answer=form.secret(_ANSWER),
        )  # fmt: skip
    except PasskeyRefused as refused:
        return door.sign_in_form(request, back=back, problem=refused.message)
    async with services.sessions.begin() as session:
        return await door.enter(request, session, member, back if is_ours(back) else PATH, "passkey")


@router.post(f"{JOIN}/{{token}}/passkey/options", dependencies=[forms.SHOWN_HERE])
async def joining_options(request: Request, session: Session, token: str) -> Response:
    """Options for the passkey of a person who is about to join."""
    invited = await members.invitation(session, token)
    agency = await agencies.find(session, invited.agency_id)
    challenge = await _challenge(request, session, "join", _joining(request, token))
    name = invited.email or agency.name
    return _json(
        passkeys.creation_options(
            passkeys.relying_party(services_of(request).public_url), challenge,
            member_id=members.invited_member_id(invited), email=name, name=name,
        )
    )  # fmt: skip


@router.post(f"{JOIN}/{{token}}/passkey", dependencies=[forms.SHOWN_HERE])
async def join(request: Request, session: Session, token: str, form: SentForm) -> Response:
    """Become a member who signs in with the passkey that the browser made, without a password."""
    services = services_of(request)
    invited, agency = await door.invited(request, session, token)
    person = door.person(form, invited.email)
    if not form.problems and not form.secret(_ANSWER):
        form.problems[_ANSWER] = _NO_ANSWER
    if not form.problems:
        try:
            made = await passkeys.created(
                services.sessions, passkeys.relying_party(services.public_url), purpose="join",
                cookie=_joining(request, token), answer=form.secret(_ANSWER),
            )  # fmt: skip
            member = await members.join(session, token, **person, password_hash=None)
            await passkeys.add(session, member, made, name=_device(request))
        except PasskeyRefused as refused:
            form.problems[_ANSWER] = refused.message
        else:
            return await door.enter(request, session, member, PATH, "passkey")
    return door.join_form(request, agency, invited, person, form.problems)


@router.post(f"{PASSKEYS}/confirmation")
async def confirmation_options(request: Request, session: Session, caller: Viewer, form: MemberForm) -> Response:  # noqa: ARG001
    """Options for one of the member's own passkeys, before a dangerous act."""
    party = passkeys.relying_party(services_of(request).public_url)
    known = await passkeys.of_member(session, caller.agency_id, caller.member.id)
    challenge = await _challenge(request, session, "confirm", request.cookies[COOKIE])
    return _json(passkeys.request_options(party, known, challenge))


@router.post(PASSKEYS)
async def begin(request: Request, caller: RecentViewer, form: MemberForm) -> Response:  # noqa: ARG001
    """Lead to the page on which the browser makes a passkey, once the member has proved who it is."""
    return render.see_other(request, NEW)


@router.get(NEW)
async def new_page(request: Request, caller: Viewer) -> Response:
    """The name of a new passkey, and the button that makes it."""
    if not members.is_recent(caller.session):
        return render.see_other(request, ACCOUNT)
    return _new(request, caller)


@router.post(f"{NEW}/options")
async def creation_options(request: Request, session: Session, caller: RecentViewer, form: MemberForm) -> Response:  # noqa: ARG001
    """Options for a new passkey."""
    party = passkeys.relying_party(services_of(request).public_url)
    known = await passkeys.of_member(session, caller.agency_id, caller.member.id)
    challenge = await _challenge(request, session, "register", request.cookies[COOKIE])
    member = caller.member
    return _json(
        passkeys.creation_options(
            party, challenge, member_id=member.id, email=member.email, name=member.name, known=known
        )
    )


@router.post(NEW)
async def create(request: Request, caller: RecentViewer, form: MemberForm) -> Response:
    """Add the passkey that the browser made."""
    services, name = services_of(request), _name(request, form)
    if not form.problems and not form.secret(_ANSWER):
        form.problems[_ANSWER] = _NO_ANSWER
    if not form.problems:
        try:
            made = await passkeys.created(
                services.sessions, passkeys.relying_party(services.public_url), purpose="register",
                cookie=request.cookies[COOKIE], answer=form.secret(_ANSWER),
            )  # fmt: skip
            async with services.sessions.begin() as session:
                await passkeys.add(session, caller.member, made, name=name)
        except (PasskeyRefused, TooManyPasskeys) as refused:
            form.problems[_ANSWER] = refused.message
        else:
            return render.see_other(request, f"{ACCOUNT}#the-passkeys")
    return _new(request, caller, name=name, problems=form.problems)


@router.post(f"{PASSKEYS}/{{passkey_id}}/name")
async def rename(request: Request, session: Session, caller: Viewer, passkey_id: str, form: MemberForm) -> Response:
    """Change the name of an own passkey."""
    name = _name(request, form)
    if not form.problems:
        await passkeys.rename(session, caller.agency_id, caller.member.id, passkey_id, name)
    return render.see_other(request, f"{ACCOUNT}#the-passkeys")


@router.post(f"{PASSKEYS}/{{passkey_id}}/removal")
async def remove(
    request: Request,
    session: Session,
    caller: RecentViewer,
    passkey_id: str,
    form: MemberForm,  # noqa: ARG001
) -> Response:
    """Remove an own passkey."""
    issuers = services_of(request).issuers
    await ways.remove_passkey(session, caller.agency_id, caller.member.id, passkey_id, issuers=issuers)
    return render.see_other(request, f"{ACCOUNT}#the-passkeys")


async def _challenge(request: Request, session: AsyncSession, purpose: Purpose, cookie: str) -> bytes:
    try:
        return await passkeys.new_challenge(session, services_of(request).keyring, purpose, cookie)
    except throttle.Throttled as reached:
        raise TooManyChallenges from reached


def _joining(request: Request, token: str) -> str:
    """The browser and the invitation that a passkey is made for: it fits no other invitation of the same browser."""
    return f"{request.cookies[forms.BROWSER]}\0{token}"


def _json(options: str) -> Response:
    return Response(options, media_type="application/json")


def _name(request: Request, form: Form) -> str:
    """The name as typed; the device's, where none is."""
    typed = form.line("name", most=_LONGEST_NAME)
    return typed or _device(request)


def _device(request: Request) -> str:
    return language.locale_of(request).text(desk.device(request.headers.get("user-agent", "")))[:_LONGEST_NAME]


def _new(request: Request, caller: CurrentMember, *, name: str = "", problems: Problems | None = None) -> Response:
    return desk.page(
        request, caller, "new_passkey", here=ACCOUNT, status=422 if problems else 200, problems=problems or {},
        typed_name=name or _device(request), answer=_ANSWER,
    )  # fmt: skip
