"""Client of TikTok's API for Business v1.3: rate limit, response envelope, recorded call, pages, four failures.

A recorded call contains no tokens and no e-mail addresses, and is truncated to a maximum size.
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from app.platforms.port import (
    Access,
    App,
    Denied,
    Outcome,
    Priority,
    RecordCall,
    RecordedCall,
    Unavailable,
    Unclear,
    UnexpectedAnswer,
)
from app.platforms.rate_limiter import Busy, RateLimiter
from app.platforms.tiktok import errors, responses

TIMEOUT = httpx2.Timeout(15.0, connect=5.0)
MOST_PAGES = 200
#: Restarts of a read whose list changed between pages.
MOST_READS = 3
#: Responses of these contain tokens or identify a person.
_NOT_KEPT = ("oauth2/", "user/")
_LARGEST = 32_768
_ADDRESS = re.compile(r"([^\s@<>(),;:\"'])[^\s@<>(),;:\"']*@([\w.-]+\.\w+)")
#: NUL and lone surrogates
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
Value = TypeVar("Value")
Answer = TypeVar("Answer", bound=BaseModel)
Item = TypeVar("Item", bound=responses.ResponseShape)


@dataclass(frozen=True)
class Wire:
    """Base address, HTTP client and rate limiter for TikTok calls.

    `base` ends before the path, e.g. `…/open_api/v1.3`.
    """

    http: httpx2.AsyncClient
    base: str
    rate_limiter: RateLimiter


async def get(
    wire: Wire,
    access: Access,
    path: str,
    query: Mapping[str, Any],
    shape: type[Answer],
    record: RecordCall,
    *,
    app: App | None = None,
) -> Answer:
    """Read. Lists and objects are sent as JSON text in one parameter; the app's secret is not recorded."""
    secret = {"app_id": app.app_id, "secret": app.secret} if app else {}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
    request = wire.http.build_request(
        "GET", f"{wire.base}/{path}", params={**texts, **secret}, headers={"Access-Token": access.token},
        timeout=TIMEOUT,
    )  # fmt: skip
    turn = _Turn(wire, path, access.app_id, access.priority, _shown(query, app), write=False)
    return await turn.call(request, shape, record)


async def post(
    wire: Wire, access: Access, path: str, body: Mapping[str, Any], shape: type[Answer], record: RecordCall
) -> Answer:
    """Write with a token."""
    headers = {"Access-Token": access.token}
    request = wire.http.build_request("POST", f"{wire.base}/{path}", json=body, headers=headers, timeout=TIMEOUT)
    turn = _Turn(wire, path, access.app_id, access.priority, body, write=True)
    return await turn.call(request, shape, record)


async def post_as_app(
    wire: Wire,
    app: App,
    path: str,
    secrets: Mapping[str, str],
    shape: type[Answer],
    record: RecordCall,
    *,
    priority: Priority,
    token: str | None = None,
) -> Answer:
    """Write in the app's own name; of its body only the app id is recorded."""
    body = {"app_id": app.app_id, "secret": app.secret, **secrets}
    headers = {"Access-Token": token} if token else {}
    request = wire.http.build_request("POST", f"{wire.base}/{path}", json=body, headers=headers, timeout=TIMEOUT)
    turn = _Turn(wire, path, app.app_id, priority, _shown({}, app), write=True)
    return await turn.call(request, shape, record)


async def all_pages(read: Callable[[int], Awaitable[responses.PageOf[Item]]]) -> list[Item]:
    """The rows of all pages. `read` returns one page, numbered from 1.

    Raises UnexpectedAnswer rather than return part of a list, because missing rows would be taken for removed. That
    happens if the list has too many pages, or if rows keep disappearing during the read and others move up a page.
    """
    for _ in range(MOST_READS):
        rows: list[Item] = []
        totals: set[int | None] = set()
        for page in range(1, MOST_PAGES + 1):
            answer = await read(page)
            rows += answer.rows
            totals.add(answer.page_info.total_number)
            if page >= answer.page_info.total_page:
                break
        else:
            raise UnexpectedAnswer(_said(f"the list has more than {MOST_PAGES} pages"))
        if len(totals) == 1:
            return rows
    raise UnexpectedAnswer(_said("the list changed while its pages were read"))


def _said(message: str) -> RecordedCall:
    return RecordedCall("paging", {}, "changed", code=None, message=message, request_id=None, answer={}, took_ms=0)


def recorded_answer(path: str, data: Any) -> dict[str, Any]:
    """The response's `data`: complete up to 32 KiB, else only a note that it was larger."""
    if not isinstance(data, dict) or path.startswith(_NOT_KEPT):
        return {}
    shown = without_addresses(data)
    return shown if len(json.dumps(shown)) <= _LARGEST else {"left_out": "answer over 32 KiB"}


def without_addresses(value: Value) -> Value:
    """Mask e-mail addresses except first letter and domain, so that insiders can still recognize the person."""
    return _shortened(value)  # type: ignore[no-any-return]  # the same shape comes out, piece by piece


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub(r"\1…@\2", value)
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(each) for each in value]
    return value


def _shown(fields: Mapping[str, Any], app: App | None) -> Mapping[str, Any]:
    return {**fields, "app_id": app.app_id} if app else fields


@dataclass(frozen=True)
class _Turn:
    """A call to be made, and the part of it that is recorded as evidence."""

    wire: Wire
    path: str
    app_id: str
    priority: Priority
    shown: Mapping[str, Any]
    write: bool

    async def call(self, request: httpx2.Request, shape: type[Answer], record: RecordCall) -> Answer:
        """Wait for the rate limit, call, and parse the response. Raises the failures of the port."""
        try:
            reservation = await self.wire.rate_limiter.reserve(self.app_id, self.priority)
        except Busy as busy:  # nothing was called, so there is no evidence to record
            waits = self._evidence("unavailable", f"TikTok was not called: {busy}", {}, 0)
            raise Unavailable(waits, busy.retry_after, limited=busy.limited) from busy
        started = time.monotonic()
        answer: dict[str, Any] = {}

        def done(outcome: Outcome, message: str) -> RecordedCall:
            call = self._evidence(outcome, message, answer, int((time.monotonic() - started) * 1000))
            record(call)
            return call

        try:
            response = await self.wire.http.send(request)
            answer = _envelope(response)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as problem:
            message = f"no connection to TikTok: {type(problem).__name__}"
            raise Unavailable(done("unavailable", message), 1.0) from problem
        except (httpx2.TransportError, _NoEnvelope) as problem:
            message = str(problem) or f"the connection ended: {type(problem).__name__}"
            if self.write:
                raise Unclear(done("unclear", message)) from problem
            raise Unavailable(done("unavailable", message), 1.0) from problem
        code, message = answer["code"], str(answer.get("message", ""))
        meaning = errors.meaning(code, write=self.write)
        if meaning == "limited":
            call = done("unavailable", message)
            await self.wire.rate_limiter.limited(self.app_id, reservation)
            raise Unavailable(call, errors.retry_after(code), limited=True)
        if meaning != "ok":
            raise _failure(meaning, code, message, done)
        value = _shaped(answer, shape, done)
        await self.wire.rate_limiter.succeeded(self.app_id, reservation)
        return value

    def _evidence(self, outcome: Outcome, message: str, answer: Mapping[str, Any], took_ms: int) -> RecordedCall:
        return RecordedCall(
            operation=self.path.rstrip("/"), outcome=outcome, code=answer.get("code"),
            request=without_addresses(dict(self.shown)),
            message=without_addresses(message), request_id=answer.get("request_id"),
            answer=recorded_answer(self.path, answer.get("data")), took_ms=took_ms,
        )  # fmt: skip


def _failure(meaning: errors.Meaning, code: int, message: str, done: Any) -> Exception:
    if meaning == "denied":
        about_asset = errors.about_asset(code, message)
        return Denied(done("denied", message), errors.blocker(code, message), about_asset=about_asset)
    if meaning == "unavailable":
        return Unavailable(done("unavailable", message), errors.retry_after(code))
    return Unclear(done("unclear", message))


def _shaped(answer: Mapping[str, Any], shape: type[Answer], done: Any) -> Answer:
    try:
        value = shape.model_validate(answer.get("data") or {})
    except ValidationError as problem:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'data'}: {each['type']}" for each in problem.errors()[:3]
        )
        raise UnexpectedAnswer(
            done("changed", f"TikTok's answer has another shape than documented: {wrong}")
        ) from problem
    done("ok", str(answer.get("message", "")))
    return value


class _NoEnvelope(Exception):
    """The response is not TikTok's envelope: the call did not reach the API, or the response was corrupted."""


def _envelope(response: httpx2.Response) -> dict[str, Any]:
    if response.status_code != 200:
        raise _NoEnvelope(f"HTTP {response.status_code} instead of an answer")
    try:
        answer = response.json()
    except ValueError as problem:
        raise _NoEnvelope("the answer is not JSON") from problem
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
        raise _NoEnvelope("the answer has no code")
    return {name: _storable(value) for name, value in answer.items()}


def _storable(value: Any) -> Any:
    """Replace characters that JSON can encode but PostgreSQL cannot store."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {name: _storable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return value
