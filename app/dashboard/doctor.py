"""System check: findings about the installation, and about the app and connection of a platform, each with a remedy.

The findings are English sentences for the person who runs the installation, as `keyturn doctor` prints them.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from app import VERSION
from app.access.diagnostics import limits, service
from app.dashboard import desk
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import Manager
from app.dashboard.turns import Label
from app.kit.errors import NotFound
from app.kit.html import forms
from app.kit.i18n.message import _
from app.platforms import declarations
from app.platforms.resources import State
from app.services import services_of

router = forms.page_router()
PATH = f"{DESK}/doctor"
LABELS: Mapping[State, Label] = {
    "pass": Label("verified", _("Works"), "good"),
    "limited": Label("you", _("Check this"), "wait"),
    "fail": Label("blocked", _("Does not work"), "bad"),
    "cannot_tell": Label("unverifiable", _("Unknown"), "off"),
}
#: A word of prose at the beginning.
_WORD = re.compile(r"[a-z]+[,;:]?\s")
#: The most urgent first.
_ORDER: tuple[State, ...] = ("fail", "limited", "cannot_tell", "pass")


@router.get(PATH)
async def doctor(request: Request, caller: Manager, platform: Annotated[str, Query(max_length=32)] = "") -> Response:
    """Check the installation, and one platform where it is named: with a few read-only calls to it."""
    services = services_of(request)
    if platform and not services.platforms.has_api(platform):
        raise NotFound
    await limits.count_check(services.sessions, caller.agency_id)
    findings = sorted(await services.check_installation(caller.agency_id), key=lambda each: _ORDER.index(each.status))
    health = None
    if platform:
        health = await service.of_agency(
            services.sessions, services.platforms, services.keyring, agency_id=caller.agency_id, platform_key=platform
        )
    found = sorted(health.findings, key=lambda each: _ORDER.index(each.status)) if health else []
    return desk.page(
        request, caller, "doctor", here=PATH, version=VERSION, findings=findings, labels=LABELS, chosen=platform,
        sentence=sentence, health=health, found=found,
        failed=sum(each.status == "fail" for each in (*findings, *found)),
        platforms=[(each.key, each.name, declarations.of(each.key).support) for each in services.platforms.with_api],
    )  # fmt: skip


def sentence(words: str) -> str:
    """The words of a finding as a sentence of their own; a host, an address or a number stays as it is written."""
    return f"{words[0].upper()}{words[1:]}" if _WORD.match(words) else words
