"""Links that ask for something on manual platforms, beside TikTok or alone."""

from dataclasses import replace

import pytest

from app.kit.database import Sessions
from app.links import service as link_service
from app.links.presets import builtin
from app.links.presets.preset import Preset, PresetAccessRequest
from app.tenants.agencies.platform_ids import set_platform
from tests.world import TESTS, Corner, keyring

PORTFOLIO = "1234567890123456"
MAILBOX = "access@north.example"

_TIKTOK = PresetAccessRequest("tiktok", "ad_account", "OPERATOR", "To run your campaigns.")
_META = PresetAccessRequest("meta", "custom", "MANAGE_CAMPAIGNS", "To run your campaigns there, too.")
_GA4 = PresetAccessRequest("google_analytics", "custom", "GA4_VIEWER", "To see what visitors do.")
_BOOKING = PresetAccessRequest(
    "other", "custom", "AS_WRITTEN", "To see which ads lead to bookings.", title="Booking tool, reports only",
    steps=("Open the booking tool’s settings.", "Invite access@north.example with the role {viewer} & no other."),
)  # fmt: skip

EVERYTHING = Preset("everything", 1, "Everything", "TikTok and more.", (_TIKTOK, _META, _GA4, _BOOKING))
MANUAL = Preset("manual", 1, "Manual", "All but TikTok.", (_META, _GA4, _BOOKING))
PRESETS = {preset.slug: preset for preset in (EVERYTHING, MANUAL)}


def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets links be made from these presets."""
    every = {**builtin.versions(), **{(slug, 1): preset for slug, preset in PRESETS.items()}}
    newest = {**builtin.newest(), **PRESETS}
    monkeypatch.setattr(builtin, "versions", lambda: every)
    monkeypatch.setattr(builtin, "newest", lambda: newest)


async def tell_identities(sessions: Sessions, corner: Corner) -> None:
    """The agency says who it is at Meta and Google."""
    async with sessions.begin() as session:
        for key, said in (("meta", {"portfolio_id": PORTFOLIO}), ("google_analytics", {"email": MAILBOX})):
            await set_platform(session, corner.agency_id, key, identifiers=said, actor=TESTS)


async def with_link(sessions: Sessions, corner: Corner, preset: str) -> Corner:
    """The corner with another link, made from one of these presets."""
    await tell_identities(sessions, corner)
    async with sessions.begin() as session:
        made, token = await link_service.create_link(
            session, corner.agency_id, client_id=corner.client_id, preset=preset, keyring=keyring(), actor=TESTS
        )
    return replace(corner, link_id=made.link.id, token=token)
