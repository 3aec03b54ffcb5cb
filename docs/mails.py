"""Writes every kind of e-mail in every language, as text and HTML, with an index page: `make mails`.

Where Chromium is installed, each is also shown as it looks on a phone and on a desk, light and dark.
"""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from app.kit.i18n import locales, pseudo
from app.mail import service as mails
from app.mail.rendered_email import RenderedEmail
from docs import mail_examples
from docs.mail_examples import LETTERHEAD, VALUES

#: Widths of the pictures: a phone, and the reading pane of a mail program.
WIDTHS = (390, 640)
_STYLE = "body{font:16px/1.5 system-ui;margin:2rem;max-width:70rem}td{padding:.2rem 1rem .2rem 0;vertical-align:top}"


@dataclass(frozen=True)
class Example:
    """One e-mail, and the name of its files."""

    kind: str
    language: str
    name: str
    written: RenderedEmail


def examples() -> Iterator[Example]:
    """Every kind in every language offered and the pseudo-locale, and in English with each other value too."""
    for kind in VALUES:
        for language in (*locales.offered(), pseudo.TAG):
            for what, context in mail_examples.variants(kind):
                if not what or language == locales.SOURCE:
                    name = f"{language}/{kind}{'.' + what if what else ''}"
                    yield Example(kind, language, name, mails.render(kind, LETTERHEAD, language, context))


def write(folder: Path) -> list[Example]:
    """Write the files and the index page."""
    written = list(examples())
    for each in written:
        path = folder / each.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f"{path.name}.html").write_text(each.written.html, encoding="utf-8")
        path.with_name(f"{path.name}.txt").write_text(
            f"{each.written.subject}\n\n{each.written.text}", encoding="utf-8"
        )
    (folder / "index.html").write_text(_index(written), encoding="utf-8")
    return written


def _index(written: list[Example]) -> str:
    rows = "\n".join(
        f"<tr><td>{escape(each.language)}</td><td>{escape(each.name.partition('/')[2])}</td>"
        f"<td>{escape(each.written.subject)}</td>"
        f'<td><a href="{each.name}.html">HTML</a> <a href="{each.name}.txt">text</a></td></tr>'
        for each in written
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>E-mails of Keyturn</title><style>{_STYLE}</style>'
        f"<h1>E-mails of Keyturn</h1><table>{rows}</table></html>\n"
    )


async def picture(folder: Path, written: list[Example], chromium: str) -> None:
    """Take the pictures, those in English also dark."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in WIDTHS:
            await _pictures(browser, folder, written, width)
        await browser.close()


async def _pictures(browser: Browser, folder: Path, written: list[Example], width: int) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 640})
    for each in written:
        await page.goto((folder / f"{each.name}.html").resolve().as_uri())
        await page.screenshot(path=folder / f"{each.name}.{width}.png", full_page=True)
        if each.language == locales.SOURCE:
            await page.emulate_media(color_scheme="dark")
            await page.screenshot(path=folder / f"{each.name}.{width}.dark.png", full_page=True)
            await page.emulate_media(color_scheme="light")
    await page.close()


def main(folder: Path) -> None:
    """Write everything into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    written = write(folder)
    if chromium := shutil.which("chromium"):
        asyncio.run(picture(folder, written, chromium))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
