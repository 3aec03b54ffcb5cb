"""Every parameter of every page of the dashboard with values that no page of ours sends: refused, or without effect."""

import httpx2
from fastapi.routing import APIRoute

from app import routes
from app.dashboard.member_session import COOKIE
from app.kit.database import Sessions
from app.kit.web.paging import pack
from app.kit.web.request_checks import parameter_names
from bench import desk
from tests.dashboard import addresses
from tests.world import World

VALUES = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "-1", "9" * 30, "\ufffe\u202e'\"><b>{{7*7}}%n", "😀" * 40,
    pack("9999-12-31T23:59:59-14:00", "link_01ksy1q3e0fzs8qj5m8g3d4w7s"), pack(10**30, "x"), pack(-1, "x"), "link_x",
)  # fmt: skip


async def test_no_page_fails_whatever_its_address_says(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    cookie, names = await desk.ready(sessions, world.north)
    browser.cookies.set(COOKIE, cookie)
    known = {**names, "session_id": "x", "code": "x", "token": "x", "provider": "x"}
    tried = 0
    for route in routes.served("pages"):
        if not isinstance(route, APIRoute) or route.path not in addresses.of("GET"):
            continue
        path = route.path.format_map(known)
        for name in sorted(set(parameter_names(route.dependant))):
            for value in VALUES:
                answer = await browser.get(path, params={name: value})
                assert answer.status_code < 500, (path, name, value)
                assert "<b>{{" not in answer.text, (path, name)
                tried += 1
    assert tried > 300
