"""What happens to our OAuth access to a platform, the client's or the agency's. Pure."""

from app.events.types.event_type import EventType
from app.events.types.examples import LINK, UNTOLD, only

_ID = "connection_01ksy1q3e0fzs8qj5m8g3d4w7x"
#: The client is on its way and has not said what it is about.
_LINK_NOW = {**UNTOLD, "link_status": "opened", "assets_verified": 0}


def _connection(what: str, sentence: str, **more: object) -> EventType:
    example = only("link_id", "client_id", "platform", connection_id=_ID, **more)
    return EventType(f"connection.{what}", sentence, "connection", example=example)


AUTHORIZED = EventType(
    "connection.authorized",
    "Somebody authorized Keyturn at the platform; this alone shares nothing.",
    "connection",
    example=only(*LINK) | _LINK_NOW | {"connection_id": _ID},
)
REVOKED = _connection("revoked", "The token was given back to the platform and can no longer be used.")
REVOCATION_FAILED = _connection(
    "revocation_failed", "The token could not be given back yet; it is tried again.", next_actor="us"
)
TOKEN_INVALID = _connection("token_invalid", "The platform no longer accepts the token.", next_actor="client")
CONSENT_CANCELLED = EventType(
    "connection.consent_cancelled",
    "The person came back from the platform without authorizing.",
    "connection",
    example=only(*LINK) | _LINK_NOW,
)
FAILED = EventType(
    "connection.failed",
    "Somebody authorized, and it led to no connection because of the app or of what the platform answered; `reason` "
    "names the missing permissions, or the platform's words with its request id.",
    "connection",
    example=only(*LINK)
    | _LINK_NOW
    | {
        "blocker_code": "scope_not_authorized",
        "next_actor": "agency",
        "reason": "Ad Account Management > Business Center > Business Center Partner Management",
    },
)

ALL = (AUTHORIZED, REVOKED, REVOCATION_FAILED, TOKEN_INVALID, CONSENT_CANCELLED, FAILED)
