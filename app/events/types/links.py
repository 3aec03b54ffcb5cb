"""What happens to a link. Pure."""

from app.events.schema import EXAMPLE_GIVEN
from app.events.types.event_type import EventType, audit_only
from app.events.types.examples import LINK, UNTOLD, only


def _link(what: str, sentence: str, status: str, **more: object) -> EventType:
    example = only(*LINK) | {"link_status": status, "assets_verified": 0, **more}
    return EventType(f"link.{what}", sentence, "link", example=example)


CREATED = _link("created", "A link was made for a client.", "draft", **UNTOLD)
SENT = _link("sent", "The link's address was given out to be passed to the client.", "sent", **UNTOLD)
OPENED = _link(
    "opened", "The client pressed Start for the first time; a mere page view does not count.", "opened", **UNTOLD
)
SCREEN_COMPLETED = _link("screen_completed", "The client finished one screen.", "in_progress", screen="business-center")
COMPANY_DIFFERS = _link(
    "company_differs",
    "The client shares from a Business Center that looks like another company's, and said that it is right; `reason` "
    "names it.",
    "in_progress",
    reason="Maison Lune",
)
SUBMITTED = _link("submitted", "The client said yes to what was asked; we go to work.", "submitted", **EXAMPLE_GIVEN)
COMPLETED = _link(
    "completed",
    "Every required access request is verified, or attested where no read is possible.",
    "completed",
    assets_verified=4,
    **EXAMPLE_GIVEN,
)
REOPENED = _link(
    "reopened",
    "A completed link is alive again: more is asked for, or what was proved is gone; `reason` says which: "
    "`access_requested`, `wider_role`, `lower_role`, `drifted` or `not_proved`.",
    "drifted",
    assets_verified=3,
    reason="drifted",
    next_actor="client",
)
EXPIRED = _link("expired", "The link's time ran out before it was completed.", "expired", **UNTOLD)
EXTENDED = _link("extended", "The link was given more time.", "sent", **UNTOLD)
REVOKED = _link("revoked", "The agency ended the link.", "revoked", **UNTOLD)
RENEWAL_REQUESTED = _link(
    "renewal_requested", "The client came to a dead link and asked for a new one.", "expired", **UNTOLD
)
ADDRESS_SHOWN = audit_only("link.address_shown", "Somebody of the agency looked at the link's address again.", "link")
INVITED = audit_only("link.invited", "The agency had the link's address e-mailed to the client's contact.", "link")
DEVICE_CODE_MADE = audit_only("link.device_code_made", "The agency made a code for a new device of the client.", "link")
DEVICE_VERIFIED = audit_only(
    "link.device_verified", "A new device of the client was let in: the right code was entered there.", "link"
)
ACCESS_ADDED = audit_only("link.access_added", "The agency asked for one more access on a link.", "link")
ACCESS_REMOVED = audit_only(
    "link.access_removed", "The agency took back an access request before the client's yes.", "link"
)
ROLE_REQUESTED = audit_only("link.role_requested", "The agency asked for another role than before.", "link")

ALL = (
    CREATED, SENT, OPENED, SCREEN_COMPLETED, COMPANY_DIFFERS, SUBMITTED, COMPLETED, REOPENED, EXPIRED, EXTENDED,
    REVOKED, RENEWAL_REQUESTED, ADDRESS_SHOWN, INVITED, DEVICE_CODE_MADE, DEVICE_VERIFIED, ACCESS_ADDED, ACCESS_REMOVED,
    ROLE_REQUESTED,
)  # fmt: skip
