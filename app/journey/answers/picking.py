"""What a client picked from a list the platform gave us, or typed instead. Pure."""

from collections.abc import Collection, Mapping, Sequence

from app.access.connections.choices import Choice
from app.links import intake
from app.links.intake import MAX_ASSETS, NOTHING, Read


def center(given: str, seen: Sequence[Choice]) -> Read:
    """The Business Center picked, if it is one that can be."""
    if given in {choice.id for choice in seen if choice.can}:
        return Read((given,))
    return Read(problem="Choose the Business Center your ad accounts are in.")


def accounts(
    given: Sequence[str], seen: Sequence[Choice], *, agreed: Collection[str | None], taken: Mapping[str, str] = NOTHING
) -> Read:
    """The ad accounts ticked among `seen`, else typed; none is fine once some are agreed."""
    if not any(text.strip() for text in given) and agreed:
        return Read()
    if not seen:
        return intake.ad_accounts("\n".join(given), taken=taken)
    can = {choice.id for choice in seen if choice.can}
    ticked = tuple(dict.fromkeys(asset_id for asset_id in given if asset_id in can))
    if not ticked:
        return Read(problem="Tick at least one ad account.")
    if len(ticked) > MAX_ASSETS:
        return Read(ticked, problem=f"Tick at most {MAX_ASSETS} ad accounts here.")
    return Read(ticked)
