"""Reading forms: sent by our own page, in this browser, and no longer than they may be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from app.kit.input.passwords import SENTENCE as PASSWORD
from app.kit.input.passwords import looks_like_password
from app.kit.input.text import is_blank, one_line, visible
from app.kit.refusal import Refusal

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
_OURS = frozenset({None, "same-origin", "none"})


class ForeignForm(Refusal):
    """The form was not sent from our own page, or from a page opened with another cookie."""

    status = 403
    code = "form_refused"
    detail = "This form was not sent from an open page of ours, so nothing was changed."
    hint = "Go back, reload the page and send it again. What you saved before is kept."


class Form:
    """The fields of a sent form, as visible text. What cannot be kept of it is noted in `problems`, by field."""

    def __init__(self, fields: FormData) -> None:
        self._fields = fields
        self.problems: dict[str, str] = {}

    def text(self, name: str, *, most: int = 200) -> str:
        """One field; empty when it was not sent, or when nothing is to be seen of it.

        It is given back as it is, to be shown again, when it is too long or looks like a password.
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
        """Whether a box was ticked."""
        return bool(self.text(name))


def token(request: Request, cookie: str) -> str:
    """The value of the hidden field in every form shown to the browser with this cookie."""
    keyed: str = request.app.state.vault.keyed_hash(cookie, purpose="form")
    return keyed


def check_site(request: Request) -> None:
    """Refuses what another site sent. Browsers tell by a header that no page can set."""
    if request.headers.get("sec-fetch-site") not in _OURS:
        raise ForeignForm


def check_token(request: Request, form: Form, cookie: str) -> None:
    """Refuses a form that was not shown to the browser with this cookie."""
    given = form.text(TOKEN_FIELD)
    if not given.isascii() or not request.app.state.vault.hash_matches(given, cookie, purpose="form"):
        raise ForeignForm


#: For a route that needs no more of a form than that it is ours.
FROM_OUR_SITE = Depends(check_site)


async def _sent(request: Request) -> Form:
    check_site(request)
    return Form(await request.form(max_files=0))


@asynccontextmanager
async def read_with_files(request: Request, *, most: int) -> AsyncIterator[Form]:
    """The form of a request that may carry files, at most so many; to be entered while no transaction is open."""
    check_site(request)
    async with request.form(max_files=most) as fields:
        yield Form(fields)


SentForm = Annotated[Form, Depends(_sent)]


def _read(text: str) -> str:
    cleaned = visible(text)
    return "" if is_blank(cleaned) else cleaned
