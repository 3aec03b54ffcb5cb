"""Signing in at an OpenID provider: the way there, and back."""

import json
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import door
from app.dashboard.desk import FIRST_STEPS
from app.dashboard.member_session import PATH, MemberForm, Viewer, is_ours, signed_in
from app.kit import clock
from app.kit.database import reading
from app.kit.encryption import DecryptionFailed
from app.kit.errors import NotFound
from app.kit.html import forms, render
from app.kit.html.forms import SentForm
from app.kit.html.render import HtmlError
from app.kit.i18n.message import _
from app.kit.oidc import OidcAttempt, OidcClient, OidcFailed, OidcIdentity
from app.services import services_of
from app.tenants.members import identities
from app.tenants.members import service as members
from app.tenants.members.identities import LONGEST_NAME
from app.tenants.members.models import Member

router = forms.page_router()
OIDC = f"{PATH}/oidc"
#: The attempt of this browser, encrypted; another browser cannot end it.
COOKIE = "keyturn_oidc"
LIFETIME = 600
#: Characters of an act that waits in the cookie; browsers keep 4,096 bytes of one, encrypted and in hex.
LONGEST_ACT = 1200
_PLACE = "oidc-attempt"


class OidcNotFinished(HtmlError):
    """The provider did not confirm the person, or the answer is not of this browser's attempt."""

    status = 409
    code = "oidc_not_finished"
    message = _("The sign-in did not work.")
    advice = _("Nothing has changed. Go back to the sign-in page and try again, or use your password.")


class NoSuchMember(HtmlError):
    """The person is known to the provider, and no member."""

    status = 403
    code = "no_such_member"
    message = _("Nobody here has this e-mail address.")
    advice = _("Ask an owner of your agency for an invitation to it, or sign in with your password.")


@router.post(f"{OIDC}/{{provider}}", dependencies=[forms.OPEN_TO_ALL])
async def begin(request: Request, provider: str, form: SentForm) -> Response:
    """Redirect to the provider; a cookie binds the way back to this browser."""
    back = form.text("back", most=2000)
    return await _away(request, provider, {"back": back if is_ours(back) else PATH})


@router.post(f"{OIDC}/{{provider}}/join", dependencies=[forms.SHOWN_HERE])
async def begin_to_join(request: Request, provider: str, form: SentForm) -> Response:
    """Redirect to the provider somebody who accepts an invitation without a password."""
    token = form.secret("invitation")
    async with reading(services_of(request).sessions) as session:
        await members.invitation(session, token)
    return await _away(request, provider, {"join": token, "name": form.line("name")[:LONGEST_NAME]})


@router.post(f"{OIDC}/{{provider}}/setup", dependencies=[forms.SHOWN_HERE])
async def begin_setup(request: Request, provider: str, form: SentForm) -> Response:
    """Redirect to the provider the first owner of an agency."""
    code, agency_name, name = form.secret("code"), form.line("agency", most=120), form.line("name", most=120)
    async with reading(services_of(request).sessions) as session:
        await members.check_setup_code(session, code)
    if not agency_name:
        form.problems["agency"] = door.NO_AGENCY_NAME
    if form.problems:
        return door.setup_form(request, code, {"agency": agency_name, "name": name}, form.problems)
    return await _away(request, provider, {"setup": code, "agency": agency_name, "name": name})


@router.post(f"{OIDC}/{{provider}}/again")
async def begin_again(request: Request, provider: str, caller: Viewer, form: MemberForm) -> Response:
    """Redirect a signed-in member to the provider before a dangerous act, which waits in the cookie if it fits."""
    act = form.secret("act")
    kept = {"session": caller.session.id, "act": act if len(act.encode()) <= LONGEST_ACT else ""}
    return await _away(request, provider, kept, again=True)


@router.get(f"{OIDC}/{{provider}}/return")
async def come_back(request: Request, provider: str, state: str = "", code: str = "", iss: str = "") -> Response:
    """The way back. The state must be that of this browser's attempt at this provider (RFC 9207: and its issuer)."""
    services, client = services_of(request), _client(request, provider)
    kept = _attempt(request)
    if not code or kept.get("provider") != provider or kept.get("state") != state or not state:
        raise OidcNotFinished
    if iss and iss != client.provider.issuer:
        raise OidcNotFinished
    attempt = OidcAttempt("", state, kept["nonce"], kept["verifier"])
    await identities.count_provider_request(services.sessions, services.keyring)
    try:
        identity = await client.finish(attempt, code=code, since=kept["began"] if "session" in kept else 0)
    except OidcFailed as failed:
        raise OidcNotFinished from failed
    if "session" in kept:
        answer = await _authenticated_again(request, identity, kept)
    else:
        async with services.sessions.begin() as session:
            member = await _member(session, identity, kept)
            leads_to = FIRST_STEPS.path if "setup" in kept else kept.get("back", PATH)
            answer = await door.enter(request, session, member, leads_to, "provider")
    answer.delete_cookie(COOKIE, path=OIDC, httponly=True, samesite="lax", secure=services.secure_cookies)
    return answer


async def _member(session: AsyncSession, identity: OidcIdentity, kept: dict[str, Any]) -> Member:
    """The member who signs in, or becomes one by an invitation or by a setup code. Raises NoSuchMember."""
    if "join" in kept:
        return await identities.join(session, kept["join"], identity, name=kept["name"])
    if "setup" in kept:
        email, name = identities.verified_email(identity), identities.name_of(identity, kept["name"])
        owner = await door.first_owner(
            session, kept["setup"], kept["agency"], name=name, email=email, password_hash=None
        )
        await identities.bind_new(session, owner, identity)
        return owner
    member = await identities.member_of(session, identity)
    if member is None:
        raise NoSuchMember
    return member


async def _away(request: Request, provider: str, purpose: dict[str, str], *, again: bool = False) -> Response:
    """Redirect to the provider; a cookie keeps the attempt."""
    services, client = services_of(request), _client(request, provider)
    await identities.count_provider_request(services.sessions, services.keyring)
    try:
        attempt = await client.begin(again=again)
    except OidcFailed as failed:
        raise OidcNotFinished from failed
    now = clock.now().timestamp()
    kept = purpose | {
        "provider": provider, "began": now, "until": now + LIFETIME, "state": attempt.state, "nonce": attempt.nonce,
        "verifier": attempt.verifier,
    }  # fmt: skip
    stored = services.keyring.encrypt(json.dumps(kept, ensure_ascii=False), bound_to=_PLACE).hex()
    answer = render.see_other(request, attempt.address)
    answer.set_cookie(
        COOKIE, stored, max_age=LIFETIME, path=OIDC, httponly=True, samesite="lax", secure=services.secure_cookies
    )
    return answer


async def _authenticated_again(request: Request, identity: OidcIdentity, kept: dict[str, Any]) -> Response:
    """The act that waited, behind one more button, once its member has signed in at the provider again."""
    caller = await signed_in(request)
    async with services_of(request).sessions.begin() as session:
        if caller.session.id != kept["session"] or not await identities.is_of(
            session, caller.agency_id, caller.member.id, identity
        ):
            raise OidcNotFinished
        await members.note_authentication(session, caller.session)
    path, sent = _act(kept["act"])
    return render.page(
        request, "dashboard:desk/authenticated_again.html", path=path, sent=sent, form_token=caller.form_token
    )


def _act(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Path and fields of an act that waits; no path if it did not fit, or is none of ours."""
    try:
        path, fields = json.loads(text)
        sent = [(str(name), str(value)) for name, value in fields]
    except (ValueError, TypeError):
        return "", []
    return (path, sent) if isinstance(path, str) and is_ours(path) else ("", [])


def _client(request: Request, provider: str) -> OidcClient:
    found = services_of(request).sign_ins.get(provider)
    if found is None:
        raise NotFound
    return found


def _attempt(request: Request) -> dict[str, Any]:
    """The attempt of this browser; empty if there is none, or it is too old."""
    try:
        encrypted = bytes.fromhex(request.cookies.get(COOKIE, ""))
        kept = json.loads(services_of(request).keyring.decrypt(encrypted, bound_to=_PLACE))
    except (ValueError, DecryptionFailed):
        return {}
    return kept if kept["until"] > clock.now().timestamp() else {}
