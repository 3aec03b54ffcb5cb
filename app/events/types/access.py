"""What becomes of an access request: one type for each status that is entered. Pure."""

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
    "One more access, or a wider role, is asked of a client who has the link already; it waits for the client's yes.",
    "link",
    example={
        "link_status": "submitted", "status": "waiting", "status_previous": None, "verified_at": None,
        "grant_id": None, "role_granted": None, "next_actor": "client",
    },
)  # fmt: skip
APPROVED = _ask(
    "approved", "The client approved this access; our next call is due.", status_previous="waiting", next_actor="us"
)
AWAITING_PARTNER = _ask(
    "awaiting_partner",
    "The platform recorded the share, or, where nothing can be read, the client says that the steps are done; "
    "it is not visible on the agency's side yet.",
    next_actor="agency",
)
AWAITING_CLIENT = _ask(
    "awaiting_client", "The client has the steps to do by hand; nothing is seen yet.", next_actor="client"
)
VERIFIED = _ask("verified", "The access was read back with the agreed role.", status_previous="awaiting_partner")
ATTESTED = _ask(
    "attested",
    "No read is possible; a named person said that the access works.",
    status_previous="awaiting_partner",
    platform="meta",
    asset_kind="custom",
    asset_id="act_1234567890",
    asset_name="Meta ad account",
    role_requested="MANAGE_CAMPAIGNS",
)
BLOCKED = _ask(
    "blocked",
    "Something known is in the way: `blocker_code` names it, `next_actor` says whose turn it is.",
    blocker_code="not_bc_admin",
    assets_blocked=1,
    next_actor="client",
)
UNVERIFIABLE = _ask(
    "unverifiable",
    "Done as far as we can tell, but nobody could read it: the read was refused, or the agency is not connected.",
    next_actor="agency",
)
DECLINED = _ask("declined", "The client said no to this access.", status_previous="waiting")

_BY_STATUS = (APPROVED, AWAITING_PARTNER, AWAITING_CLIENT, VERIFIED, ATTESTED, BLOCKED, UNVERIFIABLE, DECLINED)
ALL = (REQUESTED, *_BY_STATUS)
BY_STATUS = {event.name.removeprefix("access."): event for event in _BY_STATUS}
