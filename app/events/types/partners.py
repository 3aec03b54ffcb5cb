"""What happens to partners of the agency's Business Centers, and to the looking for them. Pure."""

from app.events.types.event_type import EventType, audit_only
from app.events.types.examples import CLIENT, only

LINKED = EventType(
    "partner.linked",
    "A partner, with all access found of it, was linked to a client record.",
    "partner",
    example=only(*CLIENT, "platform", "tiktok_bc_id"),
)
IMPORT_STARTED = audit_only("import.started", "Looking for what the agency's Business Center has began.", "import")
IMPORT_FINISHED = audit_only("import.finished", "Everything that could be read was read.", "import")
IMPORT_FAILED = audit_only("import.failed", "The looking ended because the platform refused it.", "import")

ALL = (LINKED, IMPORT_STARTED, IMPORT_FINISHED, IMPORT_FAILED)
