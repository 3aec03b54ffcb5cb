"""What the agency changes about itself: for its audit page alone."""

from app.events.types.kinds import audit_only

AGENCY_CREATED = audit_only("agency.created", "The agency was set up.", "agency")
AGENCY_UPDATED = audit_only("agency.updated", "Name, brand or contact of the agency was changed.", "agency")
PLATFORM_APP_SET = audit_only("agency.platform_app_set", "The agency's own TikTok app was set or replaced.", "agency")
BUSINESS_CENTER_ADDED = audit_only(
    "agency.business_center_added", "A Business Center of the agency was named.", "agency"
)
BUSINESS_CENTER_REMOVED = audit_only(
    "agency.business_center_removed", "A Business Center of the agency was taken off the list.", "agency"
)
KEY_CREATED = audit_only("api_key.created", "An API key was made.", "api_key")
KEY_REVOKED = audit_only("api_key.revoked", "An API key was ended.", "api_key")

ALL = (
    AGENCY_CREATED, AGENCY_UPDATED, PLATFORM_APP_SET, BUSINESS_CENTER_ADDED, BUSINESS_CENTER_REMOVED, KEY_CREATED,
    KEY_REVOKED,
)  # fmt: skip
