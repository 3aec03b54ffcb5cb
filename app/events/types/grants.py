"""What happens to access that exists."""

from app.events.types.kinds import EventType, audit_only

DRIFTED = EventType(
    "grant.drifted",
    "Access that was verified is gone, or its role is another.",
    "grant",
    example={
        "status": "drifted",
        "status_previous": "verified",
        "role_granted": None,
        "next_actor": "client",
    },
)
RESTORED = EventType(
    "grant.restored",
    "Access that had drifted is seen again as agreed.",
    "grant",
    example={"status_previous": "drifted"},
)
ROLE_CHANGED = EventType(
    "grant.role_changed",
    "Access is seen with another role than before, as agreed or where nothing was asked here.",
    "grant",
    example={"status": "verified", "status_previous": "approved", "role_granted": "OPERATOR"},
)
FOUND = EventType(
    "grant.found",
    "Access that nobody asked for here was found by an import of the agency's Business Center.",
    "grant",
    example={
        "link_id": None, "link_status": None, "preset": None, "ask_id": None, "role_requested": None, "status": None,
        "status_previous": None, "assets_total": None, "assets_verified": None, "assets_blocked": None,
        "tiktok_ad_account_ids": None, "tiktok_pixel_codes": None, "target_markets": None,
    },
)  # fmt: skip
REVOCATION_ASKED = audit_only("grant.revocation_asked", "The agency wants a grant taken away.", "grant")
REVOKED = EventType(
    "grant.revoked",
    "The access was taken away.",
    "grant",
    example={"status": "ended", "status_previous": "verified", "role_granted": None},
)

ALL = (FOUND, DRIFTED, RESTORED, ROLE_CHANGED, REVOCATION_ASKED, REVOKED)
