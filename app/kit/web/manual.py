"""The manual of this version: the site that `make manual` builds, served under the policy of every page."""

from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from app.kit.errors import AppError
from app.kit.html import render
from app.kit.i18n.message import _
from app.kit.web import headers

FOLDER = Path(__file__).parents[3] / "manual"
PATH = "/manual"
router = APIRouter(include_in_schema=False)


class ManualMissing(AppError):
    """The site was not built."""

    status = 404
    code = "manual_missing"
    message = _("The manual is not part of this installation.")
    advice = _("Ask the person who runs it to build it with {command}.", command="make manual")


class ManualFiles(StaticFiles):
    """Files of the site. Its pages may use scripts and styles of this host, as all pages may, and nothing else."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 404."""
        found = await super().get_response(path, scope)
        if found.media_type == "text/html":
            found.headers["Content-Security-Policy"] = headers.of_page()["Content-Security-Policy"]
        return found


@cache
def is_built() -> bool:
    """True if the site is there."""
    return (FOLDER / "index.html").is_file()


@router.get(PATH)
async def first_page(request: Request) -> RedirectResponse:
    """Redirect to the first page: links on it are relative to the folder."""
    if not is_built():
        raise ManualMissing
    return render.see_other(request, f"{PATH}/index.html")
