"""One journey by keyboard alone: from the sign-in to a new link, its copy, its page, and an attestation."""

import httpx2
from playwright.async_api import Page, expect

from demo.world import Demo
from tests.browser.brands import agree_to_steps
from tests.browser.conftest import PASSWORD, Joined

#: The name of what has the focus, and what is wrong with how it shows that.
FOCUS = """() => {
    const each = document.activeElement, shown = each.closest(".pick") ?? each, box = shown.getBoundingClientRect();
    const ringed = [each, shown].map(one => getComputedStyle(one)).some(
        style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none");
    const x = box.left + box.width / 2, y = box.top + Math.min(box.height / 2, 20);
    const over = document.elementFromPoint(x, y);
    const covered = !over || !(shown.contains(over) || over.contains(shown));
    const name = each.getAttribute("aria-label") || each.labels?.[0]?.innerText || each.innerText || each.tagName;
    return [name.trim(), ringed ? "" : "no ring", covered ? "covered or outside the window" : ""];
}"""


async def _focused(page: Page) -> str:
    """The name of what has the focus, which is seen to have it."""
    name, *wrong = await page.evaluate(FOCUS)
    assert not any(wrong), (name, wrong)
    return str(name)


async def _reach(page: Page, name: str, most: int, key: str = "Tab") -> None:
    """Go on to the element of this name, by at most so many presses of the key."""
    passed = []
    for _ in range(most):
        await page.keyboard.press(key)
        passed.append(await _focused(page))
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"{name} is not among {passed}")


async def _skip(page: Page) -> None:
    """On a new page: over the menu, to the content."""
    await _reach(page, "Skip to content", 1)
    await page.keyboard.press("Enter")


async def test_from_sign_in_to_an_attestation_without_a_mouse(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    page = await joined("member")
    number = (await page.locator(".me b").inner_text()).rpartition(" ")[2]
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.context.clear_cookies()
    await page.goto(f"{demo.addresses.web}/desk")
    await _reach(page, "E-mail address", 3)
    await page.keyboard.type(f"member-{number}@north.example")
    await _reach(page, "Password", 1)
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{demo.addresses.web}/desk")

    await _skip(page)
    await _reach(page, "New link", 4)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/links/new")
    await _skip(page)
    await _reach(page, "Client", 5)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_focused()
    await _reach(page, "Enter", 1)
    await page.keyboard.press("Enter")
    assert (await _focused(page)).startswith("Client")
    await page.keyboard.type("Keyboard Kites")
    await _reach(page, "Run campaigns", 6)
    while not await page.get_by_role("radio", name="Full service beside TikTok").is_checked():
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="The link is ready")).to_be_visible()

    await _skip(page)
    await _reach(page, "Copy the address", 14)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Copied")).to_be_focused()
    await agree_to_steps(await page.evaluate("navigator.clipboard.readText()"))
    await _reach(page, "Keyboard Kites", 14, "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Keyboard Kites")).to_be_visible()
    link_id = page.url.rpartition("/")[2]

    await _skip(page)
    await _reach(page, "Why?", 4)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Why not green?")).to_be_in_viewport()
    await _reach(page, "Close", 1)
    await _reach(page, "Attest", 1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Attest Meta Business?")).to_be_in_viewport()
    await _reach(page, "I checked it, it works", 1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Your statement is recorded.")).to_be_in_viewport()
    await _skip(page)
    asked = (await api.get(f"/links/{link_id}/access-requests")).json()["data"]
    assert sorted(each["status"] for each in asked) == ["attested", "awaiting_partner"]
