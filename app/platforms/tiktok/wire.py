"""One function per call to TikTok's API for Business v1.3 (https://business-api.tiktok.com/portal/docs)."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from app.platforms.port import App, Call, Changed, Denied, Keep, Outcome, Unavailable, Unclear
from app.platforms.tiktok import codes, shapes

TIMEOUT = httpx2.Timeout(15.0, connect=5.0)
PAGE_SIZE = 50
Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True)
class Wire:
    """Where TikTok is, and the connections to it. `base` ends before the path, e.g. `…/open_api/v1.3`."""

    http: httpx2.AsyncClient
    base: str


async def access_token(wire: Wire, app: App, auth_code: str, keep: Keep) -> shapes.AccessToken:
    """`POST /oauth2/access_token/` (portal/docs?id=1739965703387137): the code is good once, for an hour."""
    body = {"app_id": app.app_id, "secret": app.secret, "auth_code": auth_code}
    return await _post(wire, "oauth2/access_token/", body, shapes.AccessToken, keep, show={"app_id": app.app_id})


async def revoke_token(wire: Wire, app: App, token: str, keep: Keep) -> None:
    """`POST /oauth2/revoke_token/` (portal/docs?id=1739965723304961)."""
    body = {"app_id": app.app_id, "secret": app.secret, "access_token": token}
    show = {"app_id": app.app_id}
    await _post(wire, "oauth2/revoke_token/", body, shapes.Nothing, keep, token=token, show=show)


async def advertisers(wire: Wire, app: App, token: str, keep: Keep) -> shapes.Advertisers:
    """`GET /oauth2/advertiser/get/` (portal/docs?id=1738455508553729): the accounts the person ticked."""
    query = {"app_id": app.app_id, "secret": app.secret}
    show = {"app_id": app.app_id}
    return await _get(wire, "oauth2/advertiser/get/", query, shapes.Advertisers, keep, token=token, show=show)


async def user_info(wire: Wire, token: str, keep: Keep) -> shapes.UserInfo:
    """`GET /user/info/` (portal/docs?id=1739665513181185): who authorised."""
    return await _get(wire, "user/info/", {}, shapes.UserInfo, keep, token=token)


async def business_centers(wire: Wire, token: str, page: int, keep: Keep) -> shapes.PageOf[shapes.BcRow]:
    """`GET /bc/get/` (portal/docs?id=1737115687501826)."""
    query = {"page": page, "page_size": PAGE_SIZE}
    return await _get(wire, "bc/get/", query, shapes.PageOf[shapes.BcRow], keep, token=token)


async def ad_accounts(wire: Wire, token: str, bc_id: str, page: int, keep: Keep) -> shapes.PageOf[shapes.AdminAsset]:
    """`GET /bc/asset/admin/get/` (portal/docs?id=1739433007779841): every ad account of a Business Center."""
    query = {"bc_id": bc_id, "asset_type": "ADVERTISER", "page": page, "page_size": PAGE_SIZE}
    return await _get(wire, "bc/asset/admin/get/", query, shapes.PageOf[shapes.AdminAsset], keep, token=token)


async def partner_assets(
    wire: Wire,
    token: str,
    *,
    bc_id: str,
    partner_id: str,
    share_type: Literal["SHARED", "SHARING"],
    page: int,
    keep: Keep,
) -> shapes.PageOf[shapes.PartnerAsset]:
    """`GET /bc/partner/asset/get/` (portal/docs?id=1739662828320769): SHARED partner to me, SHARING me to partner."""
    query = {
        "bc_id": bc_id, "partner_id": partner_id, "asset_type": "ADVERTISER", "share_type": share_type,
        "page": page, "page_size": PAGE_SIZE,
    }  # fmt: skip
    return await _get(wire, "bc/partner/asset/get/", query, shapes.PageOf[shapes.PartnerAsset], keep, token=token)


async def add_partner(
    wire: Wire, token: str, *, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: str, keep: Keep
) -> None:
    """`POST /bc/partner/add/` (portal/docs?id=1739662756510721): at most 50 ids of one role; OK means recorded."""
    body = {
        "bc_id": bc_id, "partner_id": partner_id, "asset_type": "ADVERTISER", "asset_ids": list(asset_ids),
        "advertiser_role": role,
    }  # fmt: skip
    await _post(wire, "bc/partner/add/", body, shapes.Nothing, keep, token=token)


async def _get(
    wire: Wire,
    path: str,
    query: Mapping[str, Any],
    shape: type[Answer],
    keep: Keep,
    *,
    token: str,
    show: Mapping[str, Any] | None = None,
) -> Answer:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
    request = wire.http.build_request(
        "GET", f"{wire.base}/{path}", params=texts, headers={"Access-Token": token}, timeout=TIMEOUT
    )
    return await _call(wire, request, path, shape, keep, write=False, show=query if show is None else show)


async def _post(
    wire: Wire,
    path: str,
    body: Mapping[str, Any],
    shape: type[Answer],
    keep: Keep,
    *,
    token: str | None = None,
    show: Mapping[str, Any] | None = None,
) -> Answer:
    headers = {"Access-Token": token} if token else {}
    request = wire.http.build_request("POST", f"{wire.base}/{path}", json=body, headers=headers, timeout=TIMEOUT)
    return await _call(wire, request, path, shape, keep, write=True, show=body if show is None else show)


async def _call(
    wire: Wire,
    request: httpx2.Request,
    path: str,
    shape: type[Answer],
    keep: Keep,
    *,
    write: bool,
    show: Mapping[str, Any],
) -> Answer:
    started = time.monotonic()
    answer: dict[str, Any] = {}

    def done(outcome: Outcome, message: str) -> Call:
        kept = path.startswith("bc/")  # the others answer with tokens or with who somebody is
        call = Call(
            operation=path.rstrip("/"), request=dict(show), outcome=outcome, code=answer.get("code"), message=message,
            request_id=answer.get("request_id"), answer=_bounded(answer.get("data")) if kept else {},
            took_ms=int((time.monotonic() - started) * 1000),
        )  # fmt: skip
        keep(call)
        return call

    try:
        response = await wire.http.send(request)
        answer = _envelope(response)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as problem:
        raise Unavailable(done("unavailable", f"no connection to TikTok: {type(problem).__name__}"), 1.0) from problem
    except (httpx2.TransportError, _NoEnvelope) as problem:
        message = str(problem) or f"the connection ended: {type(problem).__name__}"
        if write:
            raise Unclear(done("unclear", message)) from problem
        raise Unavailable(done("unavailable", message), 1.0) from problem
    code, message = answer["code"], str(answer.get("message", ""))
    match codes.meaning(code, write=write):
        case "denied":
            raise Denied(done("denied", message), codes.blocker(code))
        case "limited":
            raise Unavailable(done("unavailable", message), codes.retry_after(code), limited=True)
        case "unavailable":
            raise Unavailable(done("unavailable", message), codes.retry_after(code))
        case "unclear":
            raise Unclear(done("unclear", message))
    try:
        value = shape.model_validate(answer.get("data") or {})
    except ValidationError as problem:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in problem.errors()[:3])
        raise Changed(done("changed", f"TikTok's answer has another shape than documented: {wrong}")) from problem
    done("ok", message)
    return value


class _NoEnvelope(Exception):
    """The answer is not TikTok's envelope: the call did not reach the API, or the way back is broken."""


def _envelope(response: httpx2.Response) -> dict[str, Any]:
    if response.status_code != 200:
        raise _NoEnvelope(f"HTTP {response.status_code} instead of an answer")
    try:
        answer = response.json()
    except ValueError as problem:
        raise _NoEnvelope("the answer is not JSON") from problem
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
        raise _NoEnvelope("the answer has no code")
    return answer


def _bounded(data: Any) -> dict[str, Any]:
    """What is kept of an answer as evidence: whole up to 32 KiB, else only that it was larger."""
    if not isinstance(data, dict):
        return {}
    return data if len(json.dumps(data)) <= 32_768 else {"left_out": "answer over 32 KiB"}
