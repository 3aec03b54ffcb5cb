"""The plan in plain sentences, shown before the client says yes."""

from app.links.models import Ask
from app.links.queries import LinkAggregate
from app.platforms.port import Platform


def sentences(whole: LinkAggregate, platform: Platform, *, can_look: bool = True) -> list[str]:
    """One sentence for each thing that will be done, and one for what will not.

    `can_look`: we can read whether it worked; otherwise the agency confirms it.
    """
    asked = [
        ask for ask in whole.asks if ask.asset_id and not ask.is_custom and not ask.declined_at and not ask.approved_at
    ]
    doer = "We do this for you" if whole.link.lane == "connected" else "You do this yourself, step by step"
    then = "afterwards we look whether it worked" if can_look else f"{whole.agency.name} then confirms that it arrived"
    return [
        *(_sentence(ask, whole, platform) for ask in asked),
        f"{doer}; {then}. Nothing else is changed or shared.",
    ]


def _sentence(ask: Ask, whole: LinkAggregate, platform: Platform) -> str:
    agency, center = whole.agency.name, whole.intake.bc_name or whole.intake.bc_id or ""
    role = platform.role_words(ask.kind, ask.role).label
    thing = named(ask.asset_name, ask.asset_id)
    if ask.kind == "pixel":
        account = _account(ask, whole)
        return f"Connect pixel {thing} to ad account {account}, so that {agency} can use it there. It stays yours."
    if ask.kind == "person":
        return f"Invite {ask.person_email} of {agency} to Business Center {center} as a standard member: {role}."
    kind = platform.kinds[ask.kind].one if ask.kind in platform.kinds else ask.kind
    return (
        f"Share {kind} {thing} of Business Center {center} with {agency} "
        f"(Business Center {whole.link.agency_bc_id}) as {role}."
    )


def _account(ask: Ask, whole: LinkAggregate) -> str:
    found = next((each for each in whole.asks if each.kind == "ad_account" and each.asset_id == ask.through_id), None)
    return named(found.asset_name if found else None, ask.through_id)


def named(name: str | None, asset_id: str | None) -> str:
    """A name with its number, or the number alone."""
    return f"{name} ({asset_id})" if name else str(asset_id)
