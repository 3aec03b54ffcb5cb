"""Form parsing and CSRF protection: sent by our own page, in this browser, within size limits."""

import re
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from app.kit import encryption
from app.kit.errors import AppError
from app.kit.i18n.message import Message, _
from app.kit.input import email_address
from app.kit.input.text import (
    CREDENTIAL,
    CREDENTIAL_NEVER_ASKED,
    TypedWrong,
    asks_for_password,
    is_blank,
    looks_like_password,
    one_line,
    too_long,
    visible,
)
from app.kit.web.request_checks import PrefixedRoute
from app.kit.web.services import web_services

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
#: The cookie of a browser that has seen one of our forms.
BROWSER = "keyturn_browser"
LIFETIME = timedelta(days=90)
#: The value of Origin for an opaque origin.
OPAQUE = "null"
_LONGEST_VERSION = 9
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_OURS = frozenset({None, "same-origin", "none"})


class ForeignForm(AppError):
    """The form was not sent from our own page, or from a page opened with another cookie."""

    status = 403
    code = "form_refused"
    message = _("This form was not sent from an open page of ours, so nothing was changed.")
    advice = _("Go back, reload the page and send it again. What you saved before is kept.")


class CookiesOff(AppError):
    """The browser did not store the cookie that came with the form."""

    status = 403
    code = "cookies_off"
    message = _("This browser keeps no cookies, so we can’t tell that it is you.")
    advice = _("Allow cookies for this page, or open your link in another browser, such as Safari or Chrome.")


class Form:
    """Fields of a submitted form, as visible text. Text that cannot be stored is noted in `problems`, by field."""

    def __init__(self, fields: FormData) -> None:
        self._fields = fields
        self.problems: dict[str, Message] = {}

    def text(self, name: str, *, most: int = 200) -> str:
        """One field; empty if it was not sent or has no visible characters.

        A value that is too long or looks like a password is returned unchanged, to be shown again.
        """
        value = self._fields.get(name, "")
        text = _read(value) if isinstance(value, str) else ""
        if len(text) > most:
            self.problems[name] = too_long(text, most)
        elif looks_like_password(text):
            self.problems[name] = CREDENTIAL
        return text

    def secret(self, name: str) -> str:
        """A password, exactly as it was typed; never shown again."""
        value = self._fields.get(name, "")
        return value if isinstance(value, str) else ""

    def line(self, name: str, *, most: int = 200) -> str:
        """One single-line field, such as a name."""
        return one_line(self.text(name, most=most))

    def asked(self, name: str, *, most: int = 200) -> str:
        """One single-line field that clients will read: nobody asks them for a password."""
        line = self.line(name, most=most)
        if asks_for_password(line):
            self.problems.setdefault(name, CREDENTIAL_NEVER_ASKED)
        return line

    def email(self, name: str) -> str:
        """One e-mail address; an invalid one is returned unchanged and noted. Empty if it was not sent."""
        typed = self.text(name, most=email_address.LONGEST)
        if not typed or name in self.problems:
            return typed
        try:
            return email_address.read(typed)
        except TypedWrong as wrong:
            self.problems[name] = wrong.message
            return typed

    def texts(self, name: str) -> list[str]:
        """All values of one name: the ticked boxes of a list."""
        return [_read(value) for value in self._fields.getlist(name) if isinstance(value, str)]

    def pairs(self, *, but: Container[str] = ()) -> list[tuple[str, str]]:
        """Names and values of all fields as they were sent, to be sent once more; `but`: without these."""
        return [
            (name, value) for name, value in self._fields.multi_items() if isinstance(value, str) and name not in but
        ]

    def files(self, name: str) -> list[UploadFile]:
        """The files of one field; a field without a file counts as none."""
        return [each for each in self._fields.getlist(name) if isinstance(each, UploadFile) and each.filename]

    def names(self, start: str) -> list[str]:
        """The suffixes of all field names with a prefix, each once."""
        return [name.removeprefix(start) for name in dict.fromkeys(self._fields) if name.startswith(start)]

    def version(self, name: str = "version") -> int:
        """The version that a hidden field names; 0 if it names none."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_VERSION else 0

    def ticked(self, name: str) -> bool:
        """True if a box was ticked."""
        return bool(self.text(name))


def browser(request: Request) -> str:
    """The secret that identifies this browser: its cookie, or a new one set with this response."""
    given = request.cookies.get(BROWSER, "")
    if _SECRET.fullmatch(given):
        return given
    if not hasattr(request.state, "new_browser"):
        request.state.new_browser = encryption.new_secret()
    made: str = request.state.new_browser
    return made


def remember(request: Request, response: Response) -> None:
    """Extend the browser's cookie. It is one for all links: each link knows its own browsers."""
    response.set_cookie(
        BROWSER,
        browser(request),
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=web_services(request).secure_cookies,
    )


def token(request: Request, cookie: str | None = None) -> str:
    """The hidden token of every form shown to this browser, or to the browser with this cookie."""
    keyed: str = web_services(request).keyring.keyed_hash(cookie or browser(request), purpose="form")
    return keyed


async def check_site(request: Request) -> None:
    """Refuse cross-site requests, on every route of pages. Browsers send two headers that no page can set.

    Our pages send no referrer, so browsers send their forms with `Origin: null`, as they do for pages with an opaque
    origin. Such a form also needs its token.
    """
    if request.method in _HARMLESS:
        return
    if request.headers.get("sec-fetch-site") not in _OURS:
        raise ForeignForm
    origin = request.headers.get("origin")
    if origin not in (None, OPAQUE) and origin.partition("://")[2] not in _own_hosts(request):
        raise ForeignForm


def check_token(request: Request, form: Form, cookie: str) -> None:
    """Refuse a form that was not shown to the browser with this cookie."""
    given = form.text(TOKEN_FIELD)
    if not given.isascii() or not web_services(request).keyring.hash_matches(given, cookie, purpose="form"):
        raise ForeignForm


async def _check_opaque(request: Request) -> None:
    if request.headers.get("origin") == OPAQUE:
        await _check_shown(request)


async def _check_shown(request: Request) -> None:
    if BROWSER not in request.cookies:
        raise CookiesOff
    check_token(request, await _sent(request), request.cookies[BROWSER])


def page_router() -> APIRouter:
    """A router for pages: not in the OpenAPI document, and forms of other sites are refused."""
    return APIRouter(include_in_schema=False, route_class=PrefixedRoute, dependencies=[Depends(check_site)])


#: For a form on a page that anybody can see; other forms always need their token.
OPEN_TO_ALL = Depends(_check_opaque)
#: For a form of such a page that only the browser may send to which it was shown.
SHOWN_HERE = Depends(_check_shown)


def _own_hosts(request: Request) -> tuple[str, ...]:
    """Our own hosts: the public address, and the host of this request, for links on other domains."""
    return urlsplit(web_services(request).public_url).netloc, request.url.netloc


async def _sent(request: Request) -> Form:
    await request.body()  # a session waits for the whole request too
    return Form(await request.form(max_files=0))


@asynccontextmanager
async def read_with_files(request: Request, *, most: int, field_bytes: int = 1024 * 1024) -> AsyncIterator[Form]:
    """The form of a request with at most this many files; enter while no transaction is open.

    `field_bytes`: the limit of a field that is no file.
    """
    async with request.form(max_files=most, max_part_size=field_bytes) as fields:
        yield Form(fields)


SentForm = Annotated[Form, Depends(_sent)]


def _read(text: str) -> str:
    cleaned = visible(text)
    return "" if is_blank(cleaned) else cleaned
