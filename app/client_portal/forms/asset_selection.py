"""Assets selected from the platform's list, or typed instead. Pure."""

from collections.abc import Collection, Mapping, Sequence

from app.access.connections.selectable_assets import Choice
from app.links import pasted_ids
from app.links.pasted_ids import MAX_ASSETS, NOTHING, PastedIds


def center(given: str, seen: Sequence[Choice]) -> PastedIds:
    """The Business Center picked, if it is one that can be."""
    if given in {choice.id for choice in seen if choice.can}:
        return PastedIds((given,))
    return PastedIds(problem="Choose the Business Center your ad accounts are in.")


def accounts(
    given: Sequence[str], seen: Sequence[Choice], *, agreed: Collection[str | None], taken: Mapping[str, str] = NOTHING
) -> PastedIds:
    """The ad accounts ticked among `seen`, else typed; none is fine once some are agreed."""
    if not any(text.strip() for text in given) and agreed:
        return PastedIds()
    if not seen:
        return pasted_ids.ad_accounts("\n".join(given), taken=taken)
    can = {choice.id for choice in seen if choice.can}
    ticked = tuple(dict.fromkeys(asset_id for asset_id in given if asset_id in can))
    if not ticked:
        return PastedIds(problem="Tick at least one ad account.")
    if len(ticked) > MAX_ASSETS:
        return PastedIds(ticked, problem=f"Tick at most {MAX_ASSETS} ad accounts here.")
    return PastedIds(ticked)
