"""Codes, tokens and the person behind a token: API.md 2.3 to 2.6."""

from simulator.api.call import Call
from simulator.api.envelope import Data, Refusal
from simulator.api.parameters import Parameters
from simulator.models import App
from simulator.world import World


def exchange_code(call: Call) -> Data:
    """POST oauth2/access_token/"""
    app = _app(call)
    with_advertisers = call.parameters.flag("return_advertiser_ids", default=True)
    token = call.world.exchange_code(app.app_id, call.parameters.text("auth_code"), call.simulator.clock())
    if token is None:
        raise Refusal(40110)
    advertiser_ids = list(call.simulator.reached(token)) if with_advertisers else []
    return {
        "access_token": token.access_token,
        "advertiser_ids": advertiser_ids,
        "scope": list(token.permissions),
    }


def revoke_token(call: Call) -> Data:
    """POST oauth2/revoke_token/: needs no header; shares stay as they are."""
    app = _app(call)
    token = call.world.tokens.get(call.parameters.text("access_token"))
    if token is None:
        raise Refusal(40105)
    if token.consent.app_id != app.app_id:
        raise Refusal(40113)
    advertiser_ids = list(call.simulator.reached(token))
    del call.world.tokens[token.access_token]
    return {"app_id": app.app_id, "advertiser_ids": advertiser_ids}


def ticked_ad_accounts(call: Call) -> Data:
    """GET oauth2/advertiser/get/: the ad accounts this token may reach, not paged."""
    app = _app(call)
    if app.app_id != call.token.consent.app_id:
        raise Refusal(40113)
    accounts = call.simulator.reached(call.token).values()
    return {"list": [{"advertiser_id": account.asset_id, "advertiser_name": account.name} for account in accounts]}


def user_info(call: Call) -> Data:
    """GET user/info/"""
    person = call.person
    return {
        "core_user_id": person.person_id,
        "display_name": person.name,
        "email": masked(person.email),
        "create_time": person.create_time,
        "avatar_url": f"https://p16.tiktokcdn.example/{person.person_id}.jpeg",
    }


def masked(email: str) -> str:
    """`ana@maisonlune.example` as `a**@maisonlune.example`."""
    name, _, host = email.partition("@")
    return f"{name[0]}**@{host}"


def claimed_app_id(world: World, parameters: Parameters | Refusal) -> str | None:
    """The app that a call without token says it comes from, if there is one of that id."""
    if isinstance(parameters, Refusal):
        return None
    try:
        app_id = parameters.optional_text("app_id")
    except Refusal:
        return None
    return app_id if app_id in world.apps else None


def _app(call: Call) -> App:
    app = call.world.apps.get(call.parameters.text("app_id"))
    if app is None or app.secret != call.parameters.text("secret"):
        raise Refusal(40101)
    return app
