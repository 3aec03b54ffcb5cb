"""Offers of a link for the client, and its access requests on manual platforms with their texts."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal.copy import consent
from app.client_portal.copy import manual_platforms as manual_copy
from app.client_portal.copy.consent import Offer
from app.client_portal.copy.manual_platforms import ManualGroup, ManualRequest
from app.kit.i18n.message import _
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.platforms.registry import Platforms
from app.tenants.agencies import platform_ids


def manual_requests(aggregate: LinkAggregate) -> list[ManualRequest]:
    """All access requests on manual platforms, in their order."""
    return [
        _manual_request(aggregate, access_request)
        for access_request in aggregate.access_requests
        if access_request.is_manual
    ]


def open_manual_requests(aggregate: LinkAggregate) -> list[ManualRequest]:
    """Access requests on manual platforms that the client has not answered yet."""
    return [
        _manual_request(aggregate, access_request)
        for access_request in aggregate.access_requests
        if access_request.is_manual and not access_request.approved_at and not access_request.declined_at
    ]


async def manual_groups(
    session: AsyncSession, aggregate: LinkAggregate, *, as_agreed: bool = False
) -> Sequence[ManualGroup]:
    """Access requests on manual platforms by platform, declined ones included, with the agency's own ids filled in.

    `as_agreed`: as if the client had just agreed to all of them, for a preview.
    """
    if not any(access_request.is_manual for access_request in aggregate.access_requests):
        return []
    known = await platform_ids.every(session, aggregate.agency.id)
    asked = manual_requests(aggregate)
    if as_agreed:
        asked = [replace(each, status="approved") for each in asked]
    return manual_copy.groups(asked, agency=aggregate.agency.name, identifiers=known)


def _manual_request(aggregate: LinkAggregate, access_request: AccessRequest) -> ManualRequest:
    return ManualRequest(
        id=access_request.id,
        platform=aggregate.manual_platform(access_request.platform),
        role=access_request.role,
        reason=access_request.why,
        status=access_request.status,
        since=access_request.status_since,
        given=access_request.asset_id,
        title=access_request.asset_name,
        own_steps=tuple(access_request.steps or ()),
        client_said_by=access_request.client_attested_by,
        client_said_at=access_request.client_attested_at,
        agency_said_by=access_request.attested_by,
        agency_said_at=access_request.attested_at,
        agreed_at=access_request.approved_at,
    )


def of_link(aggregate: LinkAggregate, platforms: Platforms, *, only: str | None = None) -> Sequence[Offer]:
    """One offer for each different access, role and reason: first connected platforms, then manual ones.

    `only`: those of one platform.
    """
    asked = [each for each in aggregate.access_requests if only in (None, each.platform)]
    return _once(
        [
            *_of_platforms([each for each in asked if not each.is_manual], platforms),
            *(manual_copy.offer(_manual_request(aggregate, each)) for each in asked if each.is_manual),
        ]
    )


def to_agree(aggregate: LinkAggregate, platforms: Platforms) -> Sequence[Offer]:
    """Offers that a consent would include now: chosen, not declined, and not agreed to before."""
    access_requests = [
        access_request
        for access_request in aggregate.access_requests
        if access_request.awaits_yes and not access_request.is_manual
    ]
    return _once(
        [
            *_of_platforms(access_requests, platforms),
            *(manual_copy.offer(each) for each in open_manual_requests(aggregate)),
        ]
    )


def _once(offers: Sequence[Offer]) -> Sequence[Offer]:
    return list(dict.fromkeys(offers))


def with_asset_names(offers: Sequence[Offer]) -> Sequence[Offer]:
    """The offers, with the names of their assets added to each ability if the offers differ."""
    if len({offer.things for offer in offers}) < 2:
        return offers
    return [
        replace(
            each,
            can=tuple(_("{ability} ({assets})", ability=item, assets=each.things) for item in each.can),
            cannot=tuple(_("{ability} ({assets})", ability=item, assets=each.things) for item in each.cannot),
        )
        for each in offers
    ]


def _of_platforms(access_requests: Sequence[AccessRequest], platforms: Platforms) -> Sequence[Offer]:
    return [
        each
        for key in dict.fromkeys(access_request.platform for access_request in access_requests)
        for each in consent.platform_offers(
            [
                (access_request.kind, access_request.role, access_request.why)
                for access_request in access_requests
                if access_request.platform == key
            ],
            platforms[key],
        )
    ]
