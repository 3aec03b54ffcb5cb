"""Rendering of templates into responses with the headers of every page.

`room:page.html` is `app/room/templates/page.html`, so that each room has its own templates.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import BaseLoader, Environment, TemplateNotFound, pass_context
from jinja2.runtime import Context

from app.kit.errors import AppError
from app.kit.html import forms, language, static_dir
from app.kit.i18n import locales, templates
from app.kit.web import headers, web_address
from app.kit.web.services import has_services, web_services

#: Folders that contain rooms: the product's, and the project's root for demo and simulator.
_ROOTS = (Path(__file__).parents[2], Path(__file__).parents[3])


class HtmlError(AppError):
    """An error with its own page, for people in a browser."""

    def page(self, request: Request) -> Response:
        """The error page."""
        return _plain(request, self)


def page(
    request: Request, template: str, *, status: int = 200, form_to: tuple[str, ...] = (), **context: Any
) -> HTMLResponse:
    """The page of `room:template.html`. `form_to` names foreign origins that its forms may lead to."""
    locale = language.locale_of(request)
    shown = {"root": root(request), "languages": language.switch(request), **context}
    if form_to and has_services(request):  # the way back from there leads over our registered address
        form_to = (*form_to, web_address.origin(web_services(request).public_url))
    html = environment(locale.tag).get_template(template).render(shown)
    made = HTMLResponse(html, status, headers.of_page(form_to=form_to, secure=_is_secure(request)))
    language.remember(request, made)
    if hasattr(request.state, "new_browser"):  # a form on it belongs to a browser without a cookie
        forms.remember(request, made)
    return made


def again_soon(request: Request, template: str, *, seconds: int = 2, **context: Any) -> HTMLResponse:
    """A page that the browser reloads by itself until the result is ready."""
    made = page(request, template, **context)
    made.headers["Refresh"] = str(seconds)
    return made


def see_other(request: Request, address: str) -> RedirectResponse:
    """303: redirect to a page with GET. Paths are given without the prefix."""
    return RedirectResponse(address, 303, headers.of_page(secure=_is_secure(request)))


def refusal_page(request: Request, refusal: AppError) -> Response:
    """The error page for a person in a browser."""
    return refusal.page(request) if isinstance(refusal, HtmlError) else _plain(request, refusal)


def root(request: Request) -> str:
    """The path prefix of the public address, usually empty."""
    return web_services(request).path_prefix if has_services(request) else ""


def _plain(request: Request, refusal: AppError) -> HTMLResponse:
    return page(
        request,
        "kit/html:refusal.html",
        status=refusal.status,
        message=refusal.message,
        advice=refusal.advice,
        is_of_member=language.is_of_member(request),
        request_id=getattr(request.state, "request_id", None) if refusal.status >= 500 else None,
    )


def _is_secure(request: Request) -> bool:
    return has_services(request) and web_services(request).secure_cookies


class Rooms(BaseLoader):
    """Loads a template from the `templates` folder of the room it names."""

    def get_source(self, _: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        room, name = template.split(":", 1) if ":" in template else (template, "")
        path = next((found for root in _ROOTS if (found := root / room / "templates" / name).is_file()), None)
        if not name or path is None:
            raise TemplateNotFound(template)
        changed = path.stat().st_mtime
        return path.read_text("utf-8"), str(path), lambda: path.stat().st_mtime == changed


@cache
def environment(tag: str) -> Environment:
    """The templates of all rooms in one language."""
    made = templates.environment(Rooms(), locales.find(tag), autoescape=True)
    made.globals.update(static=_static, link=templates.link)
    return made


@pass_context
def _static(context: Context, name: str) -> str:
    return f"{context.get('root', '')}{static_address(name)}"


@cache
def static_address(name: str) -> str:
    """The URL of a static file; it changes with the content."""
    digest = hashlib.sha256((static_dir / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:8]}"
