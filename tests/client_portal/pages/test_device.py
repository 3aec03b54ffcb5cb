"""A new device on a link: nothing is shown, changed or signed there before it shows that it is the client's."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.events import catalog
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.throttle import Throttle
from app.links import queries as links
from app.links.models import DeviceCode
from app.mail.rendered_email import RenderedEmail
from app.mail.service import Mail, MailQueue, content_place
from simulator import seed
from tests.client_portal.walk import BY_HAND, SAME_ORIGIN, Walk, trip
from tests.house import House
from tests.world import PUBLIC_URL, World

#: Every address at which the client sees or does something.
SCREENS = (
    "way", "account", "assets", "about", "checklist", "review", "progress", "progress/lines", "tiktok/steps",
    "tiktok/guides", "tiktok/linking", "tiktok/linking/ad/new", "tiktok/linking/result", "receipt", "",
)  # fmt: skip
FORMS = (
    "lane", "connection", "account", "assets", "about", "checklist", "review", "review/answer", "check", "change",
    "reduction", "questions", "tiktok/linking/result",
)  # fmt: skip


@dataclass(frozen=True)
class Post:
    """The e-mails that are owed."""

    sessions: Sessions
    keyring: Keyring
    agency_id: str

    async def letters(self) -> list[tuple[str, RenderedEmail]]:
        """Recipients and texts, oldest first."""
        async with self.sessions() as session:
            rows = select(Mail).where(Mail.agency_id == self.agency_id, Mail.kind == "device_code").order_by(Mail.id)
            mails = (await session.scalars(rows)).all()
        opened = []
        for mail in mails:
            assert mail.content_encrypted
            place = content_place(mail.agency_id, mail.id)
            opened.append(
                (mail.to_email, RenderedEmail.from_json(self.keyring.decrypt(mail.content_encrypted, bound_to=place)))
            )
        return opened

    async def code(self) -> str:
        """The code of the newest."""
        found = re.search(r"^ +(\d{3} \d{3})$", (await self.letters())[-1][1].text, re.MULTILINE)
        assert found
        return found[1]


@pytest.fixture
def post(app: FastAPI, sessions: Sessions, keyring: Keyring, world: World) -> Post:
    """The installation sends e-mails."""
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    return Post(sessions, keyring, world.north.agency_id)


@asynccontextmanager
async def device(app: FastAPI, world: World) -> AsyncIterator[Walk]:
    """Another browser with the same link, in front of which Start was pressed."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as browser:
        walk = Walk(browser, world.north)
        assert (await walk.start()).status_code == 303
        yield walk


async def send(walk: Walk, form: str = "", **fields: str) -> httpx2.Response:
    """Sends a form of the screen for new devices."""
    page = (await walk.see("device")).text
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert token, page
    data = {"form_token": token[1], **fields}
    return await walk.browser.post(f"{walk.path}/device{form}", data=data, headers=SAME_ORIGIN)


def wrong(code: str) -> str:
    """Another one."""
    return f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06}"


async def saved(walk: Walk, what: str, house: House) -> None:
    """The client saves something personal, as early as can be."""
    await walk.start()
    if what == "connection":
        await trip(walk, house, seed.TWO_BRANDS_THEO)
    else:
        await walk.answer("lane", "account", "assets", "about")
    if what == "consent":
        await walk.agree()


@pytest.mark.parametrize("what", ["connection", "contacts", "consent"])
async def test_nothing_is_shown_or_changed_on_a_new_device(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World, what: str
) -> None:
    await saved(walk, what, house)
    token = await walk.token()
    async with device(app, world) as other:
        for screen in SCREENS:
            answer = await other.see(screen)
            assert other.goes_to(answer) == "device", screen
            assert answer.text == ""
        page = (await other.see("device")).text
        for hidden in ("theo@brand.example", "Theo Brand", "ana@maisonlune.example", "7111222233334444601"):
            assert hidden not in page
        before = await _facts(house, world)
        for form in FORMS:
            for sent in (token, await _own_token(other)):
                answer = await other.browser.post(
                    f"{other.path}/{other.place(form)}", data={"form_token": sent, "lane": "guided"}
                )
                assert other.goes_to(answer) == "device", form
        assert await _facts(house, world) == before
    assert (await walk.see("progress" if what == "consent" else "way")).status_code == 200, "the first goes on"


async def _own_token(walk: Walk) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await walk.see("device")).text)
    assert found
    return found[1]


async def _facts(house: House, world: World) -> object:
    async with house.tools.sessions() as session:
        aggregate = await links.load_link(session, world.north.agency_id, world.north.link_id)
        return aggregate.event_data(catalog.LINK_OPENED), aggregate.on("tiktok").lane, aggregate.intake.updated_at


async def test_before_something_personal_is_saved_any_browser_goes_on(
    app: FastAPI, walk: Walk, post: Post, world: World
) -> None:
    await walk.start()
    await walk.answer("lane", "account")
    async with device(app, world) as other:
        assert other.goes_to(await other.see()) == "assets"


async def test_having_opened_the_link_early_opens_nothing_later(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World
) -> None:
    """A browser that had the link open before the client began is still a new device."""
    async with device(app, world) as early:
        await early.answer("lane")
        await saved(walk, "contacts", house)
        assert early.goes_to(await early.see("about")) == "device"


async def test_of_two_that_save_at_once_one_is_the_clients(app: FastAPI, walk: Walk, post: Post, world: World) -> None:
    await walk.start()
    await walk.answer("lane", "account", "assets")
    async with device(app, world) as other:
        tokens = [await walk.token(), await other.token()]
        answers = await asyncio.gather(
            *(
                each.browser.post(f"{each.path}/about", data={"form_token": token, **BY_HAND["about"]})
                for each, token in zip((walk, other), tokens, strict=True)
            )
        )
        assert sorted(walk.goes_to(answer) for answer in answers) == ["device", "review"]


async def test_the_right_code_lets_one_browser_in(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World
) -> None:
    await saved(walk, "connection", house)
    async with device(app, world) as other, device(app, world) as third:
        assert other.goes_to(await send(other, address="invited")) == "device"
        ((to, letter),) = await post.letters()
        assert to == "ana@maisonlune.example"
        code = await post.code()
        for said in (code, "North Agency", "Maison Lune", "not give the code to anyone"):
            assert said in letter.text
            assert said in letter.html
        assert code not in letter.subject
        page = (await other.see("device")).text
        for part in ('inputmode="numeric"', 'autocomplete="one-time-code"', "a•••@m•••.example"):
            assert part in page
        assert code not in page
        assert third.goes_to(await send(third, "/code", code=code)) == "device?problem=over"
        assert other.goes_to(await send(other, "/code", code=f" {code} ")) == other.path
        page = (await other.see("way")).text
        assert "Continue as Theo Two Brands" in page, "after the code the connection serves this browser, too"
        assert third.goes_to(await third.see("way")) == "device"
    assert (await house.events(world.north)).count("link.device_verified") == 1


async def test_a_code_ends_when_its_address_is_the_clients_no_more(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World, api: httpx2.AsyncClient
) -> None:
    await saved(walk, "connection", house)
    async with device(app, world) as other:
        await send(other, address="invited")
        old = await post.code()
        client = f"/clients/{world.north.client_id}"
        assert (await api.patch(client, json={"contact_email": "theo@maisonlune.example"})).status_code == 200
        assert other.goes_to(await send(other, "/code", code=old)) == "device?problem=over"
        await send(other, address="invited")
        assert (await post.letters())[-1][0] == "theo@maisonlune.example"
        assert other.goes_to(await send(other, "/code", code=await post.code())) == other.path


async def test_a_code_goes_to_a_contact_if_that_is_chosen(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World
) -> None:
    await saved(walk, "contacts", house)
    async with device(app, world) as other:
        page = (await other.see("device")).text
        assert "t•••@b•••.example" in page
        assert page.count('type="radio"') == 2, "one address for each, however many roles it has"
        await send(other, address="somebody@else.example")
        assert await post.letters() == []
        await send(other, address="approver")
        assert (await post.letters())[-1][0] == "theo@brand.example"
        assert other.goes_to(await send(other, "/code", code=await post.code())) == other.path
        assert "Theo Brand" in (await other.see("about")).text


async def test_five_wrong_tries_end_a_code(app: FastAPI, walk: Walk, house: House, post: Post, world: World) -> None:
    await saved(walk, "contacts", house)
    async with device(app, world) as other:
        await send(other, address="invited")
        code = await post.code()
        for _ in range(5):
            assert other.goes_to(await send(other, "/code", code=wrong(code))) == "device?problem=wrong"
        assert "That isn’t the code" in (await other.see("device?problem=wrong")).text
        assert other.goes_to(await send(other, "/code", code=code)) == "device?problem=over"
        assert other.goes_to(await other.see("about")) == "device"


async def test_many_tries_at_once_are_all_counted(
    app: FastAPI, walk: Walk, house: House, post: Post, sessions: Sessions, world: World
) -> None:
    await saved(walk, "contacts", house)
    async with device(app, world) as other:
        await send(other, address="invited")
        code, token = await post.code(), await _own_token(other)
        data = {"form_token": token, "code": wrong(code)}
        answers = await asyncio.gather(
            *(other.browser.post(f"{other.path}/device/code", data=data, headers=SAME_ORIGIN) for _ in range(12))
        )
        ends = [other.goes_to(each) for each in answers]
        assert ends.count("device?problem=wrong") == 5
        assert ends.count("device?problem=over") == 7
    async with sessions() as session:
        rows = select(DeviceCode.tries).where(DeviceCode.agency_id == world.north.agency_id)
        assert (await session.scalars(rows)).all() == [5]


async def test_a_code_ends_after_ten_minutes_and_a_newer_one_ends_the_older(
    app: FastAPI, walk: Walk, house: House, post: Post, sessions: Sessions, world: World
) -> None:
    await saved(walk, "contacts", house)
    async with device(app, world) as other:
        await send(other, address="invited")
        first = await post.code()
        await send(other, address="invited")
        assert len(await post.letters()) == 1, "pressed twice is sent once"
        await send(other, address="approver")
        second = await post.code()
        if first != second:
            assert other.goes_to(await send(other, "/code", code=first)) == "device?problem=wrong"
        async with sessions.begin() as session:
            mine = update(DeviceCode).where(DeviceCode.agency_id == world.north.agency_id)
            await session.execute(mine.values(expires_at=DeviceCode.expires_at - timedelta(minutes=10)))
        assert other.goes_to(await send(other, "/code", code=second)) == "device?problem=over"


async def test_codes_are_kept_as_keyed_hashes_bound_to_their_row(
    app: FastAPI, walk: Walk, house: House, post: Post, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    await saved(walk, "contacts", house)
    async with device(app, world) as other, device(app, world) as third:
        await send(other, address="invited")
        code = (await post.code()).replace(" ", "")
        await send(third, address="approver")
        async with sessions.begin() as session:
            rows = select(DeviceCode).where(DeviceCode.agency_id == world.north.agency_id).order_by(DeviceCode.id)
            first, second = (await session.scalars(rows)).all()
            assert first.code_hash == keyring.keyed_hash(f"{first.id}\0{code}", purpose="device_code")
            assert (first.expires_at - first.created_at) < timedelta(minutes=10, seconds=30)
            second.code_hash = first.code_hash  # writing the table is not enough without the key ring
        assert third.goes_to(await send(third, "/code", code=code)) == "device?problem=wrong"


async def test_codes_are_throttled_for_each_link_and_address(
    app: FastAPI, walk: Walk, house: House, post: Post, sessions: Sessions, world: World
) -> None:
    await saved(walk, "contacts", house)
    for at in range(7):
        async with device(app, world) as other:
            answer = await send(other, address=("invited", "approver")[at % 2])
            assert answer.status_code == (303 if at < 6 else 429)
    assert int(answer.headers["retry-after"]) > 60
    assert "minutes, then go back" in answer.text
    assert "Ana Agent" in answer.text
    assert len(await post.letters()) == 6
    async with sessions() as session:
        subjects = (await session.scalars(select(Throttle.subject))).all()
    assert not [each for each in subjects if "@" in each]


async def test_the_code_is_nowhere_in_the_log(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await saved(walk, "contacts", house)
    async with device(app, world) as other:
        await send(other, address="invited")
        code = await post.code()
        await send(other, "/code", code=code)
    logged = "".join(capsys.readouterr())
    assert "/device/code" in logged
    assert code not in logged
    assert code.replace(" ", "") not in logged


async def test_a_new_device_signs_with_its_own_connection_or_after_the_code(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World
) -> None:
    """The one who saved contacts first does not get the connection that another browser made later."""
    await saved(walk, "contacts", house)
    async with device(app, world) as other:
        await send(other, address="invited")
        await send(other, "/code", code=await post.code())
        assert other.goes_to(await trip(other, house, seed.TWO_BRANDS_THEO)) == "assets"
        assert "Continue as Theo Two Brands" in (await other.see("way")).text
    assert "Continue as" not in (await walk.see("way")).text
    assert walk.goes_to(await walk.send("lane", lane="connected")) == "way?outcome=connect_here"


async def test_the_same_browser_needs_no_code_when_it_opens_the_link_again(
    walk: Walk, house: House, post: Post
) -> None:
    await saved(walk, "contacts", house)
    for _ in range(3):
        await walk.start()
        assert walk.goes_to(await walk.see()) == "review"


# Without e-mail: a connection of its own, or a code that the agency reads out.


async def test_without_mail_the_same_business_center_lets_a_new_device_in(
    app: FastAPI, walk: Walk, house: House, world: World
) -> None:
    await saved(walk, "connection", house)
    async with device(app, world) as other:
        assert "Connect with TikTok" in (await other.see("device")).text
        out = await send(other, "/proof")
        assert await _back(other, house, out, seed.MIXED_MILO) == "device?outcome=other_company"
        assert "can’t use the account of this link" in (await other.see("device?outcome=other_company")).text
        assert other.goes_to(await other.see("way")) == "device"
        assert (await house.tiktok.calls())["by_path"]["oauth2/revoke_token/"] == 1, "that token is given back"
        out = await send(other, "/proof")
        assert await _back(other, house, out, seed.TWO_BRANDS_THEO) == "account"


async def _back(walk: Walk, house: House, out: httpx2.Response, person: str) -> str:
    query = await house.tiktok.consent(out.headers["location"], person)
    back = await walk.browser.get("/callbacks/tiktok", params=query)
    return walk.goes_to(await walk.browser.get(back.headers["location"].removeprefix(PUBLIC_URL)))


async def test_with_mail_there_is_the_code_alone(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World
) -> None:
    await saved(walk, "connection", house)
    async with device(app, world) as other:
        assert "Connect with TikTok" not in (await other.see("device")).text
        assert other.goes_to(await send(other, "/proof")) == "device"


async def test_a_code_of_the_agency_lets_one_browser_in_and_no_connection(
    app: FastAPI, walk: Walk, house: House, api: httpx2.AsyncClient, world: World
) -> None:
    await saved(walk, "connection", house)
    made = await api.post(f"/links/{world.north.link_id}/device-codes")
    assert made.status_code == 201
    assert re.fullmatch(r"\d{6}", made.json()["code"])
    async with device(app, world) as other, device(app, world) as third:
        assert "Ana Agent" in (await other.see("device")).text
        assert other.goes_to(await send(other, "/code", code=made.json()["code"])) == other.path
        assert third.goes_to(await send(third, "/code", code=made.json()["code"])) == "device?problem=over"
        assert "Continue as" not in (await other.see("way")).text
    events = await house.events(world.north)
    assert "link.device_code_made" in events
    assert "link.device_verified" in events


async def test_another_agency_makes_no_code(api: httpx2.AsyncClient, world: World) -> None:
    assert (await api.post(f"/links/{world.south.link_id}/device-codes")).status_code == 404


async def test_a_guided_link_without_mail_says_whom_to_access_request(
    app: FastAPI, walk: Walk, house: House, api: httpx2.AsyncClient, world: World
) -> None:
    await saved(walk, "contacts", house)
    made = (await api.post(f"/links/{world.north.link_id}/device-codes")).json()
    async with device(app, world) as other:
        page = (await other.see("device")).text
        assert "Ana Agent" in page
        assert 'autocomplete="one-time-code"' in page
        await send(other, "/code", code=made["code"])
        assert "theo@brand.example" in (await other.see("about")).text


async def test_the_work_behind_uses_the_connection_as_before(
    app: FastAPI, walk: Walk, house: House, post: Post, world: World
) -> None:
    await house.connect_agency(world.north)
    await walk.start()
    await trip(walk, house)
    await walk.send("account", account_id=seed.MAISON_LUNE)
    await walk.send("assets", ad_account=[seed.LUNE_EU])
    await walk.answer("about")
    await walk.agree()
    async with device(app, world) as other:
        assert other.goes_to(await other.see("receipt")) == "device"
    await house.work()
    assert "You’re all set" in (await walk.see("progress")).text
