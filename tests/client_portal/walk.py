"""A client's browser without JavaScript: it opens pages, fills in forms, and follows where it is sent."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx2

from simulator import seed
from tests.house import House
from tests.tiktok import ALL
from tests.world import PUBLIC_URL, Corner

_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
#: As browsers send our forms, whose pages have no referrer; and as they send one from a page that has none.
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
WITHOUT_ORIGIN = {"Sec-Fetch-Site": "same-origin"}

#: Short names of TikTok's screens and forms, with their paths under the link.
TIKTOK = {
    name: f"tiktok/{name}"
    for name in (
        "way",
        "lane",
        "connection",
        "account",
        "assets",
        "check",
        "change",
        "reduction",
        "sharing-account",
        "use",
    )
}
#: Answers that lead through every screen of the guided lane, in order.
BY_HAND: dict[str, dict[str, Any]] = {
    "lane": {"lane": "guided"},
    "account": {"account_id": "https://business.tiktok.com/manage/overview?org_id=7111222233334444601"},
    "assets": {"ad_account": "7200000000000000201, 7200000000000000202"},
    "about": {
        "markets": ["FR", "DE"], "approver-name": "Theo Brand", "approver-email": "theo@brand.example",
        "billing-same": "yes", "technical-same": "yes",
    },
}  # fmt: skip


async def press(browser: httpx2.AsyncClient, page: str, to: str = "", **fields: Any) -> httpx2.Response:
    """Opens a page and sends its form, which leads `to` somewhere or to the page itself."""
    text = (await browser.get(page)).text
    if found := _TOKEN.search(text):
        return await browser.post(to or page, data={"form_token": found[1], **fields}, headers=SAME_ORIGIN)
    assert 'method="post"' not in text
    return await browser.post(to or page, data=fields, headers=WITHOUT_ORIGIN)


#: Cookies of a browser, with their domains and paths, and the tokens of its forms.
Remembered = tuple[list[tuple[str, str, str, str]], dict[tuple[str, ...], str]]


@dataclass
class Walk:
    """One browser on one link."""

    browser: httpx2.AsyncClient
    corner: Corner
    #: By the browser's cookies, which the token is made from.
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)
    #: A screen with a form, on a link without TikTok.
    first: str = ""

    @property
    def path(self) -> str:
        """Where the screens lie."""
        return f"/l/{self.corner.link_id}"

    def place(self, name: str) -> str:
        """The path under the link of a screen or a form: those of TikTok have short names here."""
        first, mark, rest = name.partition("?")
        return f"{TIKTOK.get(first, first)}{mark}{rest}"

    async def start(self) -> httpx2.Response:
        """Presses the button of the link's first page: Start, or what stands there later."""
        return await press(self.browser, self.corner.link_path)

    async def see(self, screen: str = "") -> httpx2.Response:
        """Opens a screen."""
        return await self.browser.get(f"{self.path}/{self.place(screen)}".rstrip("/"))

    async def token(self) -> str:
        """The token of this browser's forms, looked up once on a page."""
        cookies = tuple(f"{each.name}={each.value}" for each in self.browser.cookies.jar)
        if cookies not in self.tokens:
            self.tokens[cookies] = await self._token_of_a_page()
        return self.tokens[cookies]

    async def _token_of_a_page(self) -> str:
        for screen in ("way", "others", "progress", self.first):
            if found := _TOKEN.search((await self.see(screen)).text):
                return found[1]
        raise AssertionError("no screen shows a form")

    async def send(self, form: str, /, **fields: Any) -> httpx2.Response:
        """Sends a form as this browser would, after a look at a page unless the form's token is given."""
        data = fields if "form_token" in fields else {"form_token": await self.token(), **fields}
        return await self.browser.post(f"{self.path}/{self.place(form)}", data=data, headers=SAME_ORIGIN)

    async def sent_back(self, form: str, /, **fields: Any) -> str:
        """Sends a form that cannot be saved; what its screen shows then."""
        assert self.goes_to(await self.send(form, **fields)) == form
        page = (await self.see(form)).text
        assert "Please check" in page
        return page

    async def answer(self, *screens: str) -> None:
        """Goes through screens of the guided lane, as far as named, or through all."""
        for screen in screens or BY_HAND:
            sent = await self.send(screen, **BY_HAND[screen])
            assert sent.status_code == 303, (screen, sent.text)

    async def agree(self, **changed: Any) -> httpx2.Response:
        """Signs and sends the review."""
        return await self.send("review", **{**await self.consent(), **changed})

    async def consent(self) -> dict[str, str]:
        """The fields of the review, signed."""
        mark = re.search(r'name="mark"\s+value="([0-9a-f]{64})"', (await self.see("review")).text)
        assert mark
        return {"mark": mark[1], "name": "Theo Brand"}

    def remembered(self) -> Remembered:
        """The cookies and form tokens of this browser."""
        cookies = [(each.name, each.value or "", each.domain, each.path) for each in self.browser.cookies.jar]
        return cookies, dict(self.tokens)

    def remember(self, kept: Remembered) -> None:
        """Have what a browser kept that went the same way."""
        self.browser.cookies.clear()
        cookies, self.tokens = kept
        for name, value, domain, path in cookies:
            self.browser.cookies.set(name, value, domain=domain, path=path)

    def goes_to(self, answer: httpx2.Response) -> str:
        """The screen a 303 leads to, by its short name."""
        assert answer.status_code == 303, answer.text
        first, mark, rest = str(answer.headers["location"]).removeprefix(f"{self.path}/").partition("?")
        short = {place: name for name, place in TIKTOK.items()}
        return f"{short.get(first, first)}{mark}{rest}"


async def trip(
    walk: Walk, house: House, person: str = seed.ANA_CLIENT, *, ticked: object = ALL, cancel: bool = False
) -> httpx2.Response:
    """There and back: what the link's own host answers to the way back."""
    out = await walk.send("connection")
    assert out.status_code == 303
    query = await house.tiktok.consent(out.headers["location"], person, ticked=ticked, cancel=cancel)
    back = await walk.browser.get("/callbacks/tiktok", params=query)
    assert back.status_code == 303
    return await walk.browser.get(back.headers["location"].removeprefix(PUBLIC_URL))
