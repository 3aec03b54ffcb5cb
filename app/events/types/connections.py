"""Events of OAuth connections to a platform, of the client or the agency. Pure."""

from app.events.types.event_type import EventType
from app.events.types.examples import LINK, UNTOLD, only

_ID = "connection_01ksy1q3e0fzs8qj5m8g3d4w7x"
#: The client has started and not given any input yet.
_LINK_NOW = {**UNTOLD, "link_status": "opened", "assets_verified": 0}


def _connection(what: str, sentence: str, **more: object) -> EventType:
    example = only("link_id", "client_id", "platform", connection_id=_ID, **more)
    return EventType(f"connection.{what}", sentence, "connection", example=example)


AUTHORIZED = EventType(
    "connection.authorized",
    "A person authorized Keyturn at the platform. This alone shares nothing.",
    "connection",
    example=only(*LINK) | _LINK_NOW | {"connection_id": _ID},
)
REVOKED = _connection("revoked", "The token was revoked at the platform and can no longer be used.")
REVOCATION_FAILED = _connection(
    "revocation_failed", "The token could not be revoked yet; Keyturn tries again.", next_actor="us"
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
    "A person authorized, but no connection was made because of the app or the platform's response; `reason` names "
    "the missing permissions, or the platform's message and request id.",
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
