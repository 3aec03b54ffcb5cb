"""What happens to access that exists."""

from app.events.types.kinds import EventType

DRIFTED = EventType(
    "grant.drifted",
    "Access that was verified is gone, or its role is another.",
    "link",
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
    "link",
    example={"status_previous": "drifted"},
)
REVOKED = EventType(
    "grant.revoked",
    "The access was taken away.",
    "link",
    example={"status": "ended", "status_previous": "verified", "role_granted": None},
)

ALL = (DRIFTED, RESTORED, REVOKED)
