"""The manual: no broken link in it or to it, nothing on its pages that their policy refuses, and how it is served."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from app import routes
from app.dashboard import desk
from app.kit.web import manual
from app.kit.web.manual import ManualFiles
from docs import pictures
from tests.dashboard.conftest import SignIn
from tests.dashboard.conftest import sign_in as sign_in

ROOT = Path(__file__).parents[1]


class _Page(HTMLParser):
    """Ids, addresses, and code that stands in the page itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in ("script", "img") or (tag == "link" and given.get("rel") in ("stylesheet", "icon")):
            self.loaded.append(given.get("src") or given.get("href", ""))
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a broken link or a page outside of the navigation is a warning, which fails the build."""
    made = tmp_path_factory.mktemp("manual")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(made / ".doctrees"), "docs"]
    done = subprocess.run([*build, str(made / "site")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return made / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, _Page]:
    """Every page by its path in the site."""
    return {each.relative_to(site).as_posix(): _Page(each) for each in site.rglob("*.html")}


def test_every_link_leads_somewhere_and_nothing_comes_from_elsewhere(site: Path, pages: dict[str, _Page]) -> None:
    assert {"index.html", "first-hour.html", "search.html", "kits/README.html"} <= pages.keys()
    for path, page in pages.items():
        assert page.inline == [], path
        for address in (*page.links, *page.loaded):
            if re.match(r"(?:https?|mailto):", address):
                assert address in page.links, f"{path} loads {address}"
                continue
            name, _, anchor = address.partition("#")
            target = (site / path).parent / name.partition("?")[0] if name else site / path
            assert target.resolve().is_file(), f"{path} links to {address}"
            if anchor and target.suffix == ".html":
                assert anchor in pages[target.resolve().relative_to(site.resolve()).as_posix()].ids, (path, address)


def test_pictures_are_small_described_and_used() -> None:
    """Each one that a page shows is there, and `make screens` renews it."""
    shown: dict[str, str] = {}
    for page in (ROOT / "docs").rglob("*.md"):
        for words, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8")):
            place = page.parent / path
            assert place.is_file(), f"{page.name} shows {path}"
            shown[place.name] = words
    known = {place.name: place.stat().st_size for place in pictures.FOLDER.iterdir()}
    assert set(shown) == set(known) == {f"{name}.webp" for name in (*pictures.CLIENT, *pictures.DASHBOARD)}
    assert max(known.values()) <= pictures.MOST_BYTES
    assert all(len(words.split()) > 4 for words in shown.values())


def test_pages_of_the_dashboard_lead_to_pages_of_the_manual(pages: dict[str, _Page]) -> None:
    known = {each.path for each in routes.served("pages") if isinstance(each, Route)}
    templates = ROOT / "app/dashboard/templates/desk"
    for about, address in desk.MANUAL.items():
        assert about in known or (templates / f"{about}.html").is_file(), about
        path, _, anchor = address.partition("#")
        assert path in pages, address
        assert not anchor or anchor in pages[path].ids, address


async def test_its_pages_are_served_under_a_strict_policy(site: Path) -> None:
    served = Starlette(routes=[Mount("/manual", ManualFiles(directory=site))])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(served), base_url="http://x.example") as browser:
        page = await browser.get("/manual/first-hour.html")
        assert "The first hour" in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert (await browser.get("/manual/searchindex.js")).status_code == 200
        assert (await browser.get("/manual/../app/main.py")).status_code == 404
        assert (await browser.get("/manual/%2e%2e/%2e%2e/etc/passwd")).status_code == 404


async def test_pages_name_it_where_it_is_there(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    home, first = (await browser.get("/desk")).text, await browser.get("/manual")
    if manual.is_built():
        assert 'href="/manual/pipeline.html"' in home
        assert first.headers["location"] == "/manual/index.html"
    else:
        assert "/manual/" not in home
        assert first.status_code == 404
        assert "make manual" in first.text
