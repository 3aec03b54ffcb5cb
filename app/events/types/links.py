"""Events of links. Pure."""

from app.events.schema import EXAMPLE_GIVEN
from app.events.types.event_type import EventType, audit_only
from app.events.types.examples import LINK, UNTOLD, only


def _link(what: str, sentence: str, status: str, **more: object) -> EventType:
    example = only(*LINK) | {"link_status": status, "assets_verified": 0, **more}
    return EventType(f"link.{what}", sentence, "link", example=example)


CREATED = _link("created", "A link was created for a client.", "draft", **UNTOLD)
SENT = _link("sent", "The link's address was issued, to be sent to the client.", "sent", **UNTOLD)
OPENED = _link(
    "opened", "The client pressed Start for the first time; a mere page view does not count.", "opened", **UNTOLD
)
SCREEN_COMPLETED = _link("screen_completed", "The client finished one screen.", "in_progress", screen="business-center")
COMPANY_DIFFERS = _link(
    "company_differs",
    "The client shares from a Business Center that seems to belong to another company, and confirmed it; `reason` "
    "names it.",
    "in_progress",
    reason="Maison Lune",
)
SUBMITTED = _link(
    "submitted", "The client agreed to the access requests; Keyturn starts working.", "submitted", **EXAMPLE_GIVEN
)
COMPLETED = _link(
    "completed",
    "Every required access request is verified, or attested where no read is possible.",
    "completed",
    assets_verified=4,
    **EXAMPLE_GIVEN,
)
REOPENED = _link(
    "reopened",
    "A completed link is open again, because more is requested or verified access is gone; `reason` is one of "
    "`access_requested`, `wider_role`, `lower_role`, `drifted` or `not_proved`.",
    "drifted",
    assets_verified=3,
    reason="drifted",
    next_actor="client",
)
EXPIRED = _link("expired", "The link expired before it was completed.", "expired", **UNTOLD)
EXTENDED = _link("extended", "The link's expiry was extended.", "sent", **UNTOLD)
REVOKED = _link("revoked", "The agency ended the link.", "revoked", **UNTOLD)
RENEWAL_REQUESTED = _link(
    "renewal_requested", "The client opened an expired or revoked link and requested a new one.", "expired", **UNTOLD
)
ADDRESS_SHOWN = audit_only("link.address_shown", "A member of the agency viewed the link's address again.", "link")
INVITED = audit_only("link.invited", "The agency e-mailed the link's address to the client's contact.", "link")
DEVICE_CODE_MADE = audit_only(
    "link.device_code_made", "The agency created a code for a new device of the client.", "link"
)
DEVICE_VERIFIED = audit_only(
    "link.device_verified", "A new device of the client was admitted with the correct code.", "link"
)
ACCESS_ADDED = audit_only("link.access_added", "The agency added an access request to a link.", "link")
ACCESS_REMOVED = audit_only(
    "link.access_removed", "The agency removed an access request before the client's consent.", "link"
)
ROLE_REQUESTED = audit_only("link.role_requested", "The agency requested a different role.", "link")

ALL = (
    CREATED, SENT, OPENED, SCREEN_COMPLETED, COMPANY_DIFFERS, SUBMITTED, COMPLETED, REOPENED, EXPIRED, EXTENDED,
    REVOKED, RENEWAL_REQUESTED, ADDRESS_SHOWN, INVITED, DEVICE_CODE_MADE, DEVICE_VERIFIED, ACCESS_ADDED, ACCESS_REMOVED,
    ROLE_REQUESTED,
)  # fmt: skip
