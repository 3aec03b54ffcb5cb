"""The consent page of the authorization portal: API.md 2.1 and 2.2."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from simulator.models import App
from simulator.pages.rendering import page
from simulator.simulator import Running, Simulator

router = APIRouter()

PERMISSION_NAMES = {
    1: "Everything about ad accounts and Business Centers",
    2: "Everything about campaigns and ads",
    8: "Everything about pixels and events",
    23: "Everything about change logs",
    100: "Read ad account information",
    150: "Read Business Center",
    153: "Business Center asset",
    155: "Business Center partner management",
    156: "Business Center member management",
    230: "Change log",
    800: "Read pixels",
    802: "Pixel level reporting",
}


@router.get("/portal/auth")
def authorize(
    request: Request,
    simulator: Running,
    app_id: str = "",
    state: str = "",
    redirect_uri: str = "",
    person: str = "",
) -> Response:
    """First who is signing in, then what they agree to. Other parameters mean nothing here, as at TikTok."""
    app = simulator.world.apps.get(app_id)
    if refusal := _refusal(request, app, redirect_uri):
        return refusal
    hidden = {"app_id": app_id, "state": state, "redirect_uri": redirect_uri}
    visitor = simulator.world.persons.get(person)
    context: dict[str, object] = {"app": app, "hidden": hidden}
    if visitor is None:
        return page(request, "sign_in.html", {**context, "persons": _persons(simulator)})
    permissions = [PERMISSION_NAMES.get(number, str(number)) for number in app.permissions] if app else []
    accounts = simulator.world.reachable_ad_accounts(visitor.person_id).values()
    return page(
        request,
        "consent.html",
        {**context, "person": visitor, "permissions": permissions, "accounts": accounts},
    )


@router.post("/portal/auth")
def decide(
    request: Request,
    simulator: Running,
    app_id: Annotated[str, Form()],
    redirect_uri: Annotated[str, Form()],
    person: Annotated[str, Form()],
    decision: Annotated[Literal["authorize", "cancel"], Form()],
    state: Annotated[str, Form()] = "",
    advertiser_ids: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Back to the app: with a code, or on refusal with nothing but the state."""
    app = simulator.world.apps.get(app_id)
    if refusal := _refusal(request, app, redirect_uri):
        return refusal
    if decision == "cancel" or person not in simulator.world.persons:
        return _back(redirect_uri, {"state": state})
    consent = simulator.world.consent(app_id, person, advertiser_ids or ())
    code = simulator.world.issue_code(consent, simulator.clock())
    return _back(redirect_uri, {"auth_code": code, "code": code, "state": state})


def _refusal(request: Request, app: App | None, redirect_uri: str) -> Response | None:
    if app is None:
        return page(request, "refused.html", {"problem": "Invalid app"}, 400)
    if redirect_uri not in app.redirect_uris:
        return page(request, "refused.html", {"problem": "Invalid redirect URI"}, 400)
    return None


def _back(redirect_uri: str, query: dict[str, str]) -> Response:
    sent = urlencode({name: value for name, value in query.items() if value})
    return RedirectResponse(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{sent}", 303)


def _persons(simulator: Simulator) -> list[dict[str, object]]:
    centers = simulator.world.business_centers.values()
    return [
        {
            "person": person,
            "places": [
                f"{center.name} ({'admin' if center.is_admin(person.person_id) else 'standard member'})"
                for center in centers
                if person.person_id in center.members
            ],
        }
        for person in simulator.world.persons.values()
    ]
