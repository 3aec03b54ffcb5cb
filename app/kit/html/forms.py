"""Reading forms: sent by our own page, in this browser, and no longer than they may be."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from app.kit import encryption
from app.kit.errors import AppError
from app.kit.input.passwords import SENTENCE as PASSWORD
from app.kit.input.passwords import looks_like_password
from app.kit.input.text import is_blank, one_line, visible

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
#: The cookie of a browser that has seen a form of ours.
BROWSER = "keyturn_browser"
LIFETIME = timedelta(days=90)
#: An origin that browsers do not name.
OPAQUE = "null"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_OURS = frozenset({None, "same-origin", "none"})


class ForeignForm(AppError):
    """The form was not sent from our own page, or from a page opened with another cookie."""

    status = 403
    code = "form_refused"
    detail = "This form was not sent from an open page of ours, so nothing was changed."
    hint = "Go back, reload the page and send it again. What you saved before is kept."


class CookiesOff(AppError):
    """The browser did not keep the cookie that came with the form."""

    status = 403
    code = "cookies_off"
    detail = "This browser keeps no cookies, so we can’t tell that it is you."
    hint = "Allow cookies for this page, or open your link in another browser, such as Safari or Chrome."


class Form:
    """The fields of a sent form, as visible text. What cannot be kept of it is noted in `problems`, by field."""

    def __init__(self, fields: FormData) -> None:
        self._fields = fields
        self.problems: dict[str, str] = {}

    def text(self, name: str, *, most: int = 200) -> str:
        """One field; empty if it was not sent or has no visible characters.

        A value that is too long or looks like a password is returned unchanged, to be shown again.
        """
        value = self._fields.get(name, "")
        text = _read(value) if isinstance(value, str) else ""
        if len(text) > most:
            self.problems[name] = f"Use at most {most:,} characters here; these are {len(text):,}."
        elif looks_like_password(text):
            self.problems[name] = PASSWORD
        return text

    def line(self, name: str, *, most: int = 200) -> str:
        """One field of one line, such as a name."""
        return one_line(self.text(name, most=most))

    def texts(self, name: str) -> list[str]:
        """Every value sent under a name: the ticked ones of a list of boxes."""
        return [_read(value) for value in self._fields.getlist(name) if isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """The files chosen under a name; a field in which none was chosen counts as none."""
        return [each for each in self._fields.getlist(name) if isinstance(each, UploadFile) and each.filename]

    def names(self, start: str) -> list[str]:
        """The rest of the names of all fields that start so, each once."""
        return [name.removeprefix(start) for name in dict.fromkeys(self._fields) if name.startswith(start)]

    def ticked(self, name: str) -> bool:
        """True if a box was ticked."""
        return bool(self.text(name))


def browser(request: Request) -> str:
    """Secret that identifies this browser: its cookie, or a new one set with this answer."""
    given = request.cookies.get(BROWSER, "")
    if _SECRET.fullmatch(given):
        return given
    if not hasattr(request.state, "new_browser"):
        request.state.new_browser = encryption.new_secret()
    made: str = request.state.new_browser
    return made


def remember(request: Request, response: Response) -> None:
    """Let the browser keep its cookie for another while. It is one for all links: each link knows its own browsers."""
    response.set_cookie(
        BROWSER,
        browser(request),
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.app.state.secure_cookies,
    )


def token(request: Request, cookie: str | None = None) -> str:
    """The value of the hidden field in every form shown to this browser, or to the one with this cookie."""
    keyed: str = request.app.state.keyring.keyed_hash(cookie or browser(request), purpose="form")
    return keyed


def check_site(request: Request) -> None:
    """Refuses what another site sent, on every route of pages. Browsers say so in two headers that no page can set.

    Our pages have no referrer, so browsers send their forms with `Origin: null`, as they do those of a page without an
    origin: such a form also needs its token.
    """
    if request.method in _HARMLESS:
        return
    if request.headers.get("sec-fetch-site") not in _OURS:
        raise ForeignForm
    origin = request.headers.get("origin")
    if origin not in (None, OPAQUE) and origin.partition("://")[2] not in _own_hosts(request):
        raise ForeignForm


def check_token(request: Request, form: Form, cookie: str) -> None:
    """Refuses a form that was not shown to the browser with this cookie."""
    given = form.text(TOKEN_FIELD)
    if not given.isascii() or not request.app.state.keyring.hash_matches(given, cookie, purpose="form"):
        raise ForeignForm


async def _check_opaque(request: Request) -> None:
    if request.headers.get("origin") == OPAQUE:
        if BROWSER not in request.cookies:
            raise CookiesOff
        check_token(request, await _sent(request), request.cookies[BROWSER])


#: For all routes of a room's pages.
FROM_OUR_SITE = Depends(check_site)
#: For a form that anybody may send who can see its page; the others are checked for their token in any case.
OPEN_TO_ALL = Depends(_check_opaque)


def _own_hosts(request: Request) -> tuple[str, ...]:
    """Our own hosts: the public address, and the host of this request, for links on other domains."""
    return urlsplit(request.app.state.public_url).netloc, request.url.netloc


async def _sent(request: Request) -> Form:
    await request.body()  # kept there: a session also waits for the whole request
    return Form(await request.form(max_files=0))


@asynccontextmanager
async def read_with_files(request: Request, *, most: int) -> AsyncIterator[Form]:
    """The form of a request that may carry files, at most so many; to be entered while no transaction is open."""
    async with request.form(max_files=most) as fields:
        yield Form(fields)


SentForm = Annotated[Form, Depends(_sent)]


def _read(text: str) -> str:
    cleaned = visible(text)
    return "" if is_blank(cleaned) else cleaned
