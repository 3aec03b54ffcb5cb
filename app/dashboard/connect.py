"""One-time page on which a member connects the agency: invitation, authorization at the platform, and its result."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.access import oauth_callbacks
from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.access.connections.oauth_flow import ExchangeOutcome
from app.access.connections.service import AppMissing
from app.events import queries as events
from app.events.catalog import CONNECTION_FAILED
from app.events.queries import EventFilter
from app.kit.database import Session, reading
from app.kit.html import forms, language, render
from app.kit.i18n.message import Message, _
from app.platforms import declarations
from app.services import services_of
from app.tenants.agencies import service as agencies

router = forms.page_router()
COOKIE = "keyturn_connect"
PATH = "/connect"
LIFETIME = 3600


@dataclass(frozen=True)
class OutcomeTexts:
    """Title of an outcome, and a sentence with the next step."""

    title: Message
    sentence: Message


OUTCOMES: dict[str, OutcomeTexts] = {
    "connected": OutcomeTexts(_("Connected"), _("Keyturn now reads back by itself what clients share with you.")),
    "cancelled": OutcomeTexts(
        _("Nothing was connected"),
        _("You came back without authorizing. Open the address again to try once more."),
    ),
    "too_late": OutcomeTexts(
        _("That took too long"),
        _("TikTok’s answer was too old to use. Open the address again; one more tap."),
    ),
    "other_browser": OutcomeTexts(
        _("You started in another browser"),
        _("Nothing was connected. Open the address again and stay in one browser until you are back."),
    ),
    "scope_missing": OutcomeTexts(
        _("A permission is missing"),
        _("Nothing was connected. Switch it on in My Apps (Scope of permission), then open the address again."),
    ),
    "app_problem": OutcomeTexts(
        _("TikTok did not accept the app"),
        _(
            "Check app id and secret in My Apps and here (`{command}` compares them), then open the address again.",
            command="keyturn doctor",
        ),
    ),
    "platform_changed": OutcomeTexts(
        _("TikTok answered in a way that Keyturn can’t read"),
        _(
            "Nothing was connected. Look for a newer version of Keyturn, or report the answer: the event {event} has "
            "its field and request id.",
            event=CONNECTION_FAILED.name,
        ),
    ),
    "busy": OutcomeTexts(_("TikTok is busy"), _("Nothing was connected. Wait a minute and open the address again.")),
    "unknown": OutcomeTexts(
        _("This sign-in is not known"), _("Nothing was connected. Open the address again and start from there.")
    ),
}
#: Reasons why nothing can be shared with an account of the agency, by blocker code.
_UNUSABLE = {
    "not_bc_admin": _("You are not an Admin of it."),
    "bc_under_review": _("TikTok is reviewing it."),
    "bc_punished": _("TikTok has restricted it."),
    "bc_denied": _("TikTok has not approved it."),
}
_UNUSABLE_NOW = _("TikTok lets nothing be shared with it right now.")
#: Outcomes whose event contains a reason.
_WITH_REASON = (ExchangeOutcome.SCOPE_MISSING, ExchangeOutcome.APP_PROBLEM, ExchangeOutcome.PLATFORM_CHANGED)


@router.get(f"{PATH}/return")
async def come_back(request: Request, handle: str = "") -> Response:
    """OAuth callback for the browser's cookie. Holds no transaction open, and may be loaded again."""
    services = services_of(request)
    arrived = await oauth_callbacks.of_agency(
        services.sessions, services.platforms, services.keyring, handle=handle, cookie=request.cookies.get(COOKIE, "")
    )
    outcome, agency_id = arrived.outcome, arrived.agency_id
    if agency_id:
        async with services.sessions() as session:
            agency = await agencies.find(session, agency_id)
        language.prefer(request, link=None, agency=agency.language)
    if outcome is ExchangeOutcome.UNDER_WAY:
        return render.again_soon(
            request, "dashboard:connect/under_way.html", platform=declarations.name(arrived.platform)
        )
    connected = outcome is ExchangeOutcome.CONNECTED and agency_id
    shown = await _agency_accounts(request, connected, arrived.platform) if connected else {}
    why = await _failure_reason(request, agency_id) if not shown and agency_id and outcome in _WITH_REASON else ""
    return render.page(
        request, "dashboard:connect/outcome.html", status=200 if shown else 409, said=OUTCOMES[outcome],
        why=why, **{"person": None, "centers": [], "missing": [], **shown},
    )  # fmt: skip


@router.get(f"{PATH}/{{token}}")
async def invitation(request: Request, session: Session, token: str) -> Response:
    """Show the Business Center, what Keyturn reads there, and a button. Changes nothing."""
    invited = await oauth_flow.invitation(session, token)
    platform = services_of(request).platforms.connected(invited.platform)
    agency = await agencies.find(session, invited.agency_id)
    language.prefer(request, link=None, agency=agency.language)
    if not await oauth_flow.is_possible(session, services_of(request).platforms, agency.id, platform.key):
        return _app_missing(request, platform.name, agency.name)
    return render.page(
        request, "dashboard:connect/invitation.html", form_to=(platform.consent_origin,), platform=platform.name,
        account=declarations.texts(platform.key).account.noun,        agency=agency, until=invited.expires_at,
        form_token=forms.token(request),
    )  # fmt: skip


@router.post(f"{PATH}/{{token}}", dependencies=[forms.OPEN_TO_ALL])
async def connect(request: Request, session: Session, token: str) -> Response:
    """Redirect to the platform; the cookie binds the callback to this browser."""
    services = services_of(request)
    try:
        consent, cookie = await oauth_flow.start_for_agency(session, services.platforms, services.keyring, token=token)
    except AppMissing:
        return render.see_other(request, f"{PATH}/{token}")  # that page explains it
    answer = render.see_other(request, consent)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=LIFETIME,
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=services.secure_cookies,
    )
    return answer


def _app_missing(request: Request, platform: str, agency: str) -> Response:
    """The page for an app that is not set, or was removed since the invitation."""
    return render.page(request, "dashboard:connect/app_missing.html", status=409, platform=platform, agency=agency)


async def _failure_reason(request: Request, agency_id: str) -> str:
    """Reason of the last failed authorization, from the agency's newest event."""
    async with reading(services_of(request).sessions) as session:
        last = await events.newest(session, agency_id, limit=1, wanted=EventFilter(types=(CONNECTION_FAILED.name,)))
    return str(last[0].facts.get("reason") or "") if last else ""


async def _agency_accounts(request: Request, agency_id: str, platform: str) -> dict[str, Any]:
    async with reading(services_of(request).sessions) as session:
        connection = await connections.of_agency(session, agency_id, platform)
        if connection is None:
            return {}
        seen = connections.discovered(connection).accounts
        named = await agencies.accounts(session, agency_id, platform)
    known = {center.account_id for center in seen if center.usable}
    return {
        "person": connection.person,
        "account": declarations.texts(platform).account.noun,
        "centers": [(each, None if each.usable else _UNUSABLE.get(each.problem or "", _UNUSABLE_NOW)) for each in seen],
        "missing": [center for center in named if center.account_id not in known],
    }
