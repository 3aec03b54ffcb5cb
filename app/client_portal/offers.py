"""Items that a link asks for, in plain words: first the platform we read, then written ones."""

from collections.abc import Sequence
from dataclasses import replace

from app.client_portal import manual_platforms
from app.client_portal.copy import access_offer
from app.client_portal.copy import manual_platforms as written
from app.client_portal.copy.access_offer import Offer
from app.links.models import Ask
from app.links.queries import LinkAggregate
from app.platforms.registry import Platforms


def of(whole: LinkAggregate, platforms: Platforms) -> Sequence[Offer]:
    """One for each access, its role and its reason, in the order of the asks; the same one is told once."""
    asks = [ask for ask in whole.asks if not ask.is_custom]
    return _once([*_read(asks, platforms), *(written.offer(each) for each in manual_platforms.of(whole))])


def to_agree(whole: LinkAggregate, platforms: Platforms) -> Sequence[Offer]:
    """The same of what a yes now would be given to: nothing that was declined, agreed to before, or not chosen."""
    asks = [ask for ask in whole.asks if ask.awaits_yes and not ask.is_custom]
    return _once([*_read(asks, platforms), *(written.offer(each) for each in manual_platforms.fresh(whole))])


def _once(offers: Sequence[Offer]) -> Sequence[Offer]:
    return list(dict.fromkeys(offers))


def told_apart(offers: Sequence[Offer]) -> Sequence[Offer]:
    """Where there are several, each thing that can and can't be done says what it is about."""
    if len({offer.things for offer in offers}) < 2:
        return offers
    return [
        replace(
            each,
            can=tuple(f"{item} ({each.things})" for item in each.can),
            cannot=tuple(f"{item} ({each.things})" for item in each.cannot),
        )
        for each in offers
    ]


def _read(asks: Sequence[Ask], platforms: Platforms) -> Sequence[Offer]:
    return [
        each
        for key in dict.fromkeys(ask.platform for ask in asks)
        for each in access_offer.offers(
            [(ask.kind, ask.role, ask.why) for ask in asks if ask.platform == key], platforms[key]
        )
    ]
