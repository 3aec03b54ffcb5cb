"""The world and the log as plain JSON, for whoever watches the simulator from outside."""

from dataclasses import asdict
from typing import Any

from app.demo.tiktok_simulator.model import AdAccount, Asset
from app.demo.tiktok_simulator.sharing import Share
from app.demo.tiktok_simulator.simulator import Simulator


def world(simulator: Simulator) -> dict[str, Any]:
    """All there is; what each side of a share sees is what a read by API would show it at this moment."""
    known = simulator.world
    return {
        "apps": [{**asdict(app), "redirect_uris": sorted(app.redirect_uris)} for app in known.apps.values()],
        "persons": [asdict(person) for person in known.persons.values()],
        "business_centers": [asdict(center) for center in known.business_centers.values()],
        "ad_accounts": [_ad_account(asset) for asset in known.assets.values() if isinstance(asset, AdAccount)],
        "shares": [_share(simulator, share) for share in known.sharing.shares()],
        "partnerships": [asdict(partnership) for partnership in known.sharing.partnerships()],
        "partner_requests": [
            {"bc_id": waiting.approver_id, "partner_id": waiting.requester_id}
            for waiting in known.sharing.partnerships()
            if not waiting.approved
        ],
        "tokens": [
            {
                "access_token": token.access_token,
                "app_id": token.consent.app_id,
                "person": token.consent.person_id,
                "advertiser_ids": sorted(token.consent.advertiser_ids),
            }
            for token in known.tokens.values()
        ],
    }


def calls(simulator: Simulator) -> dict[str, Any]:
    """The log, oldest first, and the counters since the start or the last reset."""
    log = simulator.calls
    return {
        "calls": [asdict(call) for call in log.calls],
        "total": sum(log.by_path.values()),
        "by_path": dict(log.by_path),
        "shares": log.shares,
        "second_shares": log.second_shares,
        "max_calls_in_one_second": log.max_calls_in_one_second,
    }


def _ad_account(account: Asset) -> dict[str, Any]:
    return {"advertiser_id": account.asset_id, **asdict(account)}


def _share(simulator: Simulator, share: Share) -> dict[str, Any]:
    moment, sharing = simulator.visible_moment(), simulator.world.sharing
    return {
        **asdict(share),
        "visible_to_owner": share in sharing.given(share.bc_id, share.partner_id, moment),
        "visible_to_partner": share in sharing.received(share.partner_id, share.bc_id, moment),
    }
