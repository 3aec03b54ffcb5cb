"""Entry point of every API call: faults, limits, token, permission, then its endpoint, then the log."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from simulator.api import advertisers, assignments, business_centers, members, oauth, partners, pixels
from simulator.api.call import Call, Endpoint, allows, valid_token
from simulator.api.connection import Dropped
from simulator.api.envelope import MESSAGES, Data, Refusal, enveloped, new_request_id
from simulator.api.parameters import Parameters, read_parameters
from simulator.calls import RecordedCall
from simulator.faults import Fault, draw
from simulator.models import Token
from simulator.simulator import Simulator

ENDPOINTS = {
    "oauth2/access_token/": Endpoint("POST", oauth.exchange_code, needs_token=False),
    "oauth2/revoke_token/": Endpoint("POST", oauth.revoke_token, needs_token=False),
    "oauth2/advertiser/get/": Endpoint("GET", oauth.ticked_ad_accounts, 100),
    "user/info/": Endpoint("GET", oauth.user_info),
    "advertiser/info/": Endpoint("GET", advertisers.advertiser_info, 100),
    "bc/get/": Endpoint("GET", business_centers.business_centers, 150),
    "bc/asset/get/": Endpoint("GET", business_centers.usable_assets, 153),
    "bc/asset/admin/get/": Endpoint("GET", business_centers.all_assets, 153),
    "bc/asset/partner/get/": Endpoint("GET", business_centers.partners_of_asset, 153),
    "bc/asset/assign/": Endpoint("POST", assignments.assign_asset, 153),
    "bc/asset/unassign/": Endpoint("POST", assignments.unassign_asset, 153),
    "bc/asset/member/get/": Endpoint("GET", assignments.members_of_asset, 153),
    "bc/member/get/": Endpoint("GET", members.members, 156),
    "bc/member/invite/": Endpoint("POST", members.invite_members, 156),
    "bc/member/update/": Endpoint("POST", members.update_member, 156),
    "bc/member/delete/": Endpoint("POST", members.delete_member, 156),
    "changelog/get/": Endpoint("GET", business_centers.activity_log, 230),
    "bc/partner/add/": Endpoint("POST", partners.add_partner, 155),
    "bc/partner/get/": Endpoint("GET", partners.partners, 155),
    "bc/partner/asset/get/": Endpoint("GET", partners.partner_assets, 155),
    "bc/partner/asset/delete/": Endpoint("POST", partners.delete_partner_assets, 155),
    "bc/partner/delete/": Endpoint("POST", partners.delete_partner, 155),
    "bc/pixel/link/get/": Endpoint("GET", pixels.pixel_links, 153),
    "bc/pixel/link/update/": Endpoint("POST", pixels.update_pixel_link, 153),
    "pixel/list/": Endpoint("GET", pixels.pixels, 800),
    "pixel/event/stats/": Endpoint("GET", pixels.event_statistics, 802),
}

NEVER_LOST_AT_RANDOM = "oauth2/access_token/"
"""Its code works once: a lost token means consenting again, and a demonstration has nobody who would."""


_NO_DATA: Data = {}


@dataclass(frozen=True)
class _Arrival:
    """A call before anything is decided about it."""

    path: str
    method: str
    at: float
    request_id: str
    presented_token: str | None
    token: Token | None
    app_id: str | None
    parameters: Parameters | Refusal


async def answer_call(request: Request) -> Response:
    """The route of the whole API."""
    path = request.path_params["path"]
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        return PlainTextResponse("404 page not found", 404)
    if request.method != endpoint.method:
        return PlainTextResponse("405 method not allowed", 405, {"Allow": endpoint.method})
    simulator: Simulator = request.app.state.simulator
    arrival = await _arrive(simulator, path, request)
    fault = _fault_for(simulator, endpoint, arrival)
    await asyncio.sleep(fault.delay)
    response, code = _answer(simulator, endpoint, arrival, fault)
    simulator.calls.record(
        RecordedCall(
            path=path,
            method=arrival.method,
            at=arrival.at,
            app_id=arrival.app_id,
            person_id=arrival.token.consent.person_id if arrival.token else None,
            code=code,
            outcome=fault.outcome,
            request_id=arrival.request_id,
        )
    )
    return response


async def _arrive(simulator: Simulator, path: str, request: Request) -> _Arrival:
    now = simulator.clock()
    presented = request.headers.get("Access-Token")
    parameters: Parameters | Refusal
    try:
        parameters = await read_parameters(request)
    except Refusal as refusal:
        parameters = refusal
    token = simulator.world.tokens.get(presented or "")
    app_id = token.consent.app_id if token else oauth.claimed_app_id(simulator.world, parameters)
    request_id = new_request_id(now)
    return _Arrival(path, request.method, now, request_id, presented, token, app_id, parameters)


def _fault_for(simulator: Simulator, endpoint: Endpoint, arrival: _Arrival) -> Fault:
    """The fault of this call: scripted ones first, then limits, then random ones."""
    number = simulator.calls.arrive(arrival.app_id, arrival.at)
    person = arrival.token.consent.person_id if arrival.token else None
    if scripted := simulator.script.take(arrival.path, person):
        return scripted
    limit = simulator.switches.qps
    if limit is not None and arrival.app_id is not None and number > limit:
        return Fault(code=40100)
    if unlucky := draw(simulator.random, simulator.switches.flaky):
        return unlucky
    can_be_lost = endpoint.method == "POST" and arrival.path != NEVER_LOST_AT_RANDOM
    return Fault(lost=can_be_lost and simulator.random.random() < simulator.switches.lost_answers)


def _answer(simulator: Simulator, endpoint: Endpoint, arrival: _Arrival, fault: Fault) -> tuple[Response, int | None]:
    """The response with the return code in it, if any. All state changes happen in here, without awaiting."""
    code, message = 0, MESSAGES[0]
    data: object = _NO_DATA
    if fault.lets_work or fault.applied:
        code, message, data = _work(simulator, endpoint, arrival)
    if fault.drop or fault.lost:
        return Dropped(), None
    if fault.http_status is not None:
        page = f"<html><h1>{fault.http_status}</h1></html>"
        return Response(page, fault.http_status, media_type="text/html"), None
    if fault.code is not None:
        code, message = fault.code, fault.message or MESSAGES.get(fault.code, "Error.")
        data = _NO_DATA if fault.data is None else fault.data
    return enveloped(arrival.request_id, code, message, data), code


def _work(simulator: Simulator, endpoint: Endpoint, arrival: _Arrival) -> tuple[int, str, Data]:
    parameters = arrival.parameters
    try:
        if endpoint.needs_token:
            token = valid_token(simulator.world, arrival.presented_token)
            _check_permission(token, endpoint.permission)
        if isinstance(parameters, Refusal):
            raise parameters
        return 0, MESSAGES[0], endpoint.answer(Call(simulator, parameters, arrival.presented_token))
    except Refusal as refusal:
        return refusal.code, refusal.message, _NO_DATA


def _check_permission(token: Token, needed: int | None) -> None:
    if needed is not None and not allows(token.permissions, needed):
        raise Refusal(40001, f"No permission to operate: the access token lacks permission {needed}.")
