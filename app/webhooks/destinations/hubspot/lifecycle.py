"""HubSpot's lifecycle stages, which only ever go forwards. Pure.

HubSpot itself takes no step back unless the stage is cleared first; we never clear it, and do not ask for such a step.
https://knowledge.hubspot.com/records/use-lifecycle-stages
"""

ORDER = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
)  # fmt: skip


def forwards(current: str | None, wanted: str | None) -> str | None:
    """The stage to set, or None to leave it: it is there, further on, `other`, or one of the account's own."""
    if wanted not in ORDER:
        return None
    if not current:
        return wanted
    if current not in ORDER or ORDER.index(wanted) <= ORDER.index(current):
        return None
    return wanted
