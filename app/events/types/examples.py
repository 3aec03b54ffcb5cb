"""Parts of the catalogue's examples: the keys of `data` that a kind of event carries."""

from typing import Any

from app.events.schema import EXAMPLE

CLIENT = ("client_id", "client_name", "contact_email", "external_id", "language")
LINK = (
    *CLIENT, "link_id", "link_status", "link_external_id", "preset", "platform", "assets_total", "assets_verified",
    "assets_blocked", "tiktok_bc_id", "tiktok_ad_account_ids", "tiktok_pixel_codes", "target_markets",
)  # fmt: skip
#: Access seen at a platform, without a link.
SEEN = (
    *CLIENT, "platform", "tiktok_bc_id", "grant_id", "asset_kind", "asset_id", "asset_name", "role_granted",
    "verified_at",
)  # fmt: skip
#: Values of a link before the client has given any input.
UNTOLD: dict[str, Any] = {
    "assets_total": 1, "tiktok_bc_id": None, "tiktok_ad_account_ids": None, "tiktok_pixel_codes": None,
    "target_markets": None,
}  # fmt: skip

ENDPOINT_ID = "endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"


def only(*keys: str, **given: Any) -> dict[str, Any]:
    """An example with these keys of the common one and the agency, the given values, and null elsewhere."""
    kept = {"agency_id", *keys}
    return {key: value if key in kept else None for key, value in EXAMPLE.items()} | given
