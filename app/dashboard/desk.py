"""The frame of every page of the dashboard: navigation and member, and how times and devices are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.dashboard.member_session import ACCOUNT, PATH, CurrentMember
from app.kit import clock
from app.kit.html import render
from app.kit.i18n.message import Message, _, _n
from app.kit.web.manual import is_built
from app.tenants.members.models import Role

ROLE_NAMES = {"owner": _("Owner"), "manager": _("Manager"), "member": _("Member"), "viewer": _("Viewer")}

_BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS/": "Firefox", "CriOS/": "Chrome",
    "Chrome/": "Chrome", "Safari/": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac", "CrOS": "ChromeOS",
    "Linux": "Linux",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An entry of the navigation, for members of this role or of one that includes it."""

    path: str
    icon: str
    words: Message
    role: Role = "viewer"


PLACES = (
    Place(PATH, "l-pipe", _("Pipeline")),
    Place(f"{PATH}/access", "l-have", _("What you already have")),
    Place(f"{PATH}/public-links", "l-link", _("Public links")),
    Place(f"{PATH}/time-to-access", "l-chart", _("Time to access")),
)  # fmt: skip
#: Shown until a member ends the set-up.
FIRST_STEPS = Place(f"{PATH}/first-steps", "l-check", _("First steps"), "manager")
SET_UP = (
    FIRST_STEPS,
    Place(f"{PATH}/presets", "l-preset", _("Presets")),
    Place(f"{PATH}/platforms", "l-clients", _("Manual platforms")),
    Place(f"{PATH}/team", "l-team", _("Team")),
    Place(f"{PATH}/webhooks", "l-hook", _("Webhooks")),
    Place(f"{PATH}/brand", "l-brand", _("Brand")),
    Place(f"{PATH}/keys", "l-key", _("API keys"), "manager"),
    Place(f"{PATH}/audit", "l-audit", _("Audit"), "manager"),
    Place(f"{PATH}/doctor", "l-doc", _("System check"), "manager"),
)  # fmt: skip


#: Pages that steps of the set-up lead to, and that lead back.
_IN_STEPS = frozenset({f"{PATH}/brand", f"{PATH}/access", f"{PATH}/webhooks"})
#: Page of the manual, and a heading on it, about an entry of the navigation, or about one template.
MANUAL: Mapping[str, str] = {
    PATH: "pipeline.html",
    f"{PATH}/access": "import.html",
    f"{PATH}/time-to-access": "dashboard.html#time-to-access",
    FIRST_STEPS.path: "first-hour.html#first-steps",
    f"{PATH}/presets": "dashboard.html#presets",
    f"{PATH}/public-links": "dashboard.html#public-links",
    f"{PATH}/platforms": "dashboard.html#manual-platforms",
    f"{PATH}/team": "team.html",
    f"{PATH}/webhooks": "webhooks-portal.html",
    f"{PATH}/brand": "dashboard.html#brand",
    f"{PATH}/keys": "cli.html",
    f"{PATH}/audit": "audit.html",
    f"{PATH}/doctor": "first-hour.html#system-check",
    ACCOUNT: "team.html#signing-in",
    "new_link": "new-link.html",
    "find_client": "new-link.html",
    "ready_link": "new-link.html#send-it",
    "bulk_links": "new-link.html#many-at-once",
    "bulk_report": "new-link.html#many-at-once",
    "link": "pipeline.html#one-client",
    "kickoff": "dashboard.html#kickoff",
    "personal_data": "dashboard.html#personal-data-of-a-client",
    "webhooks/events": "webhooks-events.html",
}


def page(request: Request, caller: CurrentMember, name: str, *, here: str, status: int = 200, **shown: Any) -> Response:
    """A page inside the frame; `here` is the path of its entry in the navigation."""
    places, set_up = ([each for each in every if caller.may(each.role)] for every in (PLACES, SET_UP))
    if caller.agency.set_up_ended_at is not None:
        set_up = [each for each in set_up if each is not FIRST_STEPS]
    shown |= {
        "back_to_steps": here in _IN_STEPS and FIRST_STEPS in set_up and request.scope["path"].endswith(here),
        "agency": caller.agency, "member": caller.member, "role": ROLE_NAMES[caller.member.role],
        "form_token": caller.form_token, "here": here, "places": places, "set_up": set_up, "ago": ago,
        "may": caller.may, "manual": MANUAL.get(name) or MANUAL.get(here, "index.html") if is_built() else "",
    }  # fmt: skip
    return render.page(request, f"dashboard:desk/{name}.html", status=status, **shown)


def ago(moment: datetime) -> Message:
    """The time since a moment, in the largest whole unit."""
    minutes = int((clock.now() - moment).total_seconds()) // 60
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _n("{count} min", "{count} min", minutes)
    if minutes < 24 * 60:
        return _n("{count} h", "{count} h", minutes // 60)
    return _n("{count} day", "{count} days", minutes // (24 * 60))


def device(user_agent: str) -> Message:
    """Browser and system of a user agent, in words."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    if browser and system:
        return _("{browser} on {system}", browser=browser, system=system)
    return _("Unknown browser")
