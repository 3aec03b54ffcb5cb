"""Actions under blockers: pressing what the page offers leads to the end, for every code of the client's turn."""

import os
import re
from dataclasses import dataclass
from html import unescape

import httpx2
import pytest
from sqlalchemy import func, update

from app.access.connections.models import Connection
from app.client_portal import status_texts
from app.client_portal.status_texts import Case, Held
from app.kit.i18n.locales import english
from app.links.models import AccessRequest
from app.platforms.blockers import BLOCKERS
from app.platforms.tiktok.kinds import KINDS
from simulator.seed import ANA_CLIENT, BRAND_DE, LUNE_EU, MAISON_LUNE, PIXEL_LUNE_APP, PIXEL_LUNE_APP_CODE
from tests.client_portal.walk import SAME_ORIGIN, Remembered, Walk
from tests.house import House
from tests.prepared import Prepared
from tests.world import PUBLIC_URL

_FORM = re.compile(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_LABEL = re.compile(r"<button[^>]*>\s*(.*?)\s*</button>", re.DOTALL)
#: Every code of the table that makes it the client's turn, with the kind of access it is tried on.
CODES = [
    (code, "pixel" if about.kinds == ("pixel",) else "ad_account")
    for code, about in BLOCKERS.items()
    if about.next_actor == "client" and {"pixel", "ad_account"} & set(about.kinds)
]
LANES: list[tuple[str, Held]] = [("connected", "live"), ("connected", "given_back"), ("guided", "never")]
#: Every code in every lane in `make test-worlds`; else every code in one of the lanes, in turn.
SCENES = [
    (*code, *lane)
    for number, code in enumerate(CODES)
    for place, lane in enumerate(LANES)
    if "KEYTURN_TEST_WORLDS" in os.environ or number % len(LANES) == place
]


@dataclass
class Scene:
    """A client who agreed to one access, which then meets a blocker."""

    walk: Walk
    house: House
    kind: str
    lane: str

    async def begin(self, prepared: Prepared, code: str, held: Held) -> None:
        """The client agreed; what is in the way stands in the row, as a look would have written it."""
        house, corner = self.house, self.walk.corner
        mistyped = code == "asset_shared_elsewhere" and self.lane == "guided"
        given = BRAND_DE if mistyped else MAISON_LUNE
        self.walk.remember(await prepared.reach(("actions", self.kind, self.lane, given), lambda: self.agree(given)))
        if mistyped:
            await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU)
        if code.startswith("role_"):
            await house.tiktok.share_by_hand(
                MAISON_LUNE, LUNE_EU, role="ADMIN" if code.startswith("role_higher") else "ANALYST"
            )
        async with house.tools.sessions.begin() as session:
            mine = (
                (AccessRequest.agency_id == corner.agency_id)
                & (AccessRequest.link_id == corner.link_id)
                & (AccessRequest.kind == self.kind)
            )
            seen = {"role_higher_than_requested": "ADMIN", "role_too_low": "ANALYST"}.get(code)
            blocked = {"status": "blocked", "code": code, "next_actor": "client", "role_seen": seen}
            blocked |= {"shared_from_account_id": MAISON_LUNE} if mistyped else {}
            await session.execute(update(AccessRequest).where(mine).values(**blocked))
            if held == "given_back":
                theirs = (Connection.agency_id == corner.agency_id) & (Connection.side == "client")
                gone = {"status": "revoked", "token_encrypted": None, "due_at": None, "ended_at": func.now()}
                await session.execute(update(Connection).where(theirs).values(**gone))

    async def agree(self, account_id: str) -> Remembered:
        """From the link to the yes: what the browser keeps."""
        house, corner = self.house, self.walk.corner
        await house.connect_agency(corner)
        await self.walk.start()
        if self.kind == "pixel":
            await house.ask_for(corner, "pixel", "LINK")
        if self.lane == "connected":
            await self.travel(await self.walk.send("connection"))
        pixels = [(PIXEL_LUNE_APP_CODE, LUNE_EU)] if self.kind == "pixel" else []
        await house.agree(corner, LUNE_EU, lane=self.lane, account_id=account_id, pixels=pixels)
        return self.walk.remembered()

    async def press(self, page: str, label: str) -> httpx2.Response:
        """The button with these words, without JavaScript."""
        for action, inside in _FORM.findall(page):
            found = _LABEL.search(inside)
            if found and unescape(found[1]) == label:
                data = {name: unescape(value) for name, value in _HIDDEN.findall(inside)}
                return await self.walk.browser.post(action, data=data, headers=SAME_ORIGIN)
        raise AssertionError(f"no button {label!r} on the page")

    async def travel(self, out: httpx2.Response) -> None:
        """To TikTok as the Admin, and back."""
        query = await self.house.tiktok.consent(out.headers["location"], ANA_CLIENT)
        back = await self.walk.browser.get("/callbacks/tiktok", params=query)
        await self.walk.browser.get(back.headers["location"].removeprefix(PUBLIC_URL))

    async def do_by_hand(self) -> None:
        """Follow the sentence or the steps, in TikTok's own pages."""
        await self.house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
        await self.house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, role="OPERATOR")
        if self.kind == "pixel":
            await self.house.tiktok.link_pixel_by_hand(PIXEL_LUNE_APP, LUNE_EU)

    async def is_verified(self) -> bool:
        """True if all is verified after some rounds."""
        for _ in range(4):
            await self.house.work(1)
            if {status for status, _ in await self.house.statuses(self.walk.corner)} == {"verified"}:
                return True
        return False

    async def choose_again(self, screen: str) -> None:
        """Through the screens from another choice to the yes."""
        if screen == "account":
            await self.walk.send("account", account_id=MAISON_LUNE)
        pixels = [PIXEL_LUNE_APP_CODE] if self.kind == "pixel" else []
        await self.walk.send("assets", ad_account=[LUNE_EU], pixel=pixels)
        await self.walk.answer("about")
        await self.walk.agree()


@pytest.mark.parametrize(("code", "kind", "lane", "held"), SCENES)
async def test_what_is_offered_leads_to_the_end(
    walk: Walk, house: House, prepared: Prepared, code: str, kind: str, lane: str, held: Held
) -> None:
    scene = Scene(walk, house, kind, lane)
    await scene.begin(prepared, code, held)
    offered = status_texts.of_code(code, Case(KINDS[kind], lane, held))
    page = (await walk.see("progress")).text
    label = (
        "Done — check now"
        if offered.does == "check" and "Done — check now" in page
        else english(offered.label.fill(platform="TikTok") if offered.label else "")
    )
    assert label
    if offered.does == "check" and lane == "guided":
        await scene.do_by_hand()
    elif offered.does == "check" and code == "role_too_low":
        await house.tiktok.change_role_by_hand(MAISON_LUNE, LUNE_EU, role="OPERATOR")
    pressed = await scene.press(page, label)
    assert pressed.status_code == 303, pressed.text
    if offered.does == "change":
        await scene.choose_again(offered.screen)
    if not pressed.headers["location"].startswith("/"):
        await scene.travel(pressed)
    elif offered.does == "by_hand" or (lane == "guided" and offered.does == "change"):
        await scene.do_by_hand()
        await scene.press((await walk.see("progress")).text, "Done — check now")
    verified = await scene.is_verified()
    if not verified and held == "given_back":
        page = (await walk.see("progress")).text  # agreed to again: it asks to connect at that moment
        connect = next(label for _, inside in _FORM.findall(page) for label in _LABEL.findall(inside)
                       if "/connection" in page and "onnect" in label and "instead" not in label)  # fmt: skip
        await scene.travel(await scene.press(page, unescape(connect)))
        verified = await scene.is_verified()
    assert verified
    assert "You’re all set" in (await walk.see("progress")).text
