"""Events of partners and imports. Pure."""

from app.events.types.event_type import EventType, audit_only
from app.events.types.examples import CLIENT, only

LINKED = EventType(
    "partner.linked",
    "A partner and its imported grants were linked to a client.",
    "partner",
    example=only(*CLIENT, "platform", "tiktok_bc_id"),
)
IMPORT_STARTED = audit_only("import.started", "An import of the agency's Business Center started.", "import")
IMPORT_FINISHED = audit_only("import.finished", "An import read everything that could be read.", "import")
IMPORT_FAILED = audit_only("import.failed", "An import ended because the platform refused it.", "import")

ALL = (LINKED, IMPORT_STARTED, IMPORT_FINISHED, IMPORT_FAILED)
