"""Events of existing access. Pure."""

from app.events.types.event_type import EventType, audit_only
from app.events.types.examples import SEEN, only

DRIFTED = EventType(
    "grant.drifted",
    "Verified access is gone, or its role has changed.",
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
    "Access that had drifted is again as agreed.",
    "grant",
    example={"link_status": "completed", "status_previous": "drifted"},
)
ROLE_CHANGED = EventType(
    "grant.role_changed",
    "The role of an access changed, as agreed, or on access that was not requested here.",
    "grant",
    example={"link_status": "completed", "status": "verified", "status_previous": "approved"},
)
FOUND = EventType(
    "grant.found",
    "An import found access that was not requested here.",
    "grant",
    example=only(*SEEN),
)
REVOCATION_ASKED = audit_only("grant.revocation_requested", "The agency requested the removal of a grant.", "grant")
REVOCATION_REFUSED = EventType(
    "grant.revocation_refused",
    "The platform refused to let Keyturn remove a grant; `next_actor` says who has to remove it.",
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
    "The access was removed.",
    "grant",
    example={"link_status": "completed", "status": "ended", "status_previous": "verified", "role_granted": None},
)

ALL = (FOUND, DRIFTED, RESTORED, ROLE_CHANGED, REVOCATION_ASKED, REVOCATION_REFUSED, REVOKED)
