"""The plan in plain sentences, shown before the client says yes. Pure."""

from app.links.queries import Whole
from app.platforms.port import Platform


def sentences(whole: Whole, platform: Platform) -> list[str]:
    """One sentence for each thing that will be done, and one for what will not."""
    agency, center = whole.agency.name, whole.intake.bc_name or whole.intake.bc_id or ""
    lines = [
        f"Share ad account {_named(ask.asset_name, ask.asset_id)} of Business Center {center} with {agency} "
        f"(Business Center {whole.link.agency_bc_id}) as {platform.role_words(ask.kind, ask.role).label}."
        for ask in whole.asks
        if ask.asset_id and not ask.declined_at and not ask.approved_at
    ]
    doer = "Keyturn does this for you" if whole.link.lane == "connected" else "You do this yourself, step by step"
    return [
        *lines,
        f"{doer}; afterwards Keyturn reads back that it worked. Nothing else is changed or shared.",
    ]


def _named(name: str | None, asset_id: str | None) -> str:
    return f"{name} ({asset_id})" if name else str(asset_id)
