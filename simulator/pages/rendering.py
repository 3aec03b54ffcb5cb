"""Renders the simulator's pages; all of them say that this is not TikTok."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

_TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")

_HEADERS = {
    # No form-action: browsers apply it to the redirect after a form too, and ours leads to the app's address.
    "Content-Security-Policy": ("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(request: Request, template: str, context: dict[str, object], status: int = 200) -> Response:
    return _TEMPLATES.TemplateResponse(request, template, context, status_code=status, headers=_HEADERS)
