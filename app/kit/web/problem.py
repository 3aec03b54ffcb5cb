"""Error responses: `application/problem+json` under /api, a page for people elsewhere."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.kit import logs
from app.kit.database import DatabaseAway, is_away
from app.kit.encryption import DecryptionFailed
from app.kit.errors import AppError, NotFound
from app.kit.i18n.locales import english
from app.kit.i18n.message import _
from app.kit.ids import MalformedId
from app.kit.input.validation_errors import BrokenJson, refusal_of
from app.kit.keyring_check import KeyringIncomplete
from app.kit.throttle import Throttled
from app.kit.web import headers
from app.kit.web.services import web_services

log = structlog.get_logger(__name__)

API = "/api/"
MEDIA_TYPE = "application/problem+json"
_INITIALS = frozenset({"json", "toml", "url"})
#: Renders the response for a person in a browser.
Page = Callable[[Request, AppError], Response]
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "60"}, 503: {"Retry-After": "10"}}


class Problem(BaseModel):
    """An error (RFC 9457). `code` is for programs and never changes; `detail` and `hint` are for people."""

    type: str = Field(examples=["urn:keyturn:problem:not_found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str = Field(description="What happened.", examples=["There is nothing here under this id."])
    hint: str | None = Field(
        description="What to do.", examples=["Check the id, and that the API key belongs to the same agency."]
    )
    request_id: str | None = Field(
        description="Also in the header X-Request-Id and in the log.",
        examples=["req_01ksy1q3e0fzs8qj5m8g3d4w7r"],
    )
    errors: dict[str, str] = Field(
        default_factory=dict, description="A sentence for each field that is wrong.", examples=[{}]
    )


class PathUnknown(NotFound):
    """The path does not exist."""

    code = "path_unknown"
    detail = english(NotFound.message)
    hint = "GET /api/v1/openapi.json lists every address."


class MethodRefused(AppError):
    """The path exists, but not for this method."""

    status = 405
    code = "method_not_allowed"
    detail = "This address does not take this method."
    hint = "The header `Allow` lists those it takes."
    message = NotFound.message
    advice = NotFound.advice


class UnreadableRequest(AppError):
    """The request is malformed at the HTTP level."""

    code = "unreadable"
    detail = "The request could not be read."
    hint = "Check how it is put together, and send it again."


class Unexpected(AppError):
    """An unexpected error. The response contains only the request's id."""

    status = 500
    code = "unexpected"
    message = _("That did not work, and it is not your fault.")
    advice = _("Try again. If it happens again, give the request id to the operator of this installation.")


def answer(request: Request, refusal: AppError, *, page: Page) -> Response:
    """The error in the format of the caller."""
    if not request.url.path.startswith(API):
        made = page(request, refusal)
        if refusal.status == DatabaseAway.status or isinstance(refusal.__cause__, Throttled):
            made.headers.update(_headers(refusal))
        return made
    body = Problem(
        type=f"urn:keyturn:problem:{refusal.code}", title=_title(refusal.code),
        status=refusal.status, code=refusal.code, detail=refusal.detail, hint=refusal.hint,
        request_id=getattr(request.state, "request_id", None), errors=refusal.fields,
    )  # fmt: skip
    more = {"Cache-Control": "no-store", **_headers(refusal)}
    return JSONResponse(body.model_dump(), refusal.status, more, MEDIA_TYPE)


def _headers(refusal: AppError) -> dict[str, str]:
    """Headers by the status, with the true wait where a limit of usage is the cause."""
    found = dict(_HEADERS.get(refusal.status, {}))
    if isinstance(refusal.__cause__, Throttled):
        found["Retry-After"] = str(math.ceil(refusal.__cause__.retry_after.total_seconds()))
    return found


def _title(code: str) -> str:
    """The code in words."""
    first, *others = [each.upper() if each in _INITIALS else each for each in code.split("_")]
    return " ".join([first[:1].upper() + first[1:], *others])


def add_to(app: FastAPI, *, page: Page) -> None:
    """Register a response for every way in which a request can fail."""

    async def refused(request: Request, problem: Exception) -> Response:
        made = answer(request, _refusal(request, problem), page=page)
        made.headers.update(getattr(problem, "headers", None) or {})
        return made

    async def unexpected(request: Request, problem: Exception) -> Response:
        request_id = getattr(request.state, "request_id", None)
        log.error("request.failed", request_id=request_id, exc_info=problem)
        made = answer(request, Unexpected(), page=page)
        if request_id:
            made.headers["X-Request-Id"] = request_id
        # this response passes no middleware
        for name, value in headers.everywhere(secure=web_services(request).secure_cookies).items():
            made.headers.setdefault(name, value)
        return made

    async def broken(request: Request, problem: Exception) -> Response:
        if not is_away(problem):
            raise problem
        log.warning("database.away", reason=logs.without_secrets(str(problem.__cause__ or problem)))
        return answer(request, DatabaseAway(), page=page)

    async def undecryptable(request: Request, problem: Exception) -> Response:
        why = problem if isinstance(problem, DecryptionFailed) else DecryptionFailed(str(problem))
        log.error("key_ring.incomplete", key_id=why.key_id, problem=str(why))
        return answer(request, KeyringIncomplete.of(why), page=page)

    app.add_exception_handler(DecryptionFailed, undecryptable)
    for kind in (AppError, RequestValidationError, HTTPException, MalformedId, ClientDisconnect):
        app.add_exception_handler(kind, refused)
    for lost in (DatabaseAway, SQLAlchemyError):
        app.add_exception_handler(lost, broken)
    app.add_exception_handler(Exception, unexpected)
    _document(app)


def _refusal(request: Request, problem: Exception) -> AppError:
    if isinstance(problem, AppError):
        return problem
    if isinstance(problem, RequestValidationError):
        route = request.scope.get("route")
        body = route.body_field if isinstance(route, APIRoute) else None
        return refusal_of(problem, body.field_info.annotation if body else None)
    if isinstance(problem, MalformedId):
        return NotFound()
    status = problem.status_code if isinstance(problem, HTTPException) else 400
    if status == 400 and "body" in str(getattr(problem, "detail", "")):
        return BrokenJson()  # FastAPI's message for JSON it could not decode
    return {404: PathUnknown, 405: MethodRefused}.get(status, UnreadableRequest)()


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these error statuses."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def _document(app: FastAPI) -> None:
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        document["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for this
