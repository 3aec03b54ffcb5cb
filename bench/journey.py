"""The demands of the client's way on a person, per lane and language: `make journey-facts`.

A person goes through a demo in Chromium at phone size. Prints screens, taps, typed fields and words, with headers and
footers and without what is folded, and how hard the sentences are to read; as its last line JSON.
"""

import asyncio
import json
import re
import shutil
import sys
import tempfile
from bisect import bisect
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2
from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.table import Table

from app.kit.i18n import locales
from demo import start
from demo.start import Ports
from demo.walk import agency
from demo.world import Demo
from tests.browser.brands import new_brand
from tests.browser.client import LANES, ClientsWay, Count, Lane, Person

#: Upper ends of LIX for each school year: J. Anderson, "Lix and Rix", Journal of Reading 26 (1983), pages 490-496.
_YEARS = (10, 15, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56)
#: Languages whose written words are syllables: length says nothing there.
_SYLLABLES = frozenset({"vi", "zh-Hans"})


@dataclass(frozen=True)
class Facts:
    """One way, and whether it is within the budget. `year`: school year whose pupils read it; None where unknown."""

    lane: Lane
    language: str
    screens: int
    taps: int
    typed: int
    words: int
    year: int | None
    fits: bool


def year(texts: Sequence[str]) -> int:
    """The school year by LIX: words in a sentence, and the share of those with more than six letters."""
    sentences = [each for text in texts for each in re.split(r"[.!?:…]\s|\n", text) if re.search(r"\w", each)]
    words = [each for sentence in sentences for each in re.findall(r"[^\W\d_]+", sentence)]
    long = sum(len(each) > 6 for each in words)
    return 1 + bisect(_YEARS, len(words) / len(sentences) + 100 * long / len(words))


def main() -> None:
    """Go each way in each language."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is missing; as root: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-journey-") as folder,
        start.running(Path(folder), Ports(0, 0, 0), lambda _line: None, durable=False) as (demo, _),
    ):
        found = asyncio.run(_all(demo, chromium))
    _print(found)
    sys.stdout.write(json.dumps({"bench": "journey", "ways": [asdict(each) for each in found]}) + "\n")
    sys.exit(not all(each.fits for each in found if each.language == locales.SOURCE))


async def _all(demo: Demo, chromium: str) -> list[Facts]:
    await agency.connect(demo, lambda _line: None)
    headers = {"Authorization": f"Bearer {demo.api_key}"}
    async with (
        httpx2.AsyncClient(base_url=f"{demo.addresses.web}/api/v1", headers=headers) as api,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        return [await _one(browser, demo, api, lane, tag) for tag in locales.offered() for lane in LANES]


async def _one(browser: Browser, demo: Demo, api: httpx2.AsyncClient, lane: Lane, tag: str) -> Facts:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    brand = await new_brand(demo, api, f"Way {lane} {tag}", tag)
    await page.goto(brand.address)
    way = ClientsWay(page, lane, Person.of(brand))
    await way.seen()
    await way.begin()
    await way.through()
    await context.close()
    return _facts(lane, tag, way.count)


def _facts(lane: Lane, tag: str, count: Count) -> Facts:
    grade = None if tag in _SYLLABLES else year([each.text for each in count.screens])
    return Facts(lane, tag, *count.asked, grade, count.fits(lane))


def _print(found: Sequence[Facts]) -> None:
    table = Table("lane", "language", "screens", "taps", "typed", "words", "school year", "fits")
    for each in found:
        table.add_row(*(str(value) for value in asdict(each).values()))
    Console().print(table)


if __name__ == "__main__":
    main()
