"""Items that a link asks for, in plain words: first the platform we read, then manual ones."""

from collections.abc import Sequence
from dataclasses import replace

from app.client_portal import manual_platforms
from app.client_portal.copy import access_offer
from app.client_portal.copy import manual_platforms as manual_copy
from app.client_portal.copy.access_offer import Offer
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.platforms.registry import Platforms


def of(aggregate: LinkAggregate, platforms: Platforms) -> Sequence[Offer]:
    """One for each access, its role and its reason, in the order of the access requests; the same one is told once."""
    access_requests = [access_request for access_request in aggregate.access_requests if not access_request.is_custom]
    return _once(
        [*_read(access_requests, platforms), *(manual_copy.offer(each) for each in manual_platforms.of(aggregate))]
    )


def to_agree(aggregate: LinkAggregate, platforms: Platforms) -> Sequence[Offer]:
    """Offers that a consent now would include: not declined, not agreed to before, and chosen."""
    access_requests = [
        access_request
        for access_request in aggregate.access_requests
        if access_request.awaits_yes and not access_request.is_custom
    ]
    return _once(
        [*_read(access_requests, platforms), *(manual_copy.offer(each) for each in manual_platforms.fresh(aggregate))]
    )


def _once(offers: Sequence[Offer]) -> Sequence[Offer]:
    return list(dict.fromkeys(offers))


def told_apart(offers: Sequence[Offer]) -> Sequence[Offer]:
    """The offers, with the names of their assets added to each ability if the offers differ."""
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


def _read(access_requests: Sequence[AccessRequest], platforms: Platforms) -> Sequence[Offer]:
    return [
        each
        for key in dict.fromkeys(access_request.platform for access_request in access_requests)
        for each in access_offer.offers(
            [
                (access_request.kind, access_request.role, access_request.why)
                for access_request in access_requests
                if access_request.platform == key
            ],
            platforms[key],
        )
    ]
