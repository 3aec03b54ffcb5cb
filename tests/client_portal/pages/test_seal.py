"""The seal on the receipt, and the comparison with one that the client kept."""

import html
import re

from sqlalchemy import text

from app.audit import sealer
from app.kit import ids
from app.kit.database import Sessions
from tests.client_portal.walk import Walk
from tests.world import keyring


async def test_the_receipt_prints_a_seal_and_checks_one(walk: Walk, sessions: Sessions) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    assert "It is made within a minute" in (await walk.see("receipt")).text
    await sealer.seal_all(sessions, keyring())
    page = (await walk.see("receipt")).text
    [printed] = re.findall(r"<p class=\"number\">(1-[0-9a-f-]+)</p>", page)

    async def check(seal: str) -> str:
        return html.unescape((await walk.browser.get(f"{walk.path}/receipt", params={"seal": seal})).text)

    assert "Seal 1 is the same as on" in await check(printed)
    assert "does not match what is stored" in await check("1-" + "0" * 20)
    assert "does not match what is stored" in await check("9-" + "0" * 20)
    assert "This is not a seal." in await check("<b>")
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(
            text("DELETE FROM events WHERE agency_id = :agency AND type = 'link.submitted'"),
            {"agency": ids.parse("agency", walk.corner.agency_id)},
        )
    assert "does not match what is stored" in await check(printed)
