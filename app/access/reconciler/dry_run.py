"""Planned actions in plain sentences, shown before the client's consent."""

from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.platforms import declarations
from app.platforms.port import AssetKind, Platform


def sentences(aggregate: LinkAggregate, platform: Platform, *, can_look: bool = True) -> list[str]:
    """One sentence for each planned action, and one that excludes all others.

    `can_look`: a token can verify the result; otherwise the agency confirms it.
    """
    asked = [
        access_request
        for access_request in aggregate.access_requests
        if access_request.asset_id
        and access_request.platform == platform.key
        and not access_request.declined_at
        and not access_request.approved_at
    ]
    doer = (
        "We do this for you" if aggregate.on(platform.key).lane == "connected" else "You do this yourself, step by step"
    )
    then = (
        "afterwards we check that it worked" if can_look else f"{aggregate.agency.name} then confirms that it arrived"
    )
    return [
        *(_sentence(access_request, aggregate, platform) for access_request in asked),
        f"{doer}; {then}. Nothing else is changed or shared.",
    ]


def _sentence(access_request: AccessRequest, aggregate: LinkAggregate, platform: Platform) -> str:
    here = aggregate.on(platform.key)
    role = platform.role_words(access_request.kind, access_request.role).label
    kind = declarations.find(platform.key, access_request.kind)
    return kind.plan.format(
        kind=kind.one,
        asset=named(access_request.asset_name, access_request.asset_id),
        parent=_parent(access_request, kind, aggregate),
        person=access_request.person_email,
        center=here.client_account_name or here.client_account_id or "",
        agency=aggregate.agency.name,
        agency_account_id=here.agency_account_id,
        role=role,
    )


def _parent(access_request: AccessRequest, kind: AssetKind, aggregate: LinkAggregate) -> str:
    """The asset that it depends on, with its name."""
    found = next(
        (
            each
            for each in aggregate.access_requests
            if (each.platform, each.kind, each.asset_id)
            == (access_request.platform, kind.through, access_request.parent_asset_id)
        ),
        None,
    )
    return named(found.asset_name if found else None, access_request.parent_asset_id)


def named(name: str | None, asset_id: str | None) -> str:
    """A name with its id, or the id alone."""
    return f"{name} ({asset_id})" if name else str(asset_id)
