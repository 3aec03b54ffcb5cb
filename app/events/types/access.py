"""Events of access requests: one type for each status. Pure."""

from app.events.types.event_type import EventType


def _ask(status: str, sentence: str, **example: object) -> EventType:
    unproved = {} if status == "verified" else {"verified_at": None, "grant_id": None, "role_granted": None}
    return EventType(
        f"access.{status}",
        sentence,
        "link",
        example={"link_status": "submitted", "status": status, "status_previous": "approved", **unproved, **example},
    )


REQUESTED = EventType(
    "access.requested",
    "Further access, or a higher role, was requested on an existing link; it waits for the client's consent.",
    "link",
    example={
        "link_status": "submitted", "status": "waiting", "status_previous": None, "verified_at": None,
        "grant_id": None, "role_granted": None, "next_actor": "client",
    },
)  # fmt: skip
APPROVED = _ask(
    "approved", "The client approved this access; Keyturn acts next.", status_previous="waiting", next_actor="us"
)
AWAITING_PARTNER = _ask(
    "awaiting_partner",
    "The platform recorded the share, or the client says that the steps are done if nothing can be read. The access "
    "is not visible on the agency's side yet.",
    next_actor="agency",
)
AWAITING_CLIENT = _ask(
    "awaiting_client", "The client has to do the steps by hand; no access is visible yet.", next_actor="client"
)
VERIFIED = _ask("verified", "The access was verified with the agreed role.", status_previous="awaiting_partner")
ATTESTED = _ask(
    "attested",
    "The platform cannot be read; a named person confirmed that the access works.",
    status_previous="awaiting_partner",
    platform="meta",
    asset_kind="custom",
    asset_id="act_1234567890",
    asset_name="Meta ad account",
    role_requested="MANAGE_CAMPAIGNS",
)
BLOCKED = _ask(
    "blocked",
    "The access request is blocked: `blocker_code` says why, `next_actor` says who acts next.",
    blocker_code="not_bc_admin",
    assets_blocked=1,
    next_actor="client",
)
UNVERIFIABLE = _ask(
    "unverifiable",
    "The access seems to exist but could not be read: the read was refused, or the agency is not connected.",
    next_actor="agency",
)
DECLINED = _ask("declined", "The client declined this access.", status_previous="waiting")

_BY_STATUS = (APPROVED, AWAITING_PARTNER, AWAITING_CLIENT, VERIFIED, ATTESTED, BLOCKED, UNVERIFIABLE, DECLINED)
ALL = (REQUESTED, *_BY_STATUS)
BY_STATUS = {event.name.removeprefix("access."): event for event in _BY_STATUS}
