"""Styles of e-mails, written into each element, because many mail programs drop style sheets. Pure."""

import html
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Literal

_FONT = "font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif"
_TEXT = f"{_FONT};font-size:16px;line-height:1.5;color:#17202a"
_SMALL = "font-size:14px;line-height:1.5;color:#525d69"
#: By element and by class, in the order in which they apply. `{colour}` is the agency's; `{start}` and `{end}` are the
#: sides of a line.
_RULES: Mapping[str, str] = {
    "body": "margin:0;padding:0;background-color:#f3f5f7",
    "h1": f"{_FONT};margin:0 0 14px;font-size:24px;line-height:1.25;font-weight:700;color:#17202a",
    "h2": f"{_FONT};margin:28px 0 6px;font-size:16px;line-height:1.35;font-weight:700;color:#17202a",
    "p": f"{_TEXT};margin:0 0 14px",
    "ul": "margin:0 0 14px;padding:0;padding-{start}:20px",
    "li": f"{_TEXT};margin:0 0 6px",
    "td": _TEXT,
    "a": "color:{colour}",
    "pre": "margin:0 0 14px;padding:12px;background-color:#f3f5f7;border-radius:8px;color:#17202a;"
    "font-family:Menlo,Consolas,monospace;font-size:13px;line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere",
    ".preheader": "display:none;max-height:0;max-width:0;overflow:hidden;font-size:1px;line-height:1px;"
    "color:#f3f5f7;opacity:0;mso-hide:all",
    ".outer": "width:100%;background-color:#f3f5f7",
    ".margin": "padding:24px 12px",
    ".sheet": "width:100%;max-width:560px;background-color:#ffffff;border-radius:12px;"
    "border-top:4px solid {colour};table-layout:fixed",
    ".inner": "padding:28px 24px;overflow-wrap:anywhere",
    ".from": f"{_FONT};margin:0 0 20px;font-size:15px;line-height:1.4;font-weight:700;color:#17202a",
    ".action": "margin:22px 0 16px",
    ".button": "border-radius:10px;background-color:{colour};mso-padding-alt:14px 22px",
    ".press": _FONT + ";display:inline-block;padding:14px 22px;border:1px solid {colour};border-radius:10px;"
    "font-size:16px;line-height:1.25;font-weight:600;color:#ffffff;text-decoration:none",
    ".address": "font-size:14px;word-break:break-word;overflow-wrap:anywhere",
    ".soft": _SMALL,
    ".code": "margin:18px 0;font-size:32px;line-height:1.25;font-weight:700;letter-spacing:4px",
    ".facts": "width:100%;margin:0 0 14px",
    ".label": "padding:5px 0;padding-{end}:14px;width:34%;vertical-align:top;font-size:14px;color:#525d69",
    ".value": "padding:5px 0;vertical-align:top;overflow-wrap:anywhere",
    ".foot": "margin:28px 0 0;padding:14px 0 0;border-top:1px solid #dde2e8;font-size:13px;line-height:1.5;"
    "color:#525d69",
}


def inlined(document: str, colour: str, direction: Literal["ltr", "rtl"]) -> str:
    """The document with the styles of its elements and classes in their `style` attributes."""
    start, end = ("left", "right") if direction == "ltr" else ("right", "left")
    writer = _Writer({"{colour}": colour, "{start}": start, "{end}": end})
    writer.feed(document)
    writer.close()
    return "".join(writer.parts)


class _Writer(HTMLParser):
    """Copies a document, and adds a style to each opening tag that has one."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=False)
        self._values = values
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        written = self.get_starttag_text() or ""
        style = self._style(tag, dict(attrs).get("class") or "")
        self.parts.append(f'{written[:-1]} style="{html.escape(style)}">' if style else written)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")

    def _style(self, tag: str, classes: str) -> str:
        styles = [_RULES[each] for each in (tag, *(f".{name}" for name in classes.split())) if each in _RULES]
        merged = dict(rule.split(":", 1) for style in styles for rule in style.split(";"))
        style = ";".join(f"{name}:{value}" for name, value in merged.items())
        for name, value in self._values.items():
            style = style.replace(name, value)
        return style
