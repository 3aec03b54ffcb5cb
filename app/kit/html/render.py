"""Rendering: a template and what it shows become an answer with the headers every page has."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.kit.errors import AppError
from app.kit.html import forms, headers
from app.kit.html.templates import environment


class HtmlError(AppError):
    """A refusal with a page of its own, for people in a browser."""

    def page(self, request: Request) -> Response:
        """The page that says so."""
        return _plain(request, self)


def page(
    request: Request, template: str, *, status: int = 200, form_to: tuple[str, ...] = (), **context: Any
) -> HTMLResponse:
    """The page of `room:template.html`. `form_to` names foreign origins its forms may lead to."""
    html = environment().get_template(template).render(context, root=root(request))
    made = HTMLResponse(html, status, headers.of_page(form_to=form_to, secure=_is_secure(request)))
    if hasattr(request.state, "new_browser"):  # a form on it was made for a browser that has no cookie yet
        forms.remember(request, made)
    return made


def again_soon(request: Request, template: str, *, seconds: int = 2, **context: Any) -> HTMLResponse:
    """A page that the browser loads again by itself: the answer is on its way."""
    made = page(request, template, **context)
    made.headers["Refresh"] = str(seconds)
    return made


def root(request: Request) -> str:
    """The path of the public address, before every path that a page names; mostly empty."""
    return str(getattr(request.app.state, "path_prefix", ""))


def see_other(request: Request, address: str) -> RedirectResponse:
    """303: look there now, with GET. A path of ours is given without the root."""
    return RedirectResponse(address, 303, headers.of_page(secure=_is_secure(request)))


def refusal_page(request: Request, refusal: AppError) -> Response:
    """What a person in a browser sees of a refusal."""
    return refusal.page(request) if isinstance(refusal, HtmlError) else _plain(request, refusal)


def _plain(request: Request, refusal: AppError) -> HTMLResponse:
    return page(
        request,
        "kit/html:refusal.html",
        status=refusal.status,
        detail=refusal.detail,
        hint=_FOR_PEOPLE.get(refusal.status, refusal.hint),
        problems=refusal.fields,
        request_id=getattr(request.state, "request_id", None) if refusal.status >= 500 else None,
    )


#: Where the hint of a refusal speaks to programs, people read this.
_FOR_PEOPLE = dict.fromkeys((404, 405), "Check the address, or open the page again from the message it came in.")


def _is_secure(request: Request) -> bool:
    return bool(getattr(request.app.state, "secure_cookies", False))
