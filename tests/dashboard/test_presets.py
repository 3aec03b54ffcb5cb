"""The presets' pages: list, editor with a live preview, archive; by role, and nothing half done."""

import html
import re
from typing import Any

import httpx2

from app.dashboard import preset_form
from app.dashboard.preset_form import PresetAccess, PresetDraft, QuestionRow
from app.kit.database import Sessions
from app.links.presets import service
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard.conftest import SignIn
from tests.dashboard.test_preview import rows_of
from tests.world import World

PATH = "/desk/presets"
GIVEN = {
    "name": "Brand launch", "sentence": "For launches.",
    "what-0": "tiktok/ad_account/OPERATOR", "reason-0": "To run your launch.", "required-0": "yes",
    "what-1": "other/custom/AS_WRITTEN", "title-1": "Booking tool", "reason-1": "To see the dates.",
    "steps-1": "Open the tool.\nInvite us.",
    "screens": "markets",
    "label-0": "What is your budget?", "answer-0": "choice", "choices-0": "Little\nMuch", "must-0": "yes",
}  # fmt: skip


async def _post(browser: httpx2.AsyncClient, path: str, token: str | None = None, **fields: str) -> httpx2.Response:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(f"{PATH}/new")).text)
    assert found
    return await browser.post(path, data={"form_token": token or found[1], **fields}, headers=SAME_ORIGIN)


def previewed(page: httpx2.Response) -> str:
    """The client's page inside an editor."""
    found = re.search(r'srcdoc="([^"]*)"', page.text)
    assert found
    return html.unescape(found[1])


async def test_a_preset_is_written_previewed_saved_and_archived(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("member")
    assert "None yet" in (await browser.get(PATH)).text
    before = await rows_of(sessions)
    for act, page, words in (
        ("preview", "first", "To run your launch."), ("preview", "steps", "Invite us."),
        ("preview", "questions", "What is your budget?"), ("add-access", "", 'id="access-2"'),
        ("add-tool", "", 'id="title-2"'), ("add-question", "", 'id="question-1"'),
    ):  # fmt: skip
        shown = await _post(browser, f"{PATH}/new", act=act, preview_page=page, **GIVEN)
        assert shown.status_code == 200
        assert words in (previewed(shown) if act == "preview" else shown.text)
        assert "<script" not in previewed(shown)
        assert 'value="Brand launch"' in shown.text, "what was typed stays"
    hostile = {**GIVEN, "reason-0": '"></iframe><script src="//evil.example"></script>'}
    shown = await _post(browser, f"{PATH}/new", act="preview", preview_page="first", **hostile)
    assert '<iframe class="client" sandbox="allow-same-origin"' in shown.text, "no scripts, and no forms"
    assert shown.text.count("</iframe>") == 1
    assert "<script" not in previewed(shown)
    assert "&lt;script src=" in previewed(shown), "as text"
    assert "set-cookie" not in shown.headers
    assert await rows_of(sessions) == before, "a preview leaves no trace"

    assert (await _post(browser, f"{PATH}/new", **GIVEN)).headers["location"] == f"{PATH}?saved=brand-launch"
    async with sessions() as session:
        made = await service.current(session, world.north.agency_id, "brand-launch")
    assert [(each.kind, each.role, each.required, each.title, each.steps) for each in made.access_requests] == [
        ("ad_account", "OPERATOR", True, None, ()),
        ("custom", "AS_WRITTEN", False, "Booking tool", ("Open the tool.", "Invite us.")),
    ]
    assert (made.screens, made.questions[0].key) == (("markets",), "what_is_your_budget")
    assert made.questions[0].choices == ("Little", "Much")
    opened = (await browser.get(f"{PATH}/brand-launch")).text
    assert "Open the tool.\nInvite us." in html.unescape(opened)

    assert (await _post(browser, f"{PATH}/brand-launch", **GIVEN, version="1")).status_code == 303
    changed = {**GIVEN, "name": "Launch"}
    assert (await _post(browser, f"{PATH}/brand-launch", **changed, version="1")).status_code == 303
    late = await _post(browser, f"{PATH}/brand-launch", **GIVEN, version="1")
    assert late.status_code == 422
    assert "Somebody else saved version 2 in the meantime" in late.text
    assert 'name="version" value="2"' in late.text
    pixel = (await browser.get(f"{PATH}/new?copy=tracking-fix")).text
    assert re.search(r'<option value="tiktok/pixel/LINK"\s+data-events\s+selected>', pixel)
    assert "Copy of Launch" in (await browser.get(f"{PATH}/new?copy=brand-launch")).text

    assert "No active link and no public link uses it" in (await browser.get(f"{PATH}/brand-launch/archival")).text
    assert (await _post(browser, f"{PATH}/brand-launch/archival")).status_code == 303
    assert (await browser.get(f"{PATH}/brand-launch")).status_code == 404
    assert (await _post(browser, f"{PATH}/brand-launch/archival")).status_code == 404
    assert "1 archived preset" in (await browser.get(PATH)).text
    restored = await _post(browser, f"{PATH}/brand-launch/restoration")
    assert restored.headers["location"] == f"{PATH}?saved=brand-launch"
    assert (await browser.get(f"{PATH}/brand-launch")).status_code == 200


async def test_bad_input_is_answered_beside_its_field(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in("member")
    bad: list[tuple[dict[str, str], str]] = [
        ({"name": " "}, "name"), ({"name": "x" * 121}, "name"), ({"sentence": ""}, "sentence"),
        ({"slug": "Ünder"}, "slug"), ({"slug": "run-campaigns"}, "slug"), ({"what-0": ""}, "what-0"),
        ({"what-0": "tiktok/ad_account/KING"}, "what-0"), ({"what-0": "tiktok/pixel/LINK"}, "what-0"),
        ({"reason-0": ""}, "reason-0"), ({"reason-0": "Send us your password"}, "reason-0"),
        ({"title-1": ""}, "title-1"), ({"steps-1": " \n "}, "steps-1"), ({"choices-0": "One"}, "choices-0"),
        ({"choices-0": "One\nOne"}, "choices-0"), ({"label-0": ""}, "label-0"), ({"key-0": "Budget!"}, "key-0"),
    ]  # fmt: skip
    for change, field in bad:
        refused = await _post(browser, f"{PATH}/new", **{**GIVEN, **change})
        assert refused.status_code == 422, change
        assert f'id="{field}-problem"' in refused.text, change
        assert "Invite us." in refused.text or "steps-1" in change, "what was typed stays"
    new = await _post(browser, f"{PATH}/new", **{**GIVEN, "name": "New"})
    assert new.headers["location"] == f"{PATH}?saved=new-2", "an address of a page"
    none = await _post(browser, f"{PATH}/new", name="Empty", sentence="Nothing.")
    assert (none.status_code, "Request at least one access" in none.text) == (422, True)
    assert "Empty" not in (await browser.get(PATH)).text


async def test_the_slug_of_an_archived_preset_is_not_given_again(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in("member")
    unnamed = {**GIVEN, "slug": "", "name": "Spring launch"}
    first = await _post(browser, f"{PATH}/new", **unnamed)
    assert first.headers["location"] == f"{PATH}?saved=spring-launch"
    assert (await _post(browser, f"{PATH}/spring-launch/archival")).status_code == 303
    again = await _post(browser, f"{PATH}/new", **unnamed)
    assert again.status_code == 303, "no field says what is wrong with a slug that nobody typed"
    assert again.headers["location"] == f"{PATH}?saved=spring-launch-2"


async def test_a_preset_in_use_says_so_and_its_links_keep_it(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    await sign_in("member")
    assert (await _post(browser, f"{PATH}/new", **GIVEN)).status_code == 303
    link = await api.post("/links", json={"client": {"name": "Maison"}, "preset": "brand-launch"})
    assert link.status_code == 201
    assert (await api.post("/public-links", json={"preset": "brand-launch"})).status_code == 201
    assert (await api.get("/presets/brand-launch/use")).json() == {"active_links": 1, "public_links": 1}
    assert (await api.get("/presets/nothing/use")).status_code == 404
    asked = (await browser.get(f"{PATH}/brand-launch/archival")).text
    assert "1 active link uses it and keeps it" in asked
    assert "1 public link uses it and keeps" in asked
    assert (await _post(browser, f"{PATH}/brand-launch/archival")).status_code == 303
    kept = (await api.get(f"/links/{link.json()['id']}")).json()
    assert (kept["preset"], kept["status"]) == ("brand-launch", "sent")
    assert (await api.post("/links", json={"client": {"name": "B"}, "preset": "brand-launch"})).status_code == 422


async def test_roles_and_others(browser: httpx2.AsyncClient, sign_in: SignIn, world: World) -> None:
    assert (await browser.get(PATH)).status_code == 303, "signed in nowhere"
    await sign_in("member")
    assert (await _post(browser, f"{PATH}/new", **GIVEN)).status_code == 303
    assert (await _post(browser, f"{PATH}/new", token="0" * 64, **GIVEN)).status_code == 403
    built_in = await browser.get(f"{PATH}/run-campaigns")
    assert "cannot be changed" in built_in.text
    assert "asks for limited access" in previewed(built_in)
    assert 'value="Save"' not in built_in.text
    assert (await _post(browser, f"{PATH}/run-campaigns", **GIVEN)).headers["location"] == f"{PATH}/run-campaigns"
    form = {"form_token": "0" * 64, **GIVEN}
    await sign_in("viewer")
    assert (await browser.get(f"{PATH}/brand-launch")).status_code == 200
    for path in ("new", "brand-launch/archival"):
        assert (await browser.get(f"{PATH}/{path}")).status_code == 403
    for path in ("new", "brand-launch", "brand-launch/archival"):
        assert (await browser.post(f"{PATH}/{path}", data=form, headers=SAME_ORIGIN)).status_code == 403
    await sign_in("owner", world.south)
    assert "Brand launch" not in (await browser.get(PATH)).text, "another agency's"
    for path in ("brand-launch", "brand-launch/archival"):
        assert (await browser.get(f"{PATH}/{path}")).status_code == 404
        assert (await _post(browser, f"{PATH}/{path}", **GIVEN)).status_code == 404


def test_rows_move_and_go() -> None:
    draft = PresetDraft(access_requests=[PresetAccess("a"), PresetAccess("b")], questions=[QuestionRow("q")])
    order: dict[str, Any] = {
        "up-access-1": ["b", "a"], "up-access-0": ["a", "b"], "remove-access-0": ["b"], "remove-access-9": ["a", "b"],
        "remove-access-x": ["a", "b"], "fly-access-0": ["a", "b"], "add-access": ["a", "b", ""],
        "add-tool": ["a", "b", *preset_form.OWN], "preview": ["a", "b"], "remove-question-0": ["a", "b"],
    }  # fmt: skip
    for act, expected in order.items():
        after = preset_form.after(draft, act)
        assert [row.what for row in after.access_requests] == expected, act
        assert len(after.questions) == (0 if act == "remove-question-0" else 1)


def test_keys_are_made_of_labels_and_stay_unique() -> None:
    labels = ("Budget?", "Budget?", "2 shops", "漢字", "x" * 90)
    draft = PresetDraft(questions=[QuestionRow(label) for label in labels] + [QuestionRow("Mine", key="budget")])
    keys = [each["key"] for each in preset_form.fields(draft)["questions"]]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key) for key in keys), keys
    assert keys[0] == "budget_2"
