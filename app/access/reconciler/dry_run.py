"""Planned actions in plain sentences, shown before the client's consent."""

from app.kit.i18n.message import Message, _
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.platforms import declarations
from app.platforms.port import AssetKind, Platform


def sentences(aggregate: LinkAggregate, platform: Platform, *, can_look: bool = True) -> list[Message]:
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
    by_us, agency = aggregate.on(platform.key).lane == "connected", aggregate.agency.name
    return [
        *(_sentence(access_request, aggregate, platform) for access_request in asked),
        _ENDINGS[by_us, can_look].fill(agency=agency),
    ]


#: By what is done for the client, and what can be verified.
_ENDINGS = {
    (True, True): _("We do this for you; afterwards we check that it worked. Nothing else is changed or shared."),
    (True, False): _("We do this for you; {agency} then confirms that it arrived. Nothing else is changed or shared."),
    (False, True): _(
        "You do this yourself, step by step; afterwards we check that it worked. Nothing else is changed or shared."
    ),
    (False, False): _(
        "You do this yourself, step by step; {agency} then confirms that it arrived. Nothing else is changed or shared."
    ),
}


def _sentence(access_request: AccessRequest, aggregate: LinkAggregate, platform: Platform) -> Message:
    here = aggregate.on(platform.key)
    role = platform.role_words(access_request.kind, access_request.role).label
    kind = declarations.find(platform.key, access_request.kind)
    return kind.plan.fill(
        asset=named(access_request.asset_name, access_request.asset_id),
        parent=_parent(access_request, kind, aggregate),
        person=access_request.person_email or "",
        center=here.client_account_name or here.client_account_id or "",
        agency=aggregate.agency.name,
        agency_account_id=here.agency_account_id or "",
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
