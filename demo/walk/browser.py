"""A browser as far as the walk needs one: cookies, redirects, and the forms of a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx2


@dataclass(frozen=True)
class File:
    """A file that somebody chooses."""

    name: str
    content: bytes


#: What somebody fills a field with; a list ticks several of one name.
Answer = str | list[str] | File


class NotAsExpected(Exception):
    """The page is not the one a person would need to go on; the message quotes it."""


@dataclass
class Button:
    """A button with the value it sends, if it has a name."""

    name: str | None
    value: str
    words: str = ""


@dataclass
class Form:
    """A form with what its fields hold when nobody touches them; `choices` are values not ticked."""

    action: str
    method: str = "post"
    takes_files: bool = False
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list["Button"] = field(default_factory=list)
    words: str = ""


@dataclass(frozen=True)
class Page:
    """Page shown in the browser."""

    address: str
    status: int
    words: str
    forms: tuple[Form, ...]

    def form(self, words: str) -> Form:
        """The form with these words in it. Raises NotAsExpected."""
        for each in self.forms:
            if words.lower() in each.words.lower():
                return each
        raise NotAsExpected(f"no form with “{words}” at {self.address} ({self.status}): {self.words[:600]}")


class Browser:
    """One person's browser. `transport`: over what its requests go, the network unless given."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._http = httpx2.AsyncClient(transport=transport, follow_redirects=True, timeout=60, trust_env=False)
        self.page = Page("", 0, "", ())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def open(self, address: str) -> Page:
        """Goes to an address."""
        return self._show(await self._http.get(address))

    @property
    def screen(self) -> str:
        """The last part of the address, which names the client's screen."""
        return httpx2.URL(self.page.address).path.rpartition("/")[2]

    async def press(self, words: str, answers: Mapping[str, Answer] | None = None) -> Page:
        """Fills and sends the form with these words."""
        form = self.page.form(words)
        data: dict[str, Answer] = {}
        for name in dict(form.fields):
            data[name] = [value for other, value in form.fields if other == name]
        pressed = next((each for each in form.buttons if words.lower() in each.words.lower()), None)
        if pressed and pressed.name:
            data[pressed.name] = pressed.value
        return await self.send(form, {**data, **(answers or {})})

    async def send(self, form: Form, data: Mapping[str, Answer]) -> Page:
        """Sends a form with these values."""
        address = urljoin(self.page.address, form.action)
        texts = {name: value for name, value in data.items() if not isinstance(value, File)}
        if form.method == "get":
            return self._show(await self._http.get(address, params=texts))
        files = {name: (value.name, value.content) for name, value in data.items() if isinstance(value, File)}
        return self._show(await self._http.post(address, data=texts, files=files if form.takes_files else None))

    def _show(self, response: httpx2.Response) -> Page:
        reader = _Reader(str(response.url))
        reader.feed(response.text)
        self.page = Page(str(response.url), response.status_code, " ".join(reader.words), tuple(reader.forms))
        return self.page


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._by_id: dict[str, Form] = {}
        self._area: str | None = None
        self._button: Button | None = None
        self._is_outside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            method, kind = (given.get("method") or "get").lower(), given.get("enctype") or ""
            self._form = Form(given.get("action") or self.address, method, kind.startswith("multipart/"))
            self.forms.append(self._form)
            self._by_id[given.get("id") or ""] = self._form
        if tag == "button":
            self._is_outside = "form" in given
        if tag == "button" and self._is_outside:
            self._form = self._by_id[given["form"] or ""]
        if self._form is None:
            return
        if tag == "button":
            self._button = Button(given.get("name"), given.get("value") or "")
            self._form.buttons.append(self._button)
        if not (name := given.get("name")):
            return
        value = given.get("value") or ""
        if tag == "textarea":
            self._area = name
        if tag != "input":
            return
        if given.get("type") == "file":
            return
        if given.get("type") in ("checkbox", "radio") and "checked" not in given:
            self._form.choices.setdefault(name, []).append(value)
        else:
            self._form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" or (tag == "button" and self._is_outside):
            self._form = None
        if tag == "textarea":
            self._area = None
        if tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        words = data.strip()
        if self._area and self._form:
            self._form.fields.append((self._area, data))
        elif words:
            self.words.append(words)
            if self._form:
                self._form.words += " " + words
            if self._button:
                self._button.words += " " + words
