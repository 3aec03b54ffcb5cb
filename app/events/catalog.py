"""Catalogue of all event types: name, sentence, subject, schema, visibility and example. Pure."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from app.events import schema

_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,4}$")
DataT = TypeVar("DataT", bound=schema.Data)


@dataclass(frozen=True)
class EventType(Generic[DataT]):
    """One entry of the catalogue. `data` is the schema of its data; `example` replaces values of EXAMPLE."""

    name: str
    sentence: str
    subject: str
    data: type[DataT]
    example: dict[str, Any] = field(default_factory=dict)
    for_crms: bool = True
    since: str = "2026-12-01"

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or len(self.name) > 128:
            raise ValueError(f"{self.name!r} is no event type: subject.what_happened")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of `data`, in the order of bodies."""
        return tuple(self.data.model_fields)


def audit_only(name: str, sentence: str, subject: str, data: type[DataT]) -> EventType[DataT]:
    """An event type for the agency's audit log only; CRMs cannot subscribe to it."""
    return EventType(name, sentence, subject, data, for_crms=False)


#: Values of a link before the client has given any input.
_UNTOUCHED: dict[str, Any] = {
    "platform_account_id": None, "ad_account_ids": None, "pixel_codes": None, "target_markets": None,
    "assets_total": 1, "assets_verified": 0,
}  # fmt: skip


def _link(what: str, sentence: str, status: str, data: type[DataT], **more: Any) -> EventType[DataT]:
    return EventType(f"link.{what}", sentence, "link", data, {"link_status": status, "assets_verified": 0, **more})


LINK_CREATED = _link("created", "A link was created for a client.", "draft", schema.LinkData, **_UNTOUCHED)
LINK_SENT = _link(
    "sent", "The link's address was issued, to be sent to the client.", "sent", schema.LinkData, **_UNTOUCHED
)
LINK_OPENED = _link(
    "opened",
    "The client pressed Start for the first time; a mere page view does not count.",
    "opened",
    schema.LinkData,
    **_UNTOUCHED,
)
LINK_SCREEN_COMPLETED = _link(
    "screen_completed", "The client finished one screen.", "in_progress", schema.LinkScreenData
)
LINK_COMPANY_DIFFERS = _link(
    "company_differs",
    "The client shares from a Business Center that seems to belong to another company, and confirmed it; `reason` "
    "names it.",
    "in_progress",
    schema.LinkReasonData,
    reason="Maison Lune",
)
LINK_SUBMITTED = _link(
    "submitted",
    "The client agreed to the access requests; Keyturn starts working.",
    "submitted",
    schema.LinkGivenData,
)
LINK_COMPLETED = _link(
    "completed",
    "Every required access request is verified, or attested where no read is possible.",
    "completed",
    schema.LinkGivenData,
    assets_verified=4,
)
LINK_REOPENED = _link(
    "reopened",
    "A completed link is open again, because more is requested or verified access is gone; `reason` is one of "
    "`access_requested`, `wider_role`, `lower_role`, `drifted` or `not_proved`.",
    "drifted",
    schema.LinkReopenedData,
    assets_verified=3,
    reason="drifted",
    next_actor="client",
)
LINK_EXPIRED = _link("expired", "The link expired before it was completed.", "expired", schema.LinkData, **_UNTOUCHED)
LINK_EXTENDED = _link("extended", "The link's expiry was extended.", "sent", schema.LinkData, **_UNTOUCHED)
LINK_REVOKED = _link("revoked", "The agency ended the link.", "revoked", schema.LinkData, **_UNTOUCHED)
LINK_RENEWAL_REQUESTED = _link(
    "renewal_requested",
    "The client opened an expired or revoked link and requested a new one.",
    "expired",
    schema.LinkData,
    **_UNTOUCHED,
)
LINK_ERASURE_REQUESTED = _link(
    "erasure_requested", "The client asked for its personal data to be erased.", "completed", schema.LinkData
)
#: Values of a link whose access is verified and that is ready to launch.
_LAUNCHES = {"link_status": "completed", "assets_verified": 4, "status": "launch_ready"}
KICKOFF_COMPLETED = EventType(
    "kickoff.completed",
    "Everything that a launch needs was checked live; `status` is `launch_ready` or `not_ready`.",
    "link",
    schema.KickoffData,
    _LAUNCHES,
)
KICKOFF_ATTESTED = EventType(
    "kickoff.attested",
    "A person of the agency attested a check of the last kickoff; `status` is `launch_ready` or `not_ready`.",
    "link",
    schema.KickoffData,
    _LAUNCHES,
)
REVIEW_COMPLETED = EventType(
    "review.completed",
    "The client said, by name, that the access on its link is still right.",
    "link",
    schema.LinkData,
    {"link_status": "completed", "assets_verified": 1},
)
LINK_ABANDONED = _link(
    "abandoned",
    "The client left the opened link unfinished: no action for 15 minutes, once for each stay. `screen` is the one "
    "that waits for an answer.",
    "in_progress",
    schema.LinkScreenData,
)
LINK_DELEGATED = _link(
    "delegated",
    "The client made a step link: somebody else does what one platform needs; `screen` names the platform.",
    "in_progress",
    schema.LinkScreenData,
)
LINK_STEP_OPENED = audit_only(
    "link.step_opened", "The person of a step link started; `screen` names the platform.", "link", schema.LinkScreenData
)
LINK_STEP_TAKEN_BACK = audit_only(
    "link.step_taken_back",
    "The client revoked a step link; `screen` names the platform.",
    "link",
    schema.LinkScreenData,
)
LINK_ADDRESS_SHOWN = audit_only(
    "link.address_shown", "A member of the agency viewed the link's address again.", "link", schema.LinkData
)
LINK_INVITED = audit_only(
    "link.invited", "The agency e-mailed the link's address to the client's contact.", "link", schema.LinkData
)
LINK_REMINDED = audit_only(
    "link.reminded",
    "The client was e-mailed what is in the way, with the link: by the agency, or by its schedule.",
    "link",
    schema.LinkData,
)
LINK_DEVICE_CODE_MADE = audit_only(
    "link.device_code_made", "The agency created a code for a new device of the client.", "link", schema.LinkData
)
LINK_DEVICE_VERIFIED = audit_only(
    "link.device_verified", "A new device of the client was admitted with the correct code.", "link", schema.LinkData
)
LINK_ACCESS_ADDED = audit_only(
    "link.access_added", "The agency added an access request to a link.", "link", schema.AccessData
)
LINK_ACCESS_REMOVED = audit_only(
    "link.access_removed",
    "The agency removed an access request before the client's consent.",
    "link",
    schema.AccessData,
)
LINK_ROLE_REQUESTED = audit_only(
    "link.role_requested", "The agency requested a different role.", "link", schema.AccessData
)
#: Values of an access request that was not verified yet.
_UNPROVED = {"verified_at": None, "grant_id": None, "role_granted": None}


def _access(status: str, sentence: str, **more: Any) -> EventType[schema.AccessData]:
    example = {"link_status": "submitted", "status": status, "status_previous": "approved", **more}
    return EventType(f"access.{status}", sentence, "link", schema.AccessData, example)


ACCESS_REQUESTED = EventType(
    "access.requested",
    "Further access, or a higher role, was requested on an existing link; it waits for the client's consent.",
    "link",
    schema.AccessData,
    {
        "link_status": "submitted", "status": "waiting", "status_previous": None, "next_actor": "client", **_UNPROVED,
    },
)  # fmt: skip
ACCESS_APPROVED = _access(
    "approved",
    "The client approved this access; Keyturn acts next.",
    status_previous="waiting",
    next_actor="us",
    **_UNPROVED,
)
ACCESS_AWAITING_PARTNER = _access(
    "awaiting_partner",
    "The platform recorded the share, or the client says that the steps are done if nothing can be read. The access "
    "is not visible on the agency's side yet.",
    next_actor="agency",
    **_UNPROVED,
)
ACCESS_AWAITING_CLIENT = _access(
    "awaiting_client",
    "The client has to do the steps by hand; no access is visible yet.",
    next_actor="client",
    **_UNPROVED,
)
ACCESS_VERIFIED = _access(
    "verified", "The access was verified with the agreed role.", status_previous="awaiting_partner"
)
ACCESS_ATTESTED = _access(
    "attested",
    "The platform cannot be read; a named person confirmed that the access works.",
    status_previous="awaiting_partner",
    platform="meta",
    platform_account_id=None,
    asset_kind="custom",
    asset_id="act_1234567890",
    asset_name="Meta ad account",
    role_requested="MANAGE_CAMPAIGNS",
    **_UNPROVED,
)
ACCESS_BLOCKED = _access(
    "blocked",
    "The access request is blocked: `blocker_code` says why, `next_actor` says who acts next.",
    blocker_code="not_bc_admin",
    assets_blocked=1,
    next_actor="client",
    **_UNPROVED,
)
ACCESS_UNVERIFIABLE = _access(
    "unverifiable",
    "The access seems to exist but could not be read: the read was refused, or the agency is not connected.",
    next_actor="agency",
    **_UNPROVED,
)
ACCESS_DECLINED = _access("declined", "The client declined this access.", status_previous="waiting", **_UNPROVED)
ACCESS_BY_STATUS = {
    event.name.removeprefix("access."): event
    for event in (
        ACCESS_APPROVED, ACCESS_AWAITING_PARTNER, ACCESS_AWAITING_CLIENT, ACCESS_VERIFIED, ACCESS_ATTESTED,
        ACCESS_BLOCKED, ACCESS_UNVERIFIABLE, ACCESS_DECLINED,
    )
}  # fmt: skip


def _grant(what: str, sentence: str, **more: Any) -> EventType[schema.AccessData]:
    example = {"link_status": "completed", **more}
    return EventType(f"grant.{what}", sentence, "grant", schema.AccessData, example)


GRANT_FOUND = EventType("grant.found", "An import found access that was not requested here.", "grant", schema.GrantData)
GRANT_DRIFTED = _grant(
    "drifted",
    "Verified access is gone, or its role has changed.",
    status="drifted",
    status_previous="verified",
    role_granted=None,
    next_actor="client",
)
GRANT_RESTORED = _grant("restored", "Access that had drifted is again as agreed.", status_previous="drifted")
GRANT_ROLE_CHANGED = _grant(
    "role_changed",
    "The role of an access changed, as agreed, or on access that was not requested here.",
    status_previous="approved",
)
GRANT_REVOCATION_REQUESTED = audit_only(
    "grant.revocation_requested", "The agency requested the removal of a grant.", "grant", schema.GrantData
)
GRANT_REVOCATION_REFUSED = _grant(
    "revocation_refused",
    "The platform refused to let Keyturn remove a grant; `next_actor` says who has to remove it.",
    status="revoking",
    status_previous=None,
    blocker_code="removal_refused",
    next_actor="client",
)
GRANT_REVOKED = _grant(
    "revoked", "The access was removed.", status="ended", status_previous="verified", role_granted=None
)
PARTNER_LINKED = EventType(
    "partner.linked", "A partner and its imported grants were linked to a client.", "partner", schema.PartnerData
)
IMPORT_STARTED = audit_only(
    "import.started", "An import of the agency's Business Center started.", "import", schema.AgencyAccountData
)
IMPORT_FINISHED = audit_only(
    "import.finished", "An import read everything that could be read.", "import", schema.AgencyAccountData
)
IMPORT_FAILED = audit_only(
    "import.failed", "An import ended because the platform refused it.", "import", schema.ImportFailedData
)
CLIENT_CREATED = EventType("client.created", "A client was created.", "client", schema.ClientData)
CLIENT_UPDATED = EventType(
    "client.updated", "A client or its contacts were changed.", "client", schema.ClientContactsData
)
CLIENT_REMOVED = EventType(
    "client.removed",
    "A client created by an import was removed, because its partner was linked to another client.",
    "client",
    schema.ClientData,
)
CLIENT_PERSONAL_DATA_ERASED = EventType(
    "client.personal_data_erased",
    "The personal data of a client were erased, or those on one link: names, addresses, answers and files. Erase them "
    "in your CRM too.",
    "client",
    schema.ErasureData,
    {"link_id": None},
)
INTAKE_COMPLETED = EventType(
    "intake.completed",
    "The client completed the intake.",
    "link",
    schema.LinkGivenData,
    {"assets_verified": 0, "agreed_by": None, "agreed_at": None},
)
CONSENT_GIVEN = EventType(
    "consent.given",
    "The client consented to the access requests, by name.",
    "link",
    schema.LinkGivenData,
    {"link_status": "submitted", "assets_verified": 0},
)
#: The client has started and not given any input yet.
_STARTED = {**_UNTOUCHED, "link_status": "opened"}
CONNECTION_AUTHORIZED = EventType(
    "connection.authorized",
    "A person authorized Keyturn at the platform. This alone shares nothing.",
    "connection",
    schema.LinkConnectionData,
    _STARTED,
)
CONNECTION_REVOKED = EventType(
    "connection.revoked",
    "The token was revoked at the platform and can no longer be used.",
    "connection",
    schema.ConnectionData,
)
CONNECTION_REVOCATION_FAILED = EventType(
    "connection.revocation_failed",
    "The token could not be revoked yet; Keyturn tries again.",
    "connection",
    schema.ConnectionActorData,
    {"next_actor": "us"},
)
CONNECTION_TOKEN_INVALID = EventType(
    "connection.token_invalid",
    "The platform no longer accepts the token.",
    "connection",
    schema.ConnectionActorData,
    {"next_actor": "client"},
)
CONNECTION_CONSENT_CANCELLED = EventType(
    "connection.consent_cancelled",
    "The person came back from the platform without authorizing.",
    "connection",
    schema.LinkData,
    _STARTED,
)
CONNECTION_FAILED = EventType(
    "connection.failed",
    "A person authorized, but no connection was made because of the app or the platform's response; `reason` names "
    "the missing permissions, or the platform's message and request id.",
    "connection",
    schema.LinkTroubleData,
    {
        **_STARTED,
        "blocker_code": "scope_not_authorized",
        "next_actor": "agency",
        "reason": "Ad Account Management > Business Center > Business Center Partner Management",
    },
)


def _endpoint(what: str, sentence: str, data: type[DataT], **example: Any) -> EventType[DataT]:
    return EventType(f"webhook.endpoint.{what}", sentence, "endpoint", data, example)


ENDPOINT_CREATED = _endpoint("created", "A webhook endpoint was added.", schema.EndpointData)
ENDPOINT_UPDATED = _endpoint(
    "updated",
    "A webhook endpoint was changed; `reason` says what.",
    schema.EndpointReasonData,
    status="active",
    reason="url,headers",
)
ENDPOINT_DELETED = _endpoint(
    "deleted", "A webhook endpoint was deleted; its pending deliveries were cancelled.", schema.EndpointData
)
ENDPOINT_DISABLED = _endpoint(
    "disabled",
    "An endpoint was disabled and receives nothing; `reason` says why.",
    schema.EndpointReasonData,
    status="disabled",
    reason="failing",
)
ENDPOINT_ENABLED = _endpoint("enabled", "An endpoint was enabled again.", schema.EndpointStatusData, status="active")
ENDPOINT_DEGRADED = _endpoint(
    "degraded",
    "All attempts to an endpoint have been failing for some time, or its backlog is too large; `reason` says which.",
    schema.EndpointFailureData,
    status="active",
    reason="http_500",
)
ENDPOINT_RECOVERED = _endpoint(
    "recovered",
    "An endpoint that had been failing accepted a delivery again.",
    schema.EndpointStatusData,
    status="active",
)
ENDPOINT_VERIFICATION_FAILED = _endpoint(
    "verification_failed",
    "An endpoint did not answer its challenge; nothing is sent to it until it does.",
    schema.EndpointReasonData,
    status="pending_verification",
    reason="challenge_missing",
)
DELIVERY_EXHAUSTED = EventType(
    "webhook.delivery.exhausted",
    "A delivery ended without success; `status` and `reason` say how.",
    "delivery",
    schema.DeliveryEndData,
    {"status": "exhausted", "reason": "attempts_used"},
)
REPLAY_COMPLETED = EventType(
    "webhook.replay.completed",
    "A replay queued all its deliveries.",
    "replay",
    schema.ReplayStatusData,
    {"status": "completed"},
)
ENDPOINT_VERIFICATION_SENT = audit_only(
    "webhook.verification_sent", "A challenge was sent to an endpoint.", "endpoint", schema.EndpointData
)
SECRET_SHOWN = audit_only(
    "webhook.secret_shown", "A member of the agency viewed a signing secret.", "endpoint", schema.EndpointData
)
SECRET_ROTATED = audit_only(
    "webhook.secret_rotated", "An endpoint got a new signing secret.", "endpoint", schema.EndpointData
)
SECRET_ENDED = audit_only(
    "webhook.secret_ended", "A signing secret was revoked before its expiry.", "endpoint", schema.EndpointData
)
REPLAY_STARTED = audit_only(
    "webhook.replay_started", "A member of the agency started a replay.", "replay", schema.ReplayReasonData
)
REPLAY_CANCELLED = audit_only(
    "webhook.replay_cancelled", "A member of the agency cancelled a replay.", "replay", schema.ReplayData
)
PAYLOAD_DELETED = audit_only(
    "webhook.payload_deleted", "The body of a delivery was deleted.", "delivery", schema.DeliveryData
)
AGENCY_CREATED = audit_only("agency.created", "The agency was created.", "agency", schema.Data)
AGENCY_UPDATED = audit_only(
    "agency.updated", "Name, brand or contact of the agency was changed.", "agency", schema.Data
)
AGENCY_LOGO_SET = audit_only("agency.logo_set", "The agency's logo was set or replaced.", "agency", schema.Data)
AGENCY_LOGO_REMOVED = audit_only("agency.logo_removed", "The agency's logo was removed.", "agency", schema.Data)
PLATFORM_APP_SET = audit_only(
    "agency.platform_app_set", "The agency's own TikTok app was set or replaced.", "agency", schema.PlatformData
)
AGENCY_ACCOUNT_ADDED = audit_only(
    "agency.account_added",
    "A Business Center of the agency was added.",
    "agency",
    schema.AgencyAccountData,
)
AGENCY_ACCOUNT_REMOVED = audit_only(
    "agency.account_removed",
    "A Business Center of the agency was removed.",
    "agency",
    schema.AgencyAccountData,
)
BUYERS_SET = audit_only(
    "agency.buyers_set",
    "The buyers of a Business Center of the agency were set.",
    "agency",
    schema.AgencyAccountData,
)
LINK_BUYERS_SET = audit_only("link.buyers_set", "The buyers of a link were set or removed.", "link", schema.LinkIdData)
AGENCY_PLATFORM_SET = audit_only(
    "agency.platform_set", "The agency's ids on a manual platform were set.", "agency", schema.PlatformData
)
KEY_CREATED = audit_only("api_key.created", "An API key was created.", "api_key", schema.Data)
KEY_REVOKED = audit_only("api_key.revoked", "An API key was revoked.", "api_key", schema.Data)
PRESET_SAVED = audit_only("preset.saved", "A preset was created or got a new version.", "preset", schema.PresetData)
PRESET_ARCHIVED = audit_only("preset.archived", "A preset was archived.", "preset", schema.PresetData)
PRESET_RESTORED = audit_only("preset.restored", "A preset was restored.", "preset", schema.PresetData)
OWN_PLATFORM_SAVED = audit_only(
    "own_platform.saved", "A platform of the agency's own was defined or got a new version.", "own_platform",
    schema.PlatformData,
)  # fmt: skip
OWN_PLATFORM_ARCHIVED = audit_only(
    "own_platform.archived", "A platform of the agency's own was archived.", "own_platform", schema.PlatformData
)
OWN_PLATFORM_RESTORED = audit_only(
    "own_platform.restored", "A platform of the agency's own was restored.", "own_platform", schema.PlatformData
)
PUBLIC_LINK_CREATED = audit_only(
    "public_link.created", "A public link was created.", "public_link", schema.PublicLinkData
)
PUBLIC_LINK_SHOWN = audit_only(
    "public_link.address_shown",
    "A member of the agency viewed a public link's address again.",
    "public_link",
    schema.PublicLinkData,
)
PUBLIC_LINK_PAUSED = audit_only(
    "public_link.paused", "The agency paused a public link.", "public_link", schema.PublicLinkData
)
PUBLIC_LINK_RESUMED = audit_only(
    "public_link.resumed", "The agency resumed a public link.", "public_link", schema.PublicLinkData
)
PUBLIC_LINK_REVOKED = audit_only(
    "public_link.revoked", "The agency revoked a public link.", "public_link", schema.PublicLinkData
)
#: All types, by name, in the order above.
TYPES: dict[str, EventType[Any]] = {each.name: each for each in list(globals().values()) if isinstance(each, EventType)}
#: Event types that an endpoint can subscribe to.
FOR_CRMS: dict[str, EventType[Any]] = {name: event for name, event in TYPES.items() if event.for_crms}


def named(pattern: str) -> list[str]:
    """Names of the event types that a name, `access.*` or `*` matches."""
    if pattern == "*":
        return [name for name in FOR_CRMS if not name.startswith("webhook.")]
    if pattern.endswith(".*"):
        return [name for name in TYPES if name.startswith(pattern[:-1])]
    return [pattern] if pattern in TYPES else []
