"""What happens to our OAuth access to a platform, the client's or the agency's."""

from app.events.types.kinds import EventType

NO_ASK = {
    "ask_id": None, "ask_kind": None, "asset_id": None, "asset_name": None, "role_requested": None,
    "role_granted": None, "status": None, "status_previous": None, "verified_at": None, "grant_id": None,
}  # fmt: skip


def _connection(what: str, sentence: str, **example: object) -> EventType:
    return EventType(f"connection.{what}", sentence, "connection", example={**NO_ASK, **example})


AUTHORISED = _connection("authorised", "Somebody authorised Keyturn at the platform; this alone shares nothing.")
REVOKED = _connection("revoked", "The token was given back to the platform and can no longer be used.")
REVOCATION_FAILED = _connection(
    "revocation_failed", "The token could not be given back yet; it is tried again.", next_actor="platform"
)
TOKEN_INVALID = _connection("token_invalid", "The platform no longer accepts the token.", next_actor="client")
CONSENT_CANCELLED = _connection("consent_cancelled", "The person came back from the platform without authorising.")

ALL = (AUTHORISED, REVOKED, REVOCATION_FAILED, TOKEN_INVALID, CONSENT_CANCELLED)
