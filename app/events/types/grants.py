"""What happens to access that exists. Pure."""

from app.events.types.event_type import EventType, audit_only
from app.events.types.examples import SEEN, only

DRIFTED = EventType(
    "grant.drifted",
    "Access that was verified is gone, or its role is another.",
    "grant",
    example={
        "link_status": "completed",
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
    example={"link_status": "completed", "status_previous": "drifted"},
)
ROLE_CHANGED = EventType(
    "grant.role_changed",
    "Access is seen with another role than before, as agreed or where nothing was asked here.",
    "grant",
    example={"link_status": "completed", "status": "verified", "status_previous": "approved"},
)
FOUND = EventType(
    "grant.found",
    "Access that nobody asked for here was found by an import of the agency's Business Center.",
    "grant",
    example=only(*SEEN),
)
REVOCATION_ASKED = audit_only("grant.revocation_requested", "The agency wants a grant taken away.", "grant")
REVOCATION_REFUSED = EventType(
    "grant.revocation_refused",
    "The platform refuses to let Keyturn remove access that must be removed: `next_actor` says who removes it.",
    "grant",
    example={
        "link_status": "completed",
        "status": "revoking",
        "status_previous": None,
        "blocker_code": "removal_refused",
        "next_actor": "client",
    },
)
REVOKED = EventType(
    "grant.revoked",
    "The access was taken away.",
    "grant",
    example={"link_status": "completed", "status": "ended", "status_previous": "verified", "role_granted": None},
)

ALL = (FOUND, DRIFTED, RESTORED, ROLE_CHANGED, REVOCATION_ASKED, REVOCATION_REFUSED, REVOKED)
