"""Pages in front of the dashboard: first run, joining by invitation, signing in and out."""

import re
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask

from app.dashboard.desk import FIRST_STEPS
from app.dashboard.member_session import ACCOUNT, COOKIE, PATH, SIGN_IN, MemberForm, Viewer, is_ours, wait_words
from app.kit import throttle
from app.kit.actor import bind_actor
from app.kit.database import Session, reading
from app.kit.html import forms, language, render
from app.kit.html.forms import Form, SentForm
from app.kit.i18n.message import Message, _
from app.kit.input import email_address
from app.kit.input.text import TypedWrong
from app.services import services_of
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency
from app.tenants.agencies.service import SlugTaken
from app.tenants.members import passkeys, passwords, second_factor
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberInvitation, Proof
from app.tenants.members.service import MemberKnown, SignedIn

router = forms.page_router()
SETUP, JOIN, CODE = f"{PATH}/setup", f"{PATH}/join", f"{SIGN_IN}/code"
#: Of a browser between password and second factor; it is sent to the pages of signing in only.
HALF_COOKIE = "keyturn_sign_in"
NO_AGENCY_NAME = _("Enter the name of your agency.")
_NAME_NEEDED = _("Enter your name.")
_WRONG = _("E-mail address and password don’t belong together.")
_NOT_A_SLUG_PART = re.compile(r"[^a-z0-9]+")


@router.get(SIGN_IN)
async def sign_in_page(request: Request, back: str = "") -> Response:
    """The sign-in form. `back`: the page to return to."""
    return sign_in_form(request, back=back)


@router.post(SIGN_IN, dependencies=[forms.OPEN_TO_ALL])
async def sign_in(request: Request, form: SentForm) -> Response:
    """Open a session in this browser. Attempts are counted by e-mail address and by network address."""
    services = services_of(request)
    email, back = form.line("email", most=254), form.text("back", most=2000)
    if not email or not form.secret("password"):
        return sign_in_form(request, email=email, back=back, problem=_WRONG)
    try:
        await members.count_sign_in(services.sessions, services.keyring, email)
        member = await members.by_password(services.sessions, services.keyring, email, form.secret("password"))
    except throttle.Throttled as reached:
        return sign_in_form(request, email=email, back=back, problem=wait_words(reached), status=429)
    if member is None:
        answer = sign_in_form(request, email=email, back=back, problem=_WRONG)
        # after the answer, so that its time does not tell which addresses are known
        answer.background = BackgroundTask(
            members.note_failure, services.sessions, members.with_address(email), "password"
        )
        return answer
    async with services.sessions.begin() as session:
        return await enter(request, session, member, back if is_ours(back) else PATH)


@router.get(CODE)
async def code_page(request: Request, session: Session, back: str = "") -> Response:
    """The second step: a code of the authenticator app."""
    if await _between(request, session) is None:
        return render.see_other(request, SIGN_IN)
    return _code(request, back)


@router.post(CODE)
async def code(request: Request, form: SentForm) -> Response:
    """Sign in with a code. Guesses are counted by member and by network address; no code works twice."""
    services, back = services_of(request), form.text("back", most=2000)
    async with reading(services.sessions) as session:
        between = await _between(request, session)
    if between is None:
        return render.see_other(request, SIGN_IN)
    forms.check_token(request, form, request.cookies[HALF_COOKIE])
    try:
        await second_factor.count_code(services.sessions, services.keyring, between.member.id)
    except throttle.Throttled as reached:
        return _code(request, back, wait_words(reached), 429)
    member = between.member
    async with services.sessions.begin() as session:
        is_right = await second_factor.accepts(
            session, services.keyring, member.agency_id, member.id, form.line("code", most=40)
        )
        if is_right:
            bind_actor(member.actor)
            cookie = await members.give_code(session, between.session)
            await _forget(request, session)
    if not is_right:
        await members.note_failure(services.sessions, members.is_member(member), "code")
        return _code(request, back, _("This code is not right, or was used already."))
    if cookie is None:
        return render.see_other(request, SIGN_IN)
    answer = render.see_other(request, back if is_ours(back) else PATH)
    _set_cookie(request, answer, COOKIE, cookie, PATH)
    answer.delete_cookie(HALF_COOKIE, path=SIGN_IN, httponly=True, samesite="lax", secure=services.secure_cookies)
    return answer


@router.post(f"{PATH}/sign-out")
async def sign_out(request: Request, session: Session, caller: Viewer, form: MemberForm) -> Response:  # noqa: ARG001
    """End this browser's session."""
    await members.end_sessions(session, caller.agency_id, caller.member.id, session_id=caller.session.id)
    answer = render.see_other(request, SIGN_IN)
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax", secure=services_of(request).secure_cookies)
    return answer


@router.get(f"{SETUP}/{{code}}")
async def setup_page(request: Request, session: Session, code: str) -> Response:
    """The form of the first run: an agency and its owner."""
    await members.check_setup_code(session, code)
    return setup_form(request, code, {}, {})


@router.post(f"{SETUP}/{{code}}", dependencies=[forms.OPEN_TO_ALL])
async def setup(request: Request, session: Session, code: str, form: SentForm) -> Response:
    """Make the first agency and its owner, who is signed in at once."""
    await members.check_setup_code(session, code)
    agency_name = form.line("agency", most=120)
    named = person(form)
    _check_password(form, named, agency_name)
    if not agency_name:
        form.problems["agency"] = NO_AGENCY_NAME
    if form.problems:
        return setup_form(request, code, {**named, "agency": agency_name}, form.problems)
    password_hash = await passwords.hashed(form.secret("password"))
    owner = await first_owner(session, code, agency_name, **named, password_hash=password_hash)
    return await enter(request, session, owner, FIRST_STEPS.path)


async def first_owner(
    session: AsyncSession, code: str, agency_name: str, *, name: str, email: str, password_hash: str | None
) -> Member:
    """Make the first agency and its owner with a setup code. Raises InvitationEnded."""
    await members.use_setup_code(session, code)
    agency = await agencies.create_agency(
        session, name=agency_name, slug=await _free_slug(session, agency_name), contact_name=name, contact_email=email,
        actor=members.SETUP,
    )  # fmt: skip
    return await members.add(session, agency.id, name=name, email=email, role="owner", password_hash=password_hash)


@router.get(f"{JOIN}/{{token}}")
async def join_page(request: Request, session: Session, token: str) -> Response:
    """The form of an invitation: name and password; for a member who is known, a button."""
    found, agency = await invited(request, session, token)
    if found.member_id is not None:
        member = await members.find(session, agency.id, found.member_id)
        return _page(request, "enter", status=200, agency=agency.name, member=member)
    return join_form(request, agency, found, {}, {})


@router.post(f"{JOIN}/{{token}}", dependencies=[forms.OPEN_TO_ALL])
async def join(request: Request, session: Session, token: str, form: SentForm) -> Response:
    """Become a member, or be one already: either way signed in at once."""
    found, agency = await invited(request, session, token)
    if found.member_id is not None:
        leads_to = ACCOUNT if form.ticked("forgotten") else PATH
        return await enter(request, session, await members.enter(session, token), leads_to, "address")
    named = person(form, found.email)
    _check_password(form, named, agency.name)
    if not form.problems:
        password_hash = await passwords.hashed(form.secret("password"))
        try:
            member = await members.join(session, token, **named, password_hash=password_hash)
        except MemberKnown as known:
            form.problems["email"] = known.message
        else:
            return await enter(request, session, member, PATH)
    return join_form(request, agency, found, named, form.problems)


async def invited(request: Request, session: AsyncSession, token: str) -> tuple[MemberInvitation, Agency]:
    """An invitation and its agency, in whose language the page is. Raises InvitationEnded."""
    found = await members.invitation(session, token)
    agency = await agencies.find(session, found.agency_id)
    language.prefer(request, link=None, agency=agency.language)
    return found, agency


async def enter(
    request: Request, session: Session, member: Member, address: str, proof: Proof = "password"
) -> Response:
    """Sign in, or ask for the code of a member who has a second factor. A passkey is both factors."""
    bind_actor(member.actor)
    awaits_code = member.totp_enabled_at is not None and proof != "passkey"
    if not awaits_code:
        await _forget(request, session)
    cookie = await members.sign_in(session, member, proof=proof, awaits_code=awaits_code)
    if awaits_code:
        answer = render.see_other(request, f"{CODE}?back={quote(address, safe='')}")
        _set_cookie(request, answer, HALF_COOKIE, cookie, SIGN_IN)
    else:
        answer = render.see_other(request, address)
        _set_cookie(request, answer, COOKIE, cookie, PATH)
    return answer


async def _forget(request: Request, session: AsyncSession) -> None:
    """End the session that this browser had, also of another member."""
    if earlier := request.cookies.get(COOKIE):
        await members.forget_browser(session, earlier)


def _set_cookie(request: Request, answer: Response, name: str, cookie: str, path: str) -> None:
    lifetime = members.SESSION_LIFETIME if name == COOKIE else members.CODE_LIFETIME
    answer.set_cookie(
        name, cookie, max_age=int(lifetime.total_seconds()), path=path, httponly=True, samesite="lax",
        secure=services_of(request).secure_cookies,
    )  # fmt: skip


async def _between(request: Request, session: AsyncSession) -> SignedIn | None:
    """The session of this browser that waits for the second factor."""
    cookie = request.cookies.get(HALF_COOKIE, "")
    return await members.by_cookie(session, cookie, awaits_code=True) if cookie else None


def _code(request: Request, back: str, problem: Message | None = None, status: int = 422) -> Response:
    return render.page(
        request, "dashboard:desk/code.html", status=status if problem else 200, problem=problem,
        back=back if is_ours(back) else "", form_token=forms.token(request, request.cookies[HALF_COOKIE]),
    )  # fmt: skip


def person(form: Form, invited_email: str | None = None) -> dict[str, str]:
    """Name and e-mail address as given or invited; what is wrong with them is in the form's problems."""
    name, email = form.line("name", most=120), invited_email or form.line("email", most=254)
    if not name:
        form.problems["name"] = _NAME_NEEDED
    try:
        email = email_address.read(email)
    except TypedWrong as wrong:
        form.problems["email"] = wrong.message
    return {"name": name, "email": email}


def _check_password(form: Form, named: dict[str, str], agency_name: str) -> None:
    if weak := passwords.problem(form.secret("password"), (*named.values(), agency_name)):
        form.problems["password"] = weak


async def _free_slug(session: Session, name: str) -> str:
    """A slug from the name of an agency that no other has."""
    start = _NOT_A_SLUG_PART.sub("-", name.lower()).strip("-")[:36].strip("-") or "agency"
    for slug in (start, *(f"{start}-{number}" for number in range(2, 100))):
        if slug not in agencies.RESERVED_SLUGS and await agencies.by_slug(session, slug) is None:
            return slug
    raise SlugTaken


def sign_in_form(
    request: Request, *, back: str, email: str = "", problem: Message | None = None, status: int = 200
) -> Response:
    """The sign-in form, with what was wrong with the last attempt."""
    return _page(
        request, "sign_in", status=422 if problem and status == 200 else status, email=email,
        back=back if is_ours(back) else "", problem=problem,
    )  # fmt: skip


def setup_form(request: Request, code: str, given: dict[str, str], problems: dict[str, Message]) -> Response:
    """The form of the first run, as it was filled in."""
    return _page(request, "setup", status=422 if problems else 200, code=code, given=given, problems=problems)


def join_form(
    request: Request, agency: Agency, found: MemberInvitation, given: dict[str, str], problems: dict[str, Message]
) -> Response:
    """The form of an invitation, as it was filled in."""
    status = 422 if problems else 200
    return _page(
        request, "join", status=status, agency=agency.name, email=found.email, given=given, problems=problems,
        token_of_invitation=request.path_params["token"],
    )  # fmt: skip


def _page(request: Request, name: str, *, status: int, **shown: Any) -> Response:
    """A page in front of the dashboard, from which a form may lead to each provider."""
    services = services_of(request)
    providers = [each.provider for each in services.sign_ins.values()]
    return render.page(
        request, f"dashboard:desk/{name}.html", status=status, form_token=forms.token(request),
        form_to=tuple(dict.fromkeys(each.origin for each in providers)), providers=providers,
        has_passkeys=passkeys.are_possible(services.public_url), shortest=passwords.SHORTEST, **shown,
    )  # fmt: skip
