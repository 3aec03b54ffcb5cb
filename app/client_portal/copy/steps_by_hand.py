"""The client's steps to share by hand on a platform with an API, for all access requests in one sequence."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.client_portal.copy.guided_steps import StepAsset, StepLine, filled
from app.kit.i18n.message import Value
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.status import PROVED
from app.platforms import declarations
from app.platforms.port import GuidedStep, Platform


def steps_by_hand(aggregate: LinkAggregate, platform: Platform, to_do: Iterable[AccessRequest]) -> tuple[StepLine, ...]:
    """The steps for each kind and role, each step once. The agency's partnership, if it is seen, is ticked."""
    is_partner = _is_partner(aggregate, platform.key)
    groups: dict[tuple[str, str], list[AccessRequest]] = {}
    for access_request in to_do:
        groups.setdefault((access_request.kind, access_request.role), []).append(access_request)
    lines: dict[StepLine, None] = {}
    for (kind, _), access_requests in groups.items():
        values = _values(aggregate, platform, access_requests)
        for step in platform.guided_steps(kind, is_partner=is_partner):
            line = _with_assets(filled(step, values), step, aggregate, access_requests)
            lines[replace(line, is_done=step.makes_partner and is_partner)] = None
    return tuple(lines)


def _is_partner(aggregate: LinkAggregate, platform: str) -> bool:
    """True if the agency sees something shared, or saw the partnership when the asset was missing."""
    return any(
        each.seen_by == "agency"
        or (each.status == "blocked" and each.code is not None and each.code == each.asset_kind.missing_code)
        for each in aggregate.access_requests
        if each.platform == platform and (each.asset_kind.between_partners or each.asset_kind.through)
    )


def _values(aggregate: LinkAggregate, platform: Platform, access_requests: Sequence[AccessRequest]) -> dict[str, Value]:
    named = {each.asset_id: _name(each) for each in aggregate.access_requests if each.platform == platform.key}
    assets = tuple(dict.fromkeys(_name(each) for each in access_requests))
    parents = [each.parent_asset_id for each in access_requests if each.parent_asset_id]
    first = access_requests[0]
    return {
        "agency": aggregate.agency.name,
        "role": platform.role_words(first.kind, first.role).menu,
        "asset": assets,
        "first": assets[0],
        "through": tuple(dict.fromkeys(named.get(parent, parent) for parent in parents)),
    }


def _name(access_request: AccessRequest) -> str:
    return access_request.person_email or access_request.asset_name or access_request.asset_id or ""


def _with_assets(
    line: StepLine, step: GuidedStep, aggregate: LinkAggregate, to_do: Sequence[AccessRequest]
) -> StepLine:
    """The step with the id to copy and the assets below it; those that are shared already are ticked."""
    here, first = aggregate.on(to_do[0].platform), to_do[0]
    if step.copies and here.agency_account_id:
        label = declarations.texts(here.platform).account.id_of_agency.fill(agency=aggregate.agency.name)
        line = replace(line, label=label, value=here.agency_account_id)
    if not step.lists_assets:
        return line
    alike = [
        each
        for each in aggregate.access_requests
        if (each.platform, each.kind, each.role) == (first.platform, first.kind, first.role)
        and (each in to_do or each.status in PROVED)
    ]
    assets = {each.asset_id: StepAsset(_name(each), each.asset_id or "", each.status in PROVED) for each in alike}
    return replace(line, assets=tuple(assets.values()))
