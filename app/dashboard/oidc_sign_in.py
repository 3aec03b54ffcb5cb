"""Signing in at an OpenID provider: the way there, and back."""

import json

from fastapi import Request
from fastapi.responses import Response

from app.dashboard import door
from app.dashboard.member_session import PATH, is_ours
from app.kit import clock
from app.kit.encryption import DecryptionFailed
from app.kit.errors import NotFound
from app.kit.html import forms, render
from app.kit.html.forms import SentForm
from app.kit.html.render import HtmlError
from app.kit.i18n.message import _
from app.kit.oidc import OidcAttempt, OidcClient, OidcFailed
from app.services import services_of
from app.tenants.members import identities

router = forms.page_router()
OIDC = f"{PATH}/oidc"
#: The attempt of this browser, encrypted; another browser cannot end it.
COOKIE = "keyturn_oidc"
LIFETIME = 600
_PLACE = "oidc-attempt"


class OidcNotFinished(HtmlError):
    """The provider did not confirm the person, or the answer is not of this browser's attempt."""

    status = 409
    code = "oidc_not_finished"
    message = _("The sign-in did not work.")
    advice = _("Nothing was changed. Go back to the sign-in page and try once more, or use your password.")


class NoSuchMember(HtmlError):
    """The person is known to the provider, and no member."""

    status = 403
    code = "no_such_member"
    message = _("Nobody here has this e-mail address.")
    advice = _("Ask an owner of your agency for an invitation to it, or sign in with your password.")


@router.post(f"{OIDC}/{{provider}}", dependencies=[forms.OPEN_TO_ALL])
async def begin(request: Request, provider: str, form: SentForm) -> Response:
    """Redirect to the provider; a cookie binds the way back to this browser."""
    client, back = _client(request, provider), form.text("back", most=2000)
    try:
        attempt = await client.begin()
    except OidcFailed as failed:
        raise OidcNotFinished from failed
    kept = {
        "provider": provider, "until": clock.now().timestamp() + LIFETIME, "back": back if is_ours(back) else PATH,
        "state": attempt.state, "nonce": attempt.nonce, "verifier": attempt.verifier,
    }  # fmt: skip
    services = services_of(request)
    answer = render.see_other(request, attempt.address)
    answer.set_cookie(
        COOKIE, services.keyring.encrypt(json.dumps(kept), bound_to=_PLACE).hex(), max_age=LIFETIME, path=OIDC,
        httponly=True, samesite="lax", secure=services.secure_cookies,
    )  # fmt: skip
    return answer


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
    try:
        identity = await client.finish(attempt, code=code)
    except OidcFailed as failed:
        raise OidcNotFinished from failed
    async with services.sessions.begin() as session:
        member = await identities.member_of(session, identity)
        if member is None:
            raise NoSuchMember
        answer = await door.enter(request, session, member, kept["back"], "provider")
    answer.delete_cookie(COOKIE, path=OIDC, httponly=True, samesite="lax", secure=services.secure_cookies)
    return answer


def _client(request: Request, provider: str) -> OidcClient:
    found = services_of(request).sign_ins.get(provider)
    if found is None:
        raise NotFound
    return found


def _attempt(request: Request) -> dict[str, str]:
    """The attempt of this browser; empty if there is none, or it is too old."""
    try:
        encrypted = bytes.fromhex(request.cookies.get(COOKIE, ""))
        kept = json.loads(services_of(request).keyring.decrypt(encrypted, bound_to=_PLACE))
    except (ValueError, DecryptionFailed):
        return {}
    return kept if kept["until"] > clock.now().timestamp() else {}
