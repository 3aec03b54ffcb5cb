"""Rendering of templates into responses with the headers of every page."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.kit.errors import AppError
from app.kit.html import forms, headers
from app.kit.html.templates import environment
from app.kit.web.services import has_services, web_services


class HtmlError(AppError):
    """An error with its own page, for people in a browser."""

    def page(self, request: Request) -> Response:
        """The error page."""
        return _plain(request, self)


def page(
    request: Request, template: str, *, status: int = 200, form_to: tuple[str, ...] = (), **context: Any
) -> HTMLResponse:
    """The page of `room:template.html`. `form_to` names foreign origins that its forms may lead to."""
    html = environment().get_template(template).render(context, root=root(request))
    made = HTMLResponse(html, status, headers.of_page(form_to=form_to, secure=_is_secure(request)))
    if hasattr(request.state, "new_browser"):  # a form on it belongs to a browser without a cookie
        forms.remember(request, made)
    return made


def again_soon(request: Request, template: str, *, seconds: int = 2, **context: Any) -> HTMLResponse:
    """A page that the browser reloads by itself until the result is ready."""
    made = page(request, template, **context)
    made.headers["Refresh"] = str(seconds)
    return made


def root(request: Request) -> str:
    """The path prefix of the public address, usually empty."""
    return web_services(request).path_prefix if has_services(request) else ""


def see_other(request: Request, address: str) -> RedirectResponse:
    """303: redirect to a page with GET. Paths are given without the prefix."""
    return RedirectResponse(address, 303, headers.of_page(secure=_is_secure(request)))


def refusal_page(request: Request, refusal: AppError) -> Response:
    """The error page for a person in a browser."""
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


#: Replaces hints of errors that are meant for programs.
_FOR_PEOPLE = dict.fromkeys((404, 405), "Check the address, or open the page again from the message it came in.")


def _is_secure(request: Request) -> bool:
    return has_services(request) and web_services(request).secure_cookies
