"""The link on another device: as a QR code, and by e-mail to the invited or a given address."""

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select

from app.client_portal.pages import other_device
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.throttle import Throttle
from app.mail import sending_limits
from app.mail.rendered_email import RenderedEmail
from app.mail.service import Mail, MailQueue, content_place
from tests.client_portal.pages.test_someone_else import helper, passed_on
from tests.client_portal.walk import Walk
from tests.world import PUBLIC_URL, World


async def _mails(sessions: Sessions, keyring: Keyring, world: World) -> list[tuple[str, RenderedEmail]]:
    async with sessions() as session:
        rows = select(Mail).where(Mail.agency_id == world.north.agency_id, Mail.kind == "saved_link").order_by(Mail.id)
        found = []
        for mail in await session.scalars(rows):
            assert mail.content_encrypted
            place = content_place(mail.agency_id, mail.id)
            letter = RenderedEmail.from_json(keyring.decrypt(mail.content_encrypted, bound_to=place))
            found.append((mail.to_email, letter))
        return found


@pytest.fixture(autouse=True)
def _mail(app: FastAPI, keyring: Keyring) -> None:
    """The installation sends e-mails."""
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)


async def test_the_page_shows_the_links_own_address_and_masks_the_invited_one(walk: Walk) -> None:
    await walk.start()
    page = (await walk.see("other-device")).text
    assert f'value="{PUBLIC_URL}{walk.corner.link_path}"' in page
    assert "<svg" in page
    assert "a•••@m•••.example" in page
    assert "ana@maisonlune.example" not in page


async def test_the_link_is_mailed_to_the_invited_and_to_a_given_address(
    walk: Walk, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    await walk.start()
    for fields in ({"to": "invited"}, {"email": " Bo@Brand.example "}):
        assert walk.goes_to(await walk.send("other-device", **fields)) == "other-device?sent=1"
    assert "on its way" in (await walk.see("other-device?sent=1")).text
    mails = await _mails(sessions, keyring, world)
    assert [to for to, _ in mails] == ["ana@maisonlune.example", "Bo@brand.example"]
    for _to, letter in mails:
        assert f"{PUBLIC_URL}{walk.corner.link_path}" in letter.text.splitlines()
        assert "six-digit code" not in letter.text, "nothing is saved that needs one"
    await walk.answer("lane", "account", "assets", "about")
    await walk.send("other-device", to="invited")
    assert "six-digit code" in (await _mails(sessions, keyring, world))[-1][1].text


async def test_what_is_no_address_comes_back_and_nothing_is_sent(
    walk: Walk, sessions: Sessions, keyring: Keyring, world: World, app: FastAPI
) -> None:
    await walk.start()
    assert "Enter an e-mail address." in await walk.sent_back("other-device", email="")
    assert "ana@brand" in await walk.sent_back("other-device", email="ana@brand")
    app.state.services.outbox = None
    assert "By e-mail" not in (await walk.see("other-device")).text
    await walk.send("other-device", to="invited")
    assert await _mails(sessions, keyring, world) == []


async def test_mails_are_limited_by_link_and_by_address(walk: Walk, sessions: Sessions, keyring: Keyring) -> None:
    await walk.start()
    token = await walk.token()
    sent = [
        (await walk.send("other-device", form_token=token, email=f"a{each}@b.example")).status_code
        for each in range(other_device.MAILS_OF_LINK.most + 1)
    ]
    assert sent == [303] * other_device.MAILS_OF_LINK.most + [429]
    async with sessions.begin() as session:  # the link may again, the address not
        await session.execute(delete(Throttle))
        for _each in range(sending_limits.TO_ADDRESS.most):
            await sending_limits.take(
                session, MailQueue(keyring, PUBLIC_URL), walk.corner.agency_id, "ana@maisonlune.example"
            )
    limited = await walk.send("other-device", form_token=token, to="invited")
    assert limited.status_code == 429
    assert "a lot in a short time" in limited.text


async def test_the_person_of_a_step_never_sees_the_address_of_the_link(app: FastAPI, walk: Walk, world: World) -> None:
    await walk.start()
    async with helper(app, world, await passed_on(walk)) as other:
        assert other.goes_to(await other.see("other-device")) == "your-step"


async def test_another_device_needs_its_code_first(app: FastAPI, walk: Walk, world: World) -> None:
    await walk.start()
    await walk.answer("lane", "account", "assets", "about")
    async with helper(app, world) as other:
        await other.start()
        assert other.goes_to(await other.see("other-device")) == "device"
