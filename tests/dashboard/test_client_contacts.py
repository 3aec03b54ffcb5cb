"""Contacts of a client on the page of its link: added, corrected and removed by the agency, with who gave them."""

import re

import httpx2

from tests.client_portal.walk import press
from tests.dashboard.conftest import SignIn
from tests.world import World

IDA = {"role": "billing", "name": "Ida Berg", "email": "ida@maisonlune.example"}


async def test_a_contact_is_added_corrected_and_removed(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    path = f"/desk/links/{world.north.link_id}"
    await sign_in("member")
    form = (await browser.get(path, params={"act": "new-contact"})).text
    assert "gets no e-mails and no codes" in form
    assert "What happened" not in form, "only the verdict and the form"
    wrong = await press(browser, path, f"{path}/contacts", role="king", name="", email="ida at work")
    assert wrong.status_code == 422
    for words in ("Choose a role from the list.", "Enter a name.", "ida at work", 'id="email-problem"'):
        assert words in wrong.text
    added = await press(browser, path, f"{path}/contacts", **IDA)
    assert added.headers["location"] == f"{path}?done=contact-added"
    page = (await browser.get(path)).text
    for words in ("Ida Berg", "ida@maisonlune.example", "Noted by Nora North on"):
        assert words in page
    known = await press(browser, path, f"{path}/contacts", **IDA | {"name": "I. Berg"})
    assert known.status_code == 409
    assert "This person is a contact in this role already." in known.text
    assert 'value="I. Berg"' in known.text, "what was typed stays"

    found = re.search(r"act=edit-contact&amp;about=(contact_\w+)", page)
    assert found
    one = f"{path}/contacts/{found[1]}"
    assert 'value="Ida Berg"' in (await browser.get(path, params={"act": "edit-contact", "about": found[1]})).text
    assert (await press(browser, path, one, **IDA | {"name": ""})).status_code == 422
    changed = await press(browser, path, one, **IDA | {"email": ""})
    assert changed.headers["location"] == f"{path}?done=contact-changed"
    assert "No e-mail address" in (await browser.get(path)).text

    await sign_in(corner=world.south)
    own = f"/desk/links/{world.south.link_id}"
    for form in (f"{path}/contacts", one, f"{one}/removal", f"{own}/contacts/{found[1]}"):
        assert (await press(browser, own, form, **IDA)).status_code == 404, form
    await sign_in("manager")
    assert (await press(browser, path, f"{one}/removal")).headers["location"] == f"{path}?done=contact-removed"
    assert "Ida Berg" not in (await browser.get(path)).text
