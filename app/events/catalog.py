"""Catalogue of all event types: name, sentence, subject, visibility and example. Pure."""

import re
from dataclasses import dataclass, field
from typing import Any

from app.events import schema

_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,4}$")


@dataclass(frozen=True)
class EventType:
    """One entry of the catalogue. `example` overrides keys of `schema.EXAMPLE` for this type."""

    name: str
    sentence: str
    subject: str
    for_crms: bool = True
    since: str = "2026-12-01"
    example: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or len(self.name) > 128:
            raise ValueError(f"{self.name!r} is no event type: subject.what_happened")


#: Keys of `data` that events of a client, a link or a grant carry in their examples.
_CLIENT_KEYS = ("client_id", "client_name", "contact_email", "external_id", "language")
_LINK_KEYS = (
    *_CLIENT_KEYS, "link_id", "link_status", "link_external_id", "preset", "platform", "assets_total",
    "assets_verified", "assets_blocked", "tiktok_bc_id", "tiktok_ad_account_ids", "tiktok_pixel_codes",
    "target_markets",
)  # fmt: skip
_GRANT_KEYS = (
    *_CLIENT_KEYS, "platform", "tiktok_bc_id", "grant_id", "asset_kind", "asset_id", "asset_name", "role_granted",
    "verified_at",
)  # fmt: skip
#: Values of a link before the client has given any input.
_NO_INTAKE: dict[str, Any] = {
    "assets_total": 1, "tiktok_bc_id": None, "tiktok_ad_account_ids": None, "tiktok_pixel_codes": None,
    "target_markets": None,
}  # fmt: skip
_CONNECTION_ID = "connection_01ksy1q3e0fzs8qj5m8g3d4w7x"
_ENDPOINT_ID = "endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"
_EVENT_ID = "evt_01ksy1q3e0fzs8qj5m8g3d4w82"


def audit_only(name: str, sentence: str, subject: str) -> EventType:
    """An event type for the agency's audit log only; CRMs cannot subscribe to it."""
    return EventType(name, sentence, subject, for_crms=False)


def _only(*keys: str, **given: Any) -> dict[str, Any]:
    """An example with these keys of the common one and the agency, the given values, and null elsewhere."""
    kept = {"agency_id", *keys}
    return {key: value if key in kept else None for key, value in schema.EXAMPLE.items()} | given


def _link(what: str, sentence: str, status: str, **more: object) -> EventType:
    example = _only(*_LINK_KEYS) | {"link_status": status, "assets_verified": 0, **more}
    return EventType(f"link.{what}", sentence, "link", example=example)


LINK_CREATED = _link("created", "A link was created for a client.", "draft", **_NO_INTAKE)
LINK_SENT = _link("sent", "The link's address was issued, to be sent to the client.", "sent", **_NO_INTAKE)
LINK_OPENED = _link(
    "opened", "The client pressed Start for the first time; a mere page view does not count.", "opened", **_NO_INTAKE
)
LINK_SCREEN_COMPLETED = _link(
    "screen_completed", "The client finished one screen.", "in_progress", screen="business-center"
)
LINK_COMPANY_DIFFERS = _link(
    "company_differs",
    "The client shares from a Business Center that seems to belong to another company, and confirmed it; `reason` "
    "names it.",
    "in_progress",
    reason="Maison Lune",
)
LINK_SUBMITTED = _link(
    "submitted",
    "The client agreed to the access requests; Keyturn starts working.",
    "submitted",
    **schema.EXAMPLE_GIVEN,
)
LINK_COMPLETED = _link(
    "completed",
    "Every required access request is verified, or attested where no read is possible.",
    "completed",
    assets_verified=4,
    **schema.EXAMPLE_GIVEN,
)
LINK_REOPENED = _link(
    "reopened",
    "A completed link is open again, because more is requested or verified access is gone; `reason` is one of "
    "`access_requested`, `wider_role`, `lower_role`, `drifted` or `not_proved`.",
    "drifted",
    assets_verified=3,
    reason="drifted",
    next_actor="client",
)
LINK_EXPIRED = _link("expired", "The link expired before it was completed.", "expired", **_NO_INTAKE)
LINK_EXTENDED = _link("extended", "The link's expiry was extended.", "sent", **_NO_INTAKE)
LINK_REVOKED = _link("revoked", "The agency ended the link.", "revoked", **_NO_INTAKE)
LINK_RENEWAL_REQUESTED = _link(
    "renewal_requested",
    "The client opened an expired or revoked link and requested a new one.",
    "expired",
    **_NO_INTAKE,
)
LINK_ADDRESS_SHOWN = audit_only("link.address_shown", "A member of the agency viewed the link's address again.", "link")
LINK_INVITED = audit_only("link.invited", "The agency e-mailed the link's address to the client's contact.", "link")
LINK_DEVICE_CODE_MADE = audit_only(
    "link.device_code_made", "The agency created a code for a new device of the client.", "link"
)
LINK_DEVICE_VERIFIED = audit_only(
    "link.device_verified", "A new device of the client was admitted with the correct code.", "link"
)
LINK_ACCESS_ADDED = audit_only("link.access_added", "The agency added an access request to a link.", "link")
LINK_ACCESS_REMOVED = audit_only(
    "link.access_removed", "The agency removed an access request before the client's consent.", "link"
)
LINK_ROLE_REQUESTED = audit_only("link.role_requested", "The agency requested a different role.", "link")


def _access(status: str, sentence: str, **example: object) -> EventType:
    unproved = {} if status == "verified" else {"verified_at": None, "grant_id": None, "role_granted": None}
    return EventType(
        f"access.{status}",
        sentence,
        "link",
        example={"link_status": "submitted", "status": status, "status_previous": "approved", **unproved, **example},
    )


ACCESS_REQUESTED = EventType(
    "access.requested",
    "Further access, or a higher role, was requested on an existing link; it waits for the client's consent.",
    "link",
    example={
        "link_status": "submitted", "status": "waiting", "status_previous": None, "verified_at": None,
        "grant_id": None, "role_granted": None, "next_actor": "client",
    },
)  # fmt: skip
ACCESS_APPROVED = _access(
    "approved", "The client approved this access; Keyturn acts next.", status_previous="waiting", next_actor="us"
)
ACCESS_AWAITING_PARTNER = _access(
    "awaiting_partner",
    "The platform recorded the share, or the client says that the steps are done if nothing can be read. The access "
    "is not visible on the agency's side yet.",
    next_actor="agency",
)
ACCESS_AWAITING_CLIENT = _access(
    "awaiting_client", "The client has to do the steps by hand; no access is visible yet.", next_actor="client"
)
ACCESS_VERIFIED = _access(
    "verified", "The access was verified with the agreed role.", status_previous="awaiting_partner"
)
ACCESS_ATTESTED = _access(
    "attested",
    "The platform cannot be read; a named person confirmed that the access works.",
    status_previous="awaiting_partner",
    platform="meta",
    asset_kind="custom",
    asset_id="act_1234567890",
    asset_name="Meta ad account",
    role_requested="MANAGE_CAMPAIGNS",
)
ACCESS_BLOCKED = _access(
    "blocked",
    "The access request is blocked: `blocker_code` says why, `next_actor` says who acts next.",
    blocker_code="not_bc_admin",
    assets_blocked=1,
    next_actor="client",
)
ACCESS_UNVERIFIABLE = _access(
    "unverifiable",
    "The access seems to exist but could not be read: the read was refused, or the agency is not connected.",
    next_actor="agency",
)
ACCESS_DECLINED = _access("declined", "The client declined this access.", status_previous="waiting")
ACCESS_BY_STATUS = {
    event.name.removeprefix("access."): event
    for event in (
        ACCESS_APPROVED, ACCESS_AWAITING_PARTNER, ACCESS_AWAITING_CLIENT, ACCESS_VERIFIED, ACCESS_ATTESTED,
        ACCESS_BLOCKED, ACCESS_UNVERIFIABLE, ACCESS_DECLINED,
    )
}  # fmt: skip
GRANT_FOUND = EventType(
    "grant.found",
    "An import found access that was not requested here.",
    "grant",
    example=_only(*_GRANT_KEYS),
)
GRANT_DRIFTED = EventType(
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
GRANT_RESTORED = EventType(
    "grant.restored",
    "Access that had drifted is again as agreed.",
    "grant",
    example={"link_status": "completed", "status_previous": "drifted"},
)
GRANT_ROLE_CHANGED = EventType(
    "grant.role_changed",
    "The role of an access changed, as agreed, or on access that was not requested here.",
    "grant",
    example={"link_status": "completed", "status": "verified", "status_previous": "approved"},
)
GRANT_REVOCATION_REQUESTED = audit_only(
    "grant.revocation_requested", "The agency requested the removal of a grant.", "grant"
)
GRANT_REVOCATION_REFUSED = EventType(
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
GRANT_REVOKED = EventType(
    "grant.revoked",
    "The access was removed.",
    "grant",
    example={"link_status": "completed", "status": "ended", "status_previous": "verified", "role_granted": None},
)
PARTNER_LINKED = EventType(
    "partner.linked",
    "A partner and its imported grants were linked to a client.",
    "partner",
    example=_only(*_CLIENT_KEYS, "platform", "tiktok_bc_id"),
)
IMPORT_STARTED = audit_only("import.started", "An import of the agency's Business Center started.", "import")
IMPORT_FINISHED = audit_only("import.finished", "An import read everything that could be read.", "import")
IMPORT_FAILED = audit_only("import.failed", "An import ended because the platform refused it.", "import")
_NO_LINK = _only(*_CLIENT_KEYS)
CLIENT_CREATED = EventType("client.created", "A client was created.", "client", example=_NO_LINK)
CLIENT_UPDATED = EventType("client.updated", "A client was changed.", "client", example=_NO_LINK)
CLIENT_REMOVED = EventType(
    "client.removed",
    "A client created by an import was removed, because its partner was linked to another client.",
    "client",
    example=_NO_LINK,
)
INTAKE_COMPLETED = EventType(
    "intake.completed",
    "The client completed the intake.",
    "link",
    example=LINK_SUBMITTED.example | {"link_status": "in_progress", "agreed_by": None, "agreed_at": None},
)
CONSENT_GIVEN = EventType(
    "consent.given", "The client consented to the access requests, by name.", "link", example=LINK_SUBMITTED.example
)
#: The client has started and not given any input yet.
_LINK_NOW = {**_NO_INTAKE, "link_status": "opened", "assets_verified": 0}


def _connection(what: str, sentence: str, **more: object) -> EventType:
    example = _only("link_id", "client_id", "platform", connection_id=_CONNECTION_ID, **more)
    return EventType(f"connection.{what}", sentence, "connection", example=example)


CONNECTION_AUTHORIZED = EventType(
    "connection.authorized",
    "A person authorized Keyturn at the platform. This alone shares nothing.",
    "connection",
    example=_only(*_LINK_KEYS) | _LINK_NOW | {"connection_id": _CONNECTION_ID},
)
CONNECTION_REVOKED = _connection("revoked", "The token was revoked at the platform and can no longer be used.")
CONNECTION_REVOCATION_FAILED = _connection(
    "revocation_failed", "The token could not be revoked yet; Keyturn tries again.", next_actor="us"
)
CONNECTION_TOKEN_INVALID = _connection(
    "token_invalid", "The platform no longer accepts the token.", next_actor="client"
)
CONNECTION_CONSENT_CANCELLED = EventType(
    "connection.consent_cancelled",
    "The person came back from the platform without authorizing.",
    "connection",
    example=_only(*_LINK_KEYS) | _LINK_NOW,
)
CONNECTION_FAILED = EventType(
    "connection.failed",
    "A person authorized, but no connection was made because of the app or the platform's response; `reason` names "
    "the missing permissions, or the platform's message and request id.",
    "connection",
    example=_only(*_LINK_KEYS)
    | _LINK_NOW
    | {
        "blocker_code": "scope_not_authorized",
        "next_actor": "agency",
        "reason": "Ad Account Management > Business Center > Business Center Partner Management",
    },
)


def _webhook(what: str, sentence: str, subject: str = "endpoint", **more: object) -> EventType:
    return EventType(f"webhook.{what}", sentence, subject, example=_only(endpoint_id=_ENDPOINT_ID, **more))


ENDPOINT_CREATED = _webhook("endpoint.created", "A webhook endpoint was added.")
ENDPOINT_UPDATED = _webhook(
    "endpoint.updated", "A webhook endpoint was changed; `reason` says what.", status="active", reason="url,headers"
)
ENDPOINT_DELETED = _webhook(
    "endpoint.deleted", "A webhook endpoint was deleted; its pending deliveries were cancelled."
)
ENDPOINT_DISABLED = _webhook(
    "endpoint.disabled",
    "An endpoint was disabled and receives nothing; `reason` says why.",
    status="disabled",
    reason="failing",
)
ENDPOINT_ENABLED = _webhook("endpoint.enabled", "An endpoint was enabled again.", status="active")
ENDPOINT_DEGRADED = _webhook(
    "endpoint.degraded",
    "All attempts to an endpoint have been failing for some time, or its backlog is too large; `reason` says which.",
    status="active",
    reason="http_500",
    failed_count=23,
    sample_event_id=_EVENT_ID,
)
ENDPOINT_RECOVERED = _webhook(
    "endpoint.recovered", "An endpoint that had been failing accepted a delivery again.", status="active"
)
ENDPOINT_VERIFICATION_FAILED = _webhook(
    "endpoint.verification_failed",
    "An endpoint did not answer its challenge; nothing is sent to it until it does.",
    status="pending_verification",
    reason="challenge_missing",
)
DELIVERY_EXHAUSTED = _webhook(
    "delivery.exhausted",
    "A delivery ended without success; `status` and `reason` say how.",
    "delivery",
    status="exhausted",
    reason="attempts_used",
    sample_event_id=_EVENT_ID,
    delivery_id="delivery_01ksy1q3e0fzs8qj5m8g3d4w7z",
)
REPLAY_COMPLETED = _webhook(
    "replay.completed",
    "A replay queued all its deliveries.",
    "replay",
    status="completed",
    replay_id="replay_01ksy1q3e0fzs8qj5m8g3d4w81",
)
ENDPOINT_VERIFICATION_SENT = audit_only("webhook.verification_sent", "A challenge was sent to an endpoint.", "endpoint")
SECRET_SHOWN = audit_only("webhook.secret_shown", "A member of the agency viewed a signing secret.", "endpoint")
SECRET_ROTATED = audit_only("webhook.secret_rotated", "An endpoint got a new signing secret.", "endpoint")
SECRET_ENDED = audit_only("webhook.secret_ended", "A signing secret was revoked before its expiry.", "endpoint")
REPLAY_STARTED = audit_only("webhook.replay_started", "A member of the agency started a replay.", "replay")
REPLAY_CANCELLED = audit_only("webhook.replay_cancelled", "A member of the agency cancelled a replay.", "replay")
PAYLOAD_DELETED = audit_only("webhook.payload_deleted", "The body of a delivery was deleted.", "delivery")
AGENCY_CREATED = audit_only("agency.created", "The agency was created.", "agency")
AGENCY_UPDATED = audit_only("agency.updated", "Name, brand or contact of the agency was changed.", "agency")
AGENCY_LOGO_SET = audit_only("agency.logo_set", "The agency's logo was set or replaced.", "agency")
AGENCY_LOGO_REMOVED = audit_only("agency.logo_removed", "The agency's logo was removed.", "agency")
PLATFORM_APP_SET = audit_only("agency.platform_app_set", "The agency's own TikTok app was set or replaced.", "agency")
BUSINESS_CENTER_ADDED = audit_only(
    "agency.business_center_added", "A Business Center of the agency was added.", "agency"
)
BUSINESS_CENTER_REMOVED = audit_only(
    "agency.business_center_removed", "A Business Center of the agency was removed.", "agency"
)
BUYERS_SET = audit_only("agency.buyers_set", "The buyers of a Business Center of the agency were set.", "agency")
LINK_BUYERS_SET = audit_only("link.buyers_set", "The buyers of a link were set or removed.", "link")
AGENCY_PLATFORM_SET = audit_only("agency.platform_set", "The agency's ids on a manual platform were set.", "agency")
KEY_CREATED = audit_only("api_key.created", "An API key was created.", "api_key")
KEY_REVOKED = audit_only("api_key.revoked", "An API key was revoked.", "api_key")
PRESET_SAVED = audit_only("preset.saved", "A preset was created or got a new version.", "preset")
PRESET_ARCHIVED = audit_only("preset.archived", "A preset was archived.", "preset")
PUBLIC_LINK_CREATED = audit_only("public_link.created", "A public link was created.", "public_link")
PUBLIC_LINK_SHOWN = audit_only(
    "public_link.address_shown", "A member of the agency viewed a public link's address again.", "public_link"
)
PUBLIC_LINK_REVOKED = audit_only("public_link.revoked", "The agency revoked a public link.", "public_link")
#: All types, by name, in the order above.
TYPES: dict[str, EventType] = {each.name: each for each in list(globals().values()) if isinstance(each, EventType)}
#: Event types that an endpoint can subscribe to.
FOR_CRMS: dict[str, EventType] = {name: event for name, event in TYPES.items() if event.for_crms}


def named(pattern: str) -> list[str]:
    """Names of the event types that a name, `access.*` or `*` matches."""
    if pattern == "*":
        return [name for name in FOR_CRMS if not name.startswith("webhook.")]
    if pattern.endswith(".*"):
        return [name for name in TYPES if name.startswith(pattern[:-1])]
    return [pattern] if pattern in TYPES else []


def example(event: EventType) -> dict[str, Any]:
    """A complete example envelope of this type."""
    data = schema.shown({**schema.EXAMPLE, **event.example})
    subject_id = getattr(data, f"{event.subject}_id", None) or f"{event.subject}_01ksy1q3e0fzs8qj5m8g3d4w7x"
    return schema.Envelope(
        id="evt_01ksy1q3e0fzs8qj5m8g3d4w7y",
        type=event.name,
        timestamp="2026-12-04T13:32:10.123Z",
        sequence=17,
        agency_id=str(data.agency_id),
        actor_kind="system",
        actor_id="worker",
        subject=schema.Subject(type=event.subject, id=subject_id),
        data=data,
    ).model_dump()


def json_schema(event: EventType) -> dict[str, Any]:
    """The JSON Schema of this type's envelope."""
    made = schema.Envelope.model_json_schema()
    made["title"] = event.name
    made["description"] = event.sentence
    made["properties"]["type"] = {"const": event.name, "type": "string"}
    return made
