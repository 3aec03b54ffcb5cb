"""The member who is signed in in a browser, by its cookie, and the dependencies of routes on their role."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import Response

from app.kit import throttle
from app.kit.actor import bind_actor
from app.kit.database import alone, reading
from app.kit.html import forms, language, render
from app.kit.html.forms import Form, SentForm
from app.kit.html.render import HtmlError
from app.kit.i18n.message import Message, _, _n
from app.kit.oidc import OidcProvider
from app.services import services_of
from app.tenants.agencies.models import Agency
from app.tenants.members import passkeys, ways
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession, Role
from app.tenants.members.passkeys import PasskeyRefused

PATH = "/desk"
SIGN_IN, ACCOUNT = f"{PATH}/sign-in", f"{PATH}/account"
COOKIE = "keyturn_member"
#: Fields of a dangerous act with the member's own password, or with what their passkey signed.
PASSWORD_AGAIN, PASSKEY_AGAIN = "password_again", "passkey_again"
_COOKIE_LENGTH = 43


class SignInNeeded(HtmlError):
    """Nobody is signed in in this browser. `back`: the page to return to."""

    status = 401
    code = "sign_in_needed"
    message = _("Please sign in.")

    def __init__(self, back: str = "") -> None:
        super().__init__()
        self.back = back

    def page(self, request: Request) -> Response:
        """Redirect to the sign-in page, which returns here afterwards."""
        return render.see_other(request, f"{SIGN_IN}?back={quote(self.back, safe='')}" if self.back else SIGN_IN)


class RoleMissing(HtmlError):
    """The member is signed in, but the role does not allow this."""

    status = 403
    code = "role_missing"
    message = _("Your role does not allow this.")
    advice = _("Ask an owner or a manager of your agency.")


class AuthenticationNeeded(HtmlError):
    """A dangerous act, after some minutes: the member proves once more who uses the browser."""

    status = 403
    code = "authentication_needed"
    message = _("Please confirm that it’s you.")

    def __init__(
        self, form: Form | None = None, *, has_password: bool = True, has_passkeys: bool = False,
        providers: Sequence[OidcProvider] = (), problem: Message | None = None, status: int = 403,
    ) -> None:  # fmt: skip
        super().__init__()
        self.providers = providers
        self.sent = form.pairs(but=(PASSWORD_AGAIN, PASSKEY_AGAIN, forms.TOKEN_FIELD)) if form else []
        self.has_password, self.has_passkeys = has_password, has_passkeys
        self.problem, self.shown_status = problem, status

    def page(self, request: Request) -> Response:
        """The form as it was sent, hidden, beside the ways to prove it."""
        return render.page(
            request, "dashboard:desk/authenticate_again.html", status=self.shown_status, sent=self.sent,
            problem=self.problem, password=PASSWORD_AGAIN, passkey=PASSKEY_AGAIN, has_password=self.has_password,
            has_passkeys=self.has_passkeys, providers=self.providers,
            form_to=tuple(each.origin for each in self.providers),
            act=json.dumps([request.url.path.removeprefix(render.root(request)), self.sent]),
            form_token=forms.token(request, request.cookies.get(COOKIE)),
        )  # fmt: skip


@dataclass(frozen=True)
class CurrentMember:
    """A signed-in member with agency and session. `form_token`: of the forms shown to this browser."""

    member: Member
    agency: Agency
    session: MemberSession
    form_token: str

    @property
    def agency_id(self) -> str:
        """The tenant of every query."""
        return self.agency.id

    def may(self, role: Role) -> bool:
        """True if the member's role includes this one."""
        return members.may(self.member.role, role)


async def signed_in(request: Request) -> CurrentMember:
    """The member who is signed in in the browser that sent the request. Raises SignInNeeded."""
    services = services_of(request)
    cookie = request.cookies.get(COOKIE, "")
    found = None
    if len(cookie) == _COOKIE_LENGTH:
        async with alone(services.sessions) as session:
            found = await members.by_cookie(session, cookie)
            if found is not None and not _is_by_itself(request) and members.is_use_stale(found.session):
                await members.record_use(session, found.session)
    if found is None:
        raise SignInNeeded(back_of(request))
    bind_actor(found.member.actor)
    language.prefer(request, link=None, agency=found.agency.language)
    return CurrentMember(found.member, found.agency, found.session, forms.token(request, cookie))


def _is_by_itself(request: Request) -> bool:
    """True for a request that an open page makes by itself, which is no use of the session by its member."""
    return "hx-request" in request.headers


def back_of(request: Request) -> str:
    """The address of the page to return to after the sign-in; of a form, the page it was on is unknown."""
    if request.method != "GET":
        return ""
    return request.url.path.removeprefix(render.root(request)) + (f"?{request.url.query}" if request.url.query else "")


def is_ours(address: str) -> bool:
    """True for a path of the dashboard, so that a sign-in never leads elsewhere."""
    return address.startswith((f"{PATH}/", f"{PATH}?")) and "\\" not in address and "//" not in address


SignedInMember = Annotated[CurrentMember, Depends(signed_in)]


def requires(role: Role) -> Any:
    """The signed-in member; refused with 403 unless their role includes this one. Forms are checked for their token."""

    async def allowed(caller: SignedInMember) -> CurrentMember:
        if not caller.may(role):
            raise RoleMissing
        return caller

    return Depends(allowed)


def _form(request: Request, caller: SignedInMember, form: SentForm) -> Form:
    forms.check_token(request, form, request.cookies[COOKIE])
    assert caller is not None
    return form


#: A form of a signed-in member, sent from a page that was shown to this browser.
MemberForm = Annotated[Form, Depends(_form)]


def requires_recent(role: Role) -> Any:
    """As `requires`, for forms of dangerous acts: after some minutes the member proves once more who it is."""

    async def allowed(request: Request, caller: SignedInMember, form: MemberForm) -> CurrentMember:
        if not caller.may(role):
            raise RoleMissing
        if not members.is_recent(caller.session):
            await _authenticate_again(request, caller, form)
        return caller

    return Depends(allowed)


async def _authenticate_again(request: Request, caller: CurrentMember, form: Form) -> None:
    services, password, answer = services_of(request), form.secret(PASSWORD_AGAIN), form.secret(PASSKEY_AGAIN)
    async with reading(services.sessions) as session:
        every = await ways.of_members(session, caller.agency_id, services.issuers, member_id=caller.member.id)
    own = every[caller.member.id]
    needed = partial(
        AuthenticationNeeded, form, has_password=own.password, has_passkeys=own.passkeys > 0,
        providers=services.providers_of(own.issuers),
    )  # fmt: skip
    try:
        if answer:
            await _passkey_again(request, caller, answer)
        elif not password:
            raise needed()
        elif not await members.authenticate_again(services.sessions, services.keyring, caller.session, password):
            raise needed(problem=_("This is not your password."))
    except throttle.Throttled as reached:
        raise needed(problem=wait_words(reached), status=429) from reached
    except PasskeyRefused as refused:
        raise needed(problem=refused.message) from refused


async def _passkey_again(request: Request, caller: CurrentMember, answer: str) -> None:
    services = services_of(request)
    await passkeys.authenticate(
        services.sessions, passkeys.relying_party(services.public_url), purpose="confirm",
        cookie=request.cookies[COOKIE], answer=answer, only=caller.member,
    )  # fmt: skip
    async with services.sessions.begin() as session:
        await members.note_authentication(session, caller.session)


def wait_words(reached: throttle.Throttled) -> Message:
    """The sentence for attempts that came too often."""
    minutes = -(-int(reached.retry_after.total_seconds()) // 60)
    return _n("Too many attempts. Wait {count} minute.", "Too many attempts. Wait {count} minutes.", minutes)


Viewer = Annotated[CurrentMember, requires("viewer")]
Worker = Annotated[CurrentMember, requires("member")]
Manager = Annotated[CurrentMember, requires("manager")]
Owner = Annotated[CurrentMember, requires("owner")]
#: For dangerous acts.
RecentViewer = Annotated[CurrentMember, requires_recent("viewer")]
RecentManager = Annotated[CurrentMember, requires_recent("manager")]
RecentOwner = Annotated[CurrentMember, requires_recent("owner")]
