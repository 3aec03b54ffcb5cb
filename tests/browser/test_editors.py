"""Editors of the client's pages in a browser, with live previews: presets, domains, own platforms."""

from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from playwright.async_api import FilePayload, FrameLocator, Page, expect

from app.links.own_platforms.schemas import EXAMPLE
from demo.world import Demo
from tests.browser.conftest import Joined
from tests.browser.look import check_all
from tests.tenants.agencies.pictures import drawn

ACCESS = {
    "platform": "tiktok", "kind": "ad_account", "role": "OPERATOR", "reason": "To run your campaigns.",
}  # fmt: skip
PICTURE: FilePayload = {"name": "step.png", "mimeType": "image/png", "buffer": drawn()}
NO_PICTURE: FilePayload = {"name": "step.png", "mimeType": "image/png", "buffer": b"no picture"}


def _preview(page: Page) -> FrameLocator:
    return page.frame_locator('iframe[title="Preview"]')


async def _preset(api: httpx2.AsyncClient, slug: str, **more: Any) -> str:
    """The short name of a new preset."""
    body = {"slug": slug, "name": slug.replace("-", " ").title(), "sentence": "Made for a test.",
            "access_requests": [ACCESS], **more}  # fmt: skip
    return str((await api.post("/presets", json=body)).raise_for_status().json()["slug"])


async def test_a_preset_is_written_with_its_page_beside_it_and_saved(demo: Demo, joined: Joined) -> None:
    page = await joined("member")
    await page.goto(f"{demo.addresses.web}/desk/presets/new")
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("alert")).to_contain_text("Please check")
    await check_all(page, "preset-problems")
    await page.get_by_label("Name", exact=True).fill("Spring launch")
    await page.get_by_label("What is it for?").fill("Ads for the spring launch.")
    await page.get_by_label("Access and role").select_option(index=1)
    await page.get_by_label("Why you need it").fill("To run the spring campaigns.")
    await page.get_by_role("button", name="Add a question").click()
    await page.get_by_role("textbox", name="Question", exact=True).fill("Which products come first?")
    await page.get_by_label("Page", exact=True).select_option(label="Your questions")
    await expect(_preview(page).get_by_text("Which products come first?")).to_be_visible()
    await page.get_by_role("textbox", name="Question", exact=True).fill("Which shops take part?")
    await expect(_preview(page).get_by_text("Which shops take part?")).to_be_visible()
    await check_all(page, "preset-previewed")
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("status")).to_contain_text("“Spring launch” is saved.")
    await check_all(page, "preset-saved")


async def test_a_preset_in_use_says_where_before_it_is_archived_and_comes_back(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    slug = await _preset(api, "archived-here")
    await api.post("/links", json={"preset": slug, "client": {"name": "Archived Client"}})
    await api.post("/public-links", json={"preset": slug})
    page = await joined("member")
    await page.goto(f"{demo.addresses.web}/desk/presets")
    await page.get_by_role("link", name="Archive Archived Here").click()
    await expect(page.get_by_text("1 active link uses it and keeps it")).to_be_visible()
    await expect(page.get_by_text("1 public link uses it and keeps making links")).to_be_visible()
    await check_all(page, "preset-archival-in-use")
    await page.get_by_role("button", name="Archive it").click()
    await expect(page.get_by_role("link", name="Archived Here")).to_have_count(0)
    await page.get_by_text("archived preset").click()
    await check_all(page, "presets-archived")
    await page.get_by_role("button", name="Restore Archived Here").click()
    await expect(page.get_by_role("status")).to_contain_text("“Archived Here” is saved.")


async def test_somebody_elses_change_of_a_preset_is_not_overwritten_unseen(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    slug = await _preset(api, "changed-meanwhile")
    page = await joined("member")
    await page.goto(f"{demo.addresses.web}/desk/presets/{slug}")
    body = {"name": "Theirs", "sentence": "Changed meanwhile.", "access_requests": [ACCESS]}
    (await api.put(f"/presets/{slug}", json=body)).raise_for_status()
    await page.get_by_label("Name", exact=True).fill("Mine")
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else saved version 2")
    await check_all(page, "preset-changed-meanwhile")
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("status")).to_contain_text("“Mine” is saved. New links use version 3")


async def test_brand_words_in_each_language_and_the_way_back_are_previewed_and_saved(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    page = await joined("manager")
    await page.goto(f"{demo.addresses.web}/desk/brand")
    await page.get_by_role("textbox", name="Colour").fill("mauve")
    await page.get_by_label("Link back to your site").fill("http://north.example")
    await page.get_by_label("On the first page").fill("Please send us your password.")
    await page.locator('input[name="logo"]').set_input_files(NO_PICTURE)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Please check 4 things")
    await check_all(page, "brand-problems")

    await page.goto(f"{demo.addresses.web}/desk/brand")
    await page.get_by_label("On the first page").fill("Welcome to North Agency.")
    await expect(_preview(page).get_by_text("Welcome to North Agency.")).to_be_visible()
    await page.get_by_role("textbox", name="Colour").fill("#ffee00")
    await expect(page.get_by_text("Clients see #")).to_be_visible()
    await check_all(page, "brand-colour-too-light")
    await page.get_by_role("textbox", name="Colour").fill("#7a2e8e")
    await page.get_by_label("When all is done").fill("Thank you. We begin on Monday.")
    await page.get_by_label("Link back to your site").fill("https://north.example/thanks")
    await page.locator('input[name="logo"]').set_input_files(PICTURE)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    await page.get_by_role("region", name="Your own words").get_by_role("link").nth(1).click()
    await expect(page.get_by_label("On the first page")).to_be_empty()
    await page.get_by_label("On the first page").fill("Wëlcömë.")
    await page.get_by_role("button", name="Save").click()
    await expect(_preview(page).get_by_text("Wëlcömë.")).to_be_visible()
    await check_all(page, "brand-saved-in-another-language")
    words = (await api.get("/agency/words")).json()
    assert "Welcome to North Agency." in str(words)
    assert "Thank you. We begin on Monday." in str(words)
    assert "Wëlcömë." in str(words)


async def test_the_records_of_a_domain_are_shown_whole_on_a_phone_and_checked(demo: Demo, joined: Joined) -> None:
    page = await joined("manager")
    await page.goto(f"{demo.addresses.web}/desk/brand/domains")
    await page.get_by_label("Host name").fill("localhost")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await check_all(page, "domain-problem")
    host = "welcome.a-rather-long-name-of-an-agency.example"
    await page.get_by_label("Host name").fill(host)
    await page.get_by_role("button", name="Add it").click()
    region = page.get_by_role("region", name=host)
    await expect(region).to_contain_text("Not verified yet")
    await page.set_viewport_size({"width": 390, "height": 844})
    for cell in await region.get_by_role("cell").all():
        cut = await cell.evaluate(
            "each => [each, ...each.children].some(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth)"
            " || each.getBoundingClientRect().right > innerWidth"
        )
        assert not cut, await cell.inner_text()
    await region.get_by_role("button", name="Check now").click()
    await expect(region.get_by_role("status")).to_contain_text("Checked")
    await check_all(page, "domain-checked")
    await region.get_by_role("link", name="Remove").click()
    await page.get_by_role("button", name="Remove the domain").click()
    await expect(page.get_by_role("heading", level=1, name="Domains for links")).to_be_visible()
    await expect(region).to_have_count(0)


async def test_an_own_platform_is_described_with_a_picture_previewed_and_saved(demo: Demo, joined: Joined) -> None:
    page = await joined("manager")
    await page.goto(f"{demo.addresses.web}/desk/platforms")
    await page.get_by_role("link", name="New platform").click()
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("alert")).to_contain_text("Please check")
    await check_all(page, "own-platform-problems")
    await page.get_by_label("Name of the platform").fill("Loop Ads")
    for label, text in (
        ("Access to", "Ad account"),
        ("Role", "Campaign manager"),
        ("What you can do with it", "Run ads"),
        ("What you cannot do", "Pay"),
    ):
        await page.get_by_label(f"{label} (English)", exact=True).fill(text)
    if not await page.get_by_role("region", name="Step 1").count():
        await page.get_by_role("button", name="Add a step").click()
    step = page.get_by_role("region", name="Step 1")
    await step.get_by_label("What to do (English)").fill("Open Loop and press Share.")
    await expect(_preview(page).get_by_text("Open Loop and press Share.")).to_be_visible()
    await step.locator('input[type="file"]').set_input_files(NO_PICTURE)
    await step.get_by_role("button", name="Add the picture to step 1").click()
    await expect(step.get_by_text("Choose a PNG, JPEG or WebP of at most 2 MB.")).to_be_visible()
    await check_all(page, "own-platform-picture-refused")
    await step.locator('input[type="file"]').set_input_files(PICTURE)
    await step.get_by_role("button", name="Add the picture to step 1").click()
    await step.get_by_label("The picture in words (English)").fill("The button Share")
    await expect(_preview(page).get_by_role("img", name="The button Share")).to_be_visible()
    width = await _preview(page).get_by_role("img", name="The button Share").evaluate("each => each.naturalWidth")
    assert width == 300
    await check_all(page, "own-platform-previewed")
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("status")).to_contain_text("“Loop Ads” is saved.")
    await check_all(page, "own-platform-saved")


async def test_an_own_platform_in_a_preset_is_archived_only_after_the_preset(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    made = (await api.post("/own-platforms", json={**EXAMPLE, "name": "Used Ads"})).raise_for_status().json()
    asked = {"platform": made["key"], "kind": "custom", "role": "AS_WRITTEN"}
    await _preset(api, "with-used-ads", access_requests=[{**ACCESS, **asked}])
    page = await joined("manager")
    archival = f"{demo.addresses.web}/desk/platforms/own/{made['key']}/archival"
    await page.goto(archival)
    await expect(page.get_by_text("Presets request access there: With Used Ads.")).to_be_visible()
    await expect(page.get_by_role("button", name="Archive it")).to_have_count(0)
    await check_all(page, "own-platform-in-use")
    await page.goto(f"{demo.addresses.web}/desk/presets/with-used-ads/archival")
    await page.get_by_role("button", name="Archive it").click()
    await page.goto(archival)
    await page.get_by_role("button", name="Archive it").click()
    await page.get_by_text("archived platform").click()
    await check_all(page, "platforms-archived")
    await page.goto(f"{demo.addresses.web}/desk/presets")
    await page.get_by_text("archived preset").click()
    await page.get_by_role("button", name="Restore With Used Ads").click()
    await expect(page.get_by_role("alert")).to_contain_text("It stays archived")
    await check_all(page, "preset-stays-archived")
    await page.goto(f"{demo.addresses.web}/desk/platforms")
    await page.get_by_text("archived platform").click()
    await page.get_by_role("button", name="Restore Used Ads").click()
    await expect(page.get_by_role("link", name="Used Ads")).to_be_visible()


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        ("viewer", ("presets", "presets/full-service", "platforms", "brand", "brand/domains")),
        ("member", ("platforms/meta", "brand")),
    ],
)
async def test_who_may_not_change_a_page_sees_it_without_its_buttons(
    demo: Demo, joined: Joined, role: str, paths: Sequence[str]
) -> None:
    page = await joined(role)
    for path in paths:
        await page.goto(f"{demo.addresses.web}/desk/{path}")
        await expect(page.locator("main form[method=post] button[type=submit]:enabled")).to_have_count(0)
        await check_all(page, f"{role}-{path.replace('/', '-')}")
