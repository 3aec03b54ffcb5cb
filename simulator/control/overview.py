"""The world and the log as plain JSON, for observers of the simulator."""

from dataclasses import asdict
from typing import Any

from simulator.calls import RecordedCall
from simulator.models import AdAccount, Pixel
from simulator.sharing import Share
from simulator.simulator import Simulator


def world(simulator: Simulator) -> dict[str, Any]:
    """All there is; what each side of a share sees is what a read by API would show it at this moment."""
    known = simulator.world
    return {
        "apps": [{**asdict(app), "redirect_uris": sorted(app.redirect_uris)} for app in known.apps.values()],
        "persons": [asdict(person) for person in known.persons.values()],
        "business_centers": [asdict(center) for center in known.business_centers.values()],
        "ad_accounts": [_ad_account(asset) for asset in known.assets.values() if isinstance(asset, AdAccount)],
        "pixels": [_pixel(simulator, asset) for asset in known.assets.values() if isinstance(asset, Pixel)],
        "other_assets": [asdict(asset) for asset in known.assets.values() if not isinstance(asset, AdAccount | Pixel)],
        "shares": [_share(simulator, share) for share in known.sharing.shares()],
        "partnerships": [asdict(partnership) for partnership in known.sharing.partnerships()],
        "partner_requests": [
            {"bc_id": waiting.approver_id, "partner_id": waiting.requester_id}
            for waiting in known.sharing.partnerships()
            if not waiting.approved
        ],
        "activities": {bc_id: [asdict(each) for each in lines] for bc_id, lines in known.activities.items()},
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


def calls(simulator: Simulator, last: int | None) -> dict[str, Any]:
    """The log, oldest first, or its `last` lines, and the counters since the start or the last reset."""
    log = simulator.calls
    return {
        "calls": [asdict(call) for call in _newest(list(log.calls), last)],
        "total": sum(log.by_path.values()),
        "by_path": dict(log.by_path),
        "shares": log.shares,
        "second_shares": log.second_shares,
        "max_calls_in_one_second": log.max_calls_in_one_second,
        "max_calls_in_any_second": log.max_calls_in_any_second,
        "by_app": {
            app_id or "none": {
                "calls": pace.calls,
                "max_calls_in_one_second": pace.max_in_one_second,
                "max_calls_in_any_second": pace.max_in_any_second,
            }
            for app_id, pace in log.paces.items()
        },
    }


def _newest(log: list[RecordedCall], last: int | None) -> list[RecordedCall]:
    return log if last is None else log[len(log) - min(last, len(log)) :]


def _ad_account(account: AdAccount) -> dict[str, Any]:
    return {"advertiser_id": account.asset_id, **asdict(account)}


def _pixel(simulator: Simulator, pixel: Pixel) -> dict[str, Any]:
    return {**asdict(pixel), "advertiser_ids": simulator.world.links.advertiser_ids(pixel.asset_id)}


def _share(simulator: Simulator, share: Share) -> dict[str, Any]:
    moment, sharing = simulator.visible_moment(), simulator.world.sharing
    return {
        **asdict(share),
        "visible_to_owner": sharing.share_of(share.bc_id, share.partner_id, share.asset_id, moment) == share,
        "visible_to_partner": sharing.share_with(share.partner_id, share.bc_id, share.asset_id, moment) == share,
    }
