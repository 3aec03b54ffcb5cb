"""Every address of the dashboard, known or added later: nobody reaches it, and no form from elsewhere does anything."""

import re

import httpx2
import pytest
from sqlalchemy import update

from app.dashboard.member_session import PATH, SIGN_IN
from app.kit.database import Sessions
from app.tenants.members import service as members
from app.tenants.members.models import ROLES, MemberSession, Role
from bench import desk
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard import addresses
from tests.dashboard.conftest import SignIn
from tests.world import World


def _addresses(method: str) -> list[str]:
    """Their parameters have a value that nothing has."""
    return [
        re.sub(r"\{(\w+)[^}]*\}", lambda name: f"{name[1].removesuffix('_id')}_01ksy1q3e0fzs8qj5m8g3d4w7s", path)
        for path in addresses.of(method)
    ]


GETS, POSTS = _addresses("GET"), _addresses("POST")
#: The least role for forms and for pages, by the first of these that their path begins with. A new form takes a
#: manager, and a new page shows itself to viewers, until it has a line here.
FORMS: tuple[tuple[str, Role], ...] = (
    ("team/[^/]+/second-factor/end", "owner"),
    ("links/[^/]+/(revocation|personal-data|access-requests/[^/]+/removal)", "manager"),
    ("sign-out|account/|links/[^/]+/preview", "viewer"),
    ("links/|presets/|public-links/|access/(imports|partners/)", "member"),
    ("", "manager"),
)
PAGES: tuple[tuple[str, Role], ...] = (
    ("audit|keys|doctor|first-steps|webhooks/new|webhooks/[^/]+/deletion|brand/domains/.+", "manager"),
    ("access/connection/end", "manager"),
    ("links/[^/]+/personal-data|platforms/own/(new|[^/]+/archival)|access/grants/[^/]+/removal", "manager"),
    ("links/(csv|new|[^/]+/ready)|presets/(new|[^/]+/archival)|public-links/(new|[^/]+/address)", "member"),
    ("", "viewer"),
)
#: Forms before which the member proves once more who it is.
DANGEROUS = re.compile(
    r"(access/grants|brand/(?:accounts|domains)|links/[^/]+/access-requests)/[^/]+/removal$"
    r"|links/[^/]+/(revocation|personal-data)$"
    r"|account/(password/new|second-factor)|account/passkeys($|/new|/[^/]+/removal)|keys/"
    r"|access/connection/end|team/(?!invitations/)|webhooks/[^/]+/(deletion|secret)"
)
#: Buttons of the client's page in its preview: they show the preview again, and change nothing.
CHANGES_NOTHING = re.compile(r"/preview(?:/|$)")


def test_there_are_addresses_to_try() -> None:
    assert PATH in GETS
    assert len(GETS) > 15
    assert len(POSTS) > 25
    assert not any(_addresses(method) for method in ("PUT", "PATCH", "DELETE"))


async def test_nobody_is_let_in_and_all_are_led_to_the_sign_in(browser: httpx2.AsyncClient) -> None:
    for path in GETS:
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, SIGN_IN), path
    for path in POSTS:
        answer = await browser.post(path, data={"form_token": "0" * 64}, headers=SAME_ORIGIN)
        assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN), path


async def test_no_form_works_with_the_token_of_another_browser(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    for path in (each for each in POSTS if not CHANGES_NOTHING.search(each)):
        refused = await browser.post(path, data={"form_token": "0" * 64}, headers=SAME_ORIGIN)
        assert refused.status_code == 403, path


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_no_form_works_from_another_site(
    browser: httpx2.AsyncClient, sign_in: SignIn, headers: dict[str, str]
) -> None:
    await sign_in()
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(PATH)).text)
    assert token
    for path in POSTS:
        refused = await browser.post(path, data={"form_token": token[1]}, headers=headers)
        assert refused.status_code == 403, path


def _least(path: str, roles: tuple[tuple[str, Role], ...]) -> Role:
    return next(role for start, role in roles if re.match(start, path.removeprefix(f"{PATH}/")))


async def test_each_role_is_kept_from_what_is_above_it(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    """By the address alone: whether the page offers the button does not matter."""
    for role in ROLES[1:]:
        await sign_in(role)
        token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(f"{PATH}/account")).text)
        assert token
        above = [path for path in POSTS if not members.may(role, _least(path, FORMS))]
        assert above
        for path in above:
            refused = await browser.post(path, data={"form_token": token[1]}, headers=SAME_ORIGIN)
            assert refused.status_code == 403, (role, path)
            assert "Your role does not allow this." in refused.text, (role, path)
        for path in GETS:
            is_refused = (await browser.get(path)).status_code == 403
            assert is_refused != members.may(role, _least(path, PAGES)), (role, path)


async def test_dangerous_acts_ask_again_who_it_is(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    """In a browser that was left open. Others go on."""
    await sign_in()
    async with sessions.begin() as session:
        rows = update(MemberSession).where(MemberSession.agency_id == world.north.agency_id)
        await session.execute(rows.values(authenticated_at=MemberSession.authenticated_at - members.AUTHENTICATED_FOR))
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(f"{PATH}/account")).text)
    assert token
    for path in (each for each in POSTS if each != f"{PATH}/sign-out"):
        answer = await browser.post(path, data={"form_token": token[1]}, headers=SAME_ORIGIN)
        asks = answer.status_code == 403 and "Confirm that it’s you" in answer.text
        assert asks == bool(DANGEROUS.match(path.removeprefix(f"{PATH}/"))), path


async def test_what_is_not_there_is_not_found(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    for path in (each for each in GETS if "_01ksy1q3e0fzs8qj5m8g3d4w7s" in each):
        assert (await browser.get(path)).status_code in (303, 404, 422), path


async def test_no_answer_is_kept_or_framed(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    """Of any page, and of what is said instead of it."""
    await sign_in()
    for path in GETS:
        headers = (await browser.get(path)).headers
        assert headers["cache-control"] == "no-store", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path


async def test_make_bench_desk_knows_every_page(sessions: Sessions, world: World) -> None:
    """Each page can be opened with what the bench gives its agency."""
    cookie, names = await desk.ready(sessions, world.north)
    assert cookie
    assert len([path.format_map(names) for path in desk.addresses()]) > len(desk.STATES) > 5
