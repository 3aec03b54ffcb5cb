"""A demo whose onboardings are done, and Debian's Chromium, in which a member of its agency is signed in."""

import asyncio
import shlex
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright
from sqlalchemy import func, select, update

from app.kit.database import CROSS_TENANT, Sessions, make_engine, make_sessions
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession
from demo import start
from demo.start import Ports
from demo.walk.walk import walk
from demo.world import Demo
from tests.browser.look import complaints

#: Password of the members that `joined` signs in.
PASSWORD = "plum harbor violet anchor"
#: Opens a page of the dashboard in a new browser, as a new member with this role.
Joined = Callable[[str], Awaitable[Page]]
_number = count(1)


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Running until the tests have ended, with links at every stage, in English and the pseudo-locale."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="keyturn-browser-") as folder,
    ):
        patch.setenv("KEYTURN_PSEUDO_LOCALE", "true")
        with start.running(Path(folder), Ports(0, 0, 0), lambda _line: None, durable=False) as (made, _):
            asyncio.run(walk(made, lambda _line: None, approve=False))
            headers = {"Authorization": f"Bearer {made.api_key}"}
            with httpx2.Client(base_url=f"{made.addresses.web}/api/v1", headers=headers) as api:
                for name in ("Kōen Tea", "<b>Grün & Gut</b>"):
                    client = {"name": name, "contact_email": "a@b.example"}
                    api.post("/links", json={"client": client}).raise_for_status()
            yield made


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser."""
    path = shutil.which("chromium")
    assert path, "chromium is missing: apt-get install chromium"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        await launched.close()


@pytest.fixture(scope="session")
async def signed_in(chromium: Browser, demo: Demo) -> StorageState:
    """The cookies of a browser in which Nora North is signed in: the one-time address of the demo, and one click."""
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(demo.desk_address)
    await page.get_by_role("button", name="Continue as Nora North").click()
    await page.wait_for_url(f"{demo.addresses.web}/desk")
    state = await context.storage_state()
    await context.close()
    return state


@pytest.fixture
def database_url(demo: Demo) -> str:
    """The address of the demo's database."""
    lines = Path(demo.env).read_text().splitlines()
    return next(shlex.split(line)[1].partition("=")[2] for line in lines if line.startswith("export DATABASE_URL="))


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    """The demo's database."""
    engine = make_engine(database_url)
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def api(demo: Demo) -> AsyncIterator[httpx2.AsyncClient]:
    """The demo's API, with the key of its agency."""
    headers = {"Authorization": f"Bearer {demo.api_key}"}
    async with httpx2.AsyncClient(base_url=f"{demo.addresses.web}/api/v1", headers=headers) as client:
        yield client


@pytest.fixture
async def joined(chromium: Browser, api: httpx2.AsyncClient) -> AsyncIterator[Joined]:
    """New members of the demo's agency, on a phone; their consoles have to stay silent."""
    contexts: list[BrowserContext] = []
    kept: list[list[str]] = []

    async def join(role: str) -> Page:
        number = next(_number)
        asked = {"email": f"{role}-{number}@north.example", "role": role}
        invited = (await api.post("/members/invitations", json=asked)).raise_for_status().json()
        contexts.append(await chromium.new_context(viewport={"width": 390, "height": 844}))
        page = await contexts[-1].new_page()
        kept.append(complaints(page))
        await page.goto(invited["address"])
        await page.get_by_label("Your name").fill(f"Robin {role.title()} {number}")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Join with a password").click()
        await page.get_by_role("heading", level=1).wait_for()
        return page

    yield join
    for each in contexts:
        await each.close()
    assert [line for lines in kept for line in lines] == []


async def forget_the_proof(sessions: Sessions, page: Page) -> None:
    """The member who is signed in on a page proved a while ago who they are."""
    of = select(Member.id).where(Member.name == await page.locator(".me b").inner_text())
    long_ago = func.now() - members.AUTHENTICATED_FOR
    async with sessions.begin() as session:
        aged = update(MemberSession).where(MemberSession.member_id.in_(of)).values(authenticated_at=long_ago)
        await session.execute(aged, execution_options=CROSS_TENANT)
