"""What events and the API say of a link and its asks: flat, ids as text, lists comma-joined."""

from collections.abc import Sequence
from typing import Any

from app.events.body import joined
from app.kit import clock
from app.links.model import Ask, Intake, Link
from app.links.status import OVER, PROVED
from app.people.clients import actions as clients
from app.people.clients.model import Client


def of_link(link: Link, client: Client, asks: Sequence[Ask], intake: Intake | None) -> dict[str, Any]:
    """Data about the link as a whole."""
    counted = [ask for ask in asks if ask.state not in OVER]
    accounts = [ask.asset_id for ask in asks if ask.kind == "ad_account" and ask.asset_id]
    return {
        **clients.facts(client),
        "link_id": link.id,
        "link_status": link.status,
        "link_external_id": link.external_id,
        "preset": link.preset,
        "language": link.language,
        "platform": asks[0].platform if asks else None,
        "assets_total": len(counted),
        "assets_verified": sum(ask.state in PROVED for ask in counted),
        "assets_blocked": sum(ask.state == "blocked" for ask in counted),
        "tiktok_bc_id": intake.bc_id if intake else None,
        "tiktok_ad_account_ids": joined(accounts) if accounts else None,
        "tiktok_pixel_codes": joined(intake.pixel_codes) if intake else None,
        "target_markets": joined(intake.markets) if intake else None,
    }


def of_ask(ask: Ask) -> dict[str, Any]:
    """What data about one ask adds to that of its link."""
    return {
        "platform": ask.platform,
        "ask_id": ask.id,
        "ask_kind": ask.kind,
        "asset_id": ask.asset_id,
        "asset_name": ask.asset_name,
        "role_requested": ask.role,
        "role_granted": ask.role_seen,
        "status": ask.state,
        "verified_at": clock.iso(ask.verified_at),
        "blocker_code": ask.code,
        "next_actor": ask.next_actor,
    }
