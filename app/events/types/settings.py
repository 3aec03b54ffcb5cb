"""Events of the agency's settings, for its audit log only. Pure."""

from app.events.types.event_type import audit_only

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
PLATFORM_SET = audit_only("agency.platform_set", "The agency's ids on a manual platform were set.", "agency")
KEY_CREATED = audit_only("api_key.created", "An API key was created.", "api_key")
KEY_REVOKED = audit_only("api_key.revoked", "An API key was revoked.", "api_key")
PRESET_SAVED = audit_only("preset.saved", "A preset was created or got a new version.", "preset")
PRESET_ARCHIVED = audit_only("preset.archived", "A preset was archived.", "preset")
OPEN_LINK_CREATED = audit_only("public_link.created", "A public link was created.", "public_link")
OPEN_LINK_SHOWN = audit_only(
    "public_link.address_shown", "A member of the agency viewed a public link's address again.", "public_link"
)
OPEN_LINK_REVOKED = audit_only("public_link.revoked", "The agency revoked a public link.", "public_link")

ALL = (
    AGENCY_CREATED, AGENCY_UPDATED, AGENCY_LOGO_SET, AGENCY_LOGO_REMOVED,
    PLATFORM_APP_SET, BUSINESS_CENTER_ADDED, BUSINESS_CENTER_REMOVED, BUYERS_SET,
    LINK_BUYERS_SET, PLATFORM_SET, KEY_CREATED, KEY_REVOKED, PRESET_SAVED, PRESET_ARCHIVED, OPEN_LINK_CREATED,
    OPEN_LINK_SHOWN, OPEN_LINK_REVOKED,
)  # fmt: skip
