"""What the keyboard reaches on a page in Chromium, and whether somebody sees where they are."""

from playwright.async_api import Page

#: The name of what has the focus, and what is wrong with how it shows that.
_FOCUS = """() => {
    const each = document.activeElement, shown = each.closest(".pick") ?? each, box = shown.getBoundingClientRect();
    const ringed = [each, shown].map(one => getComputedStyle(one)).some(
        style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none");
    const x = box.left + box.width / 2, y = box.top + Math.min(box.height / 2, 20);
    const over = document.elementFromPoint(x, y);
    const covered = !over || !(shown.contains(over) || over.contains(shown));
    const name = each.getAttribute("aria-label") || each.labels?.[0]?.innerText || each.innerText || each.tagName;
    return [name.trim(), ringed ? "" : "no ring", covered ? "covered or outside the window" : ""];
}"""


async def focused(page: Page) -> str:
    """The name of what has the focus, which is seen to have it."""
    name, *wrong = await page.evaluate(_FOCUS)
    assert not any(wrong), (name, wrong)
    return str(name)


async def reach(page: Page, name: str, most: int, key: str = "Tab") -> None:
    """Go on to the element of this name, by at most so many presses of the key."""
    passed = []
    for _ in range(most):
        await page.keyboard.press(key)
        passed.append(await focused(page))
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"{name} is not among {passed}")


async def skip(page: Page) -> None:
    """On a new page: over the menu, to the content."""
    await reach(page, "Skip to content", 1)
    await page.keyboard.press("Enter")
