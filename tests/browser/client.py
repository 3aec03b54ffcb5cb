"""A client on the way through a link in Chromium, by what every language has in common: names of fields, one button.

Counts what the way asks of a person. One's own pages are the screens; what is pressed and typed at TikTok counts too.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from playwright.async_api import Page

from tests.browser.brands import Brand

Lane = Literal["connected", "guided"]
LANES: tuple[Lane, ...] = get_args(Lane)


@dataclass(frozen=True)
class Person:
    """A client: the name to sign in with at TikTok, and what they type where a field is empty."""

    name: str
    typed: Mapping[str, str]

    @classmethod
    def of(cls, brand: Brand) -> "Person":
        """The person of a brand of a test."""
        typed = {
            "account_id": brand.center_id, "ad_account": brand.account_id, "markets": "FR", "approver-name": "Eva",
            "approver-email": "eva@brand.example", "name": "Eva Brand",
        }  # fmt: skip
        return cls(brand.name, typed)


#: Most that a way may ask: screens of ours, taps, typed fields and words (the design's figures; by hand without steps).
BUDGET: Mapping[Lane, tuple[int, int, int, int]] = {"connected": (6, 10, 1, 700), "guided": (7, 10, 3, 900)}
#: The one button at the foot of each screen.
NEXT = ".bar button"
_RESULT = ("progress", "receipt")
_READ = """() => {
    const gone = [...document.querySelectorAll(".skip")]
    gone.forEach(each => each.remove())
    return document.body.innerText
}"""


@dataclass(frozen=True)
class Screen:
    """A page of ours as it was seen, without what is folded."""

    name: str
    text: str

    @property
    def words(self) -> int:
        """Words on it; two Chinese characters count as one."""
        chinese = len(re.findall(r"[\u4e00-\u9fff]", self.text))
        return len(re.findall(r"[^\W\u4e00-\u9fff]+(?:[’'.@-][^\W\u4e00-\u9fff]+)*", self.text)) + chinese // 2


@dataclass
class Count:
    """What a way asked of a person."""

    screens: list[Screen] = field(default_factory=list)
    taps: int = 0
    typed: int = 0

    @property
    def asked(self) -> tuple[int, int, int, int]:
        """Screens, taps, typed fields and words."""
        return len(self.screens), self.taps, self.typed, sum(each.words for each in self.screens)

    def fits(self, lane: Lane) -> bool:
        """True if nothing is beyond the budget of the lane."""
        return all(found <= most for found, most in zip(self.asked, BUDGET[lane], strict=True))


class ClientsWay:
    """One person on one page, which is at the beginning of a link."""

    def __init__(self, page: Page, lane: Lane, person: Person) -> None:
        self.page = page
        self.count = Count()
        self._lane = lane
        self._person = person

    @property
    def screen(self) -> str:
        """The name of the screen that is open."""
        return self.page.url.partition("?")[0].rstrip("/").rpartition("/")[2]

    async def tap(self, selector: str) -> None:
        """Press one thing that leads to a page."""
        async with self.page.expect_navigation():
            await self.page.locator(selector).click()
        self.count.taps += 1

    async def begin(self) -> None:
        """Leave the first page, over TikTok in the connected lane."""
        button = f'button[name="lane"][value="{self._lane}"]'
        await self.tap(button if await self.page.locator(button).count() else NEXT)
        if self._lane == "connected":
            await self.at_tiktok(self._person.name)

    async def at_tiktok(self, name: str) -> None:
        """Sign in as somebody and agree at TikTok."""
        for button in (name, "Authorize"):
            async with self.page.expect_navigation():
                await self.page.get_by_role("button", name=button).click()
        self.count.taps += 2

    async def fill(self) -> None:
        """Answer what the screen requires and nobody has answered yet."""
        for name, value in self._person.typed.items():
            box = self.page.locator(f'input[name="{name}"], textarea[name="{name}"]')
            if not await box.count():
                continue
            if await box.first.get_attribute("type") in ("checkbox", "radio"):
                if not await self.page.locator(f'input[name="{name}"]:checked').count():
                    await self.page.locator(f'input[name="{name}"][value="{value}"]').check()
                    self.count.taps += 1
            elif not await box.first.input_value():
                await box.first.fill(value)
                self.count.typed += 1

    async def through(self, look: Callable[["ClientsWay"], Awaitable[None]] | None = None) -> None:
        """Go on to the result; `look` is called on each screen."""
        for _ in range(12):
            await self.seen()
            if look:
                await look(self)
            if self.screen in _RESULT:
                return
            before = self.page.url
            await self.fill()
            await self.tap(NEXT)
            assert self.page.url != before, await self.page.locator("main").inner_text()
        raise AssertionError(f"it never ends: {[each.name for each in self.count.screens]}")

    async def seen(self) -> None:
        """Count the screen that is open."""
        self.count.screens.append(Screen(self.screen, await self.page.evaluate(_READ)))
