"""The member who is signed in in a browser, by its cookie, and the dependencies of routes on their role."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import Response

from app.kit.actor import bind_actor
from app.kit.database import alone
from app.kit.html import forms, language, render
from app.kit.html.forms import Form, SentForm
from app.kit.html.render import HtmlError
from app.kit.i18n.message import _
from app.services import services_of
from app.tenants.agencies.models import Agency
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession, Role

PATH = "/desk"
SIGN_IN = f"{PATH}/sign-in"
COOKIE = "keyturn_member"
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


async def _signed_in(request: Request) -> CurrentMember:
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


SignedInMember = Annotated[CurrentMember, Depends(_signed_in)]


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

Viewer = Annotated[CurrentMember, requires("viewer")]
Worker = Annotated[CurrentMember, requires("member")]
Manager = Annotated[CurrentMember, requires("manager")]
Owner = Annotated[CurrentMember, requires("owner")]
