"""What the agency changes about itself: for its audit page alone. Pure."""

from app.events.types.event_type import audit_only

AGENCY_CREATED = audit_only("agency.created", "The agency was set up.", "agency")
AGENCY_UPDATED = audit_only("agency.updated", "Name, brand or contact of the agency was changed.", "agency")
AGENCY_LOGO_SET = audit_only("agency.logo_set", "The agency's logo was set or replaced.", "agency")
AGENCY_LOGO_REMOVED = audit_only("agency.logo_removed", "The agency's logo was taken away.", "agency")
PLATFORM_APP_SET = audit_only("agency.platform_app_set", "The agency's own TikTok app was set or replaced.", "agency")
BUSINESS_CENTER_ADDED = audit_only(
    "agency.business_center_added", "A Business Center of the agency was named.", "agency"
)
BUSINESS_CENTER_REMOVED = audit_only(
    "agency.business_center_removed", "A Business Center of the agency was taken off the list.", "agency"
)
BUYERS_SET = audit_only("agency.buyers_set", "The buyers of a Business Center of the agency were named.", "agency")
LINK_BUYERS_SET = audit_only("link.buyers_set", "A link got buyers of its own, or lost them.", "link")
PLATFORM_SET = audit_only("agency.platform_set", "The agency's own ids at a manual platform were set.", "agency")
KEY_CREATED = audit_only("api_key.created", "An API key was made.", "api_key")
KEY_REVOKED = audit_only("api_key.revoked", "An API key was ended.", "api_key")
PRESET_SAVED = audit_only("preset.saved", "A preset of the agency's own was made, or got a new version.", "preset")
PRESET_ARCHIVED = audit_only("preset.archived", "A preset of the agency's own was put away.", "preset")
OPEN_LINK_CREATED = audit_only("public_link.created", "A public link was made.", "public_link")
OPEN_LINK_SHOWN = audit_only(
    "public_link.address_shown", "Somebody of the agency looked at a public link's address again.", "public_link"
)
OPEN_LINK_REVOKED = audit_only("public_link.revoked", "The agency ended a public link.", "public_link")

ALL = (
    AGENCY_CREATED, AGENCY_UPDATED, AGENCY_LOGO_SET, AGENCY_LOGO_REMOVED,
    PLATFORM_APP_SET, BUSINESS_CENTER_ADDED, BUSINESS_CENTER_REMOVED, BUYERS_SET,
    LINK_BUYERS_SET, PLATFORM_SET, KEY_CREATED, KEY_REVOKED, PRESET_SAVED, PRESET_ARCHIVED, OPEN_LINK_CREATED,
    OPEN_LINK_SHOWN, OPEN_LINK_REVOKED,
)  # fmt: skip
