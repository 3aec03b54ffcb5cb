"""What a client may change about earlier answers, and what follows from it."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections.selectable_assets import Choice
from app.access.grants import queries as grants
from app.access.partners import client_matching
from app.access.partners import queries as partners
from app.access.reconciler import queries
from app.access.requests import service as handshakes
from app.client_portal.copy import request_groups
from app.client_portal.forms import company_names
from app.events.types import links as happenings
from app.kit.input import freemail_domains
from app.links import client_actions
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.client_actions import SelectedAsset
from app.platforms.resources import DiscoveredAssets

TIKTOK = "tiktok"
#: States in which we have shared nothing yet: a yes can be taken back without a trace at the platform.
NOT_SHARED_YET = frozenset({"awaiting_client", "blocked"})


async def take_lane(session: AsyncSession, aggregate: LinkAggregate, lane: str) -> None:
    """Connected or by hand from now on. Nothing given is lost; what was agreed to goes on in the new lane."""
    await client_actions.choose_lane(session, aggregate.agency.id, aggregate.link.id, lane)
    if any(access_request.approved_at and not access_request.is_custom for access_request in aggregate.access_requests):
        await handshakes.check_link(session, aggregate.agency.id, aggregate.link.id)


async def choose_assets(
    session: AsyncSession, aggregate: LinkAggregate, kind: str, chosen: Sequence[SelectedAsset]
) -> None:
    """One access request for each; what is agreed to, or shared already, stays."""
    shared = await grants.answered_access_requests(session, aggregate.agency.id, aggregate.client.id)
    await client_actions.choose_assets(
        session, aggregate.agency.id, aggregate.link.id, kind=kind, chosen=chosen, shared=shared
    )  # fmt: skip


async def keep_business_center(
    session: AsyncSession, aggregate: LinkAggregate, bc_id: str, name: str | None, *, differs: bool = False
) -> None:
    """Save the chosen Business Center and drop choices made in another. A Business Center agreed to stays.

    `differs`: it looks like another company's, and the client confirmed it; the agency is notified.
    """
    aggregate = await links.load_link(session, aggregate.agency.id, aggregate.link.id, lock=True)
    agency_id, link = aggregate.agency.id, aggregate.link
    changed = aggregate.intake.bc_id not in (None, bc_id)
    if changed and await _is_bound(session, aggregate):
        return
    if changed and link.lane == "connected":
        await choose_assets(session, aggregate, "ad_account", [])
    await client_actions.save_business_center(session, agency_id, link.id, bc_id=bc_id, name=name)
    await session.flush()
    for platform in {
        access_request.platform for access_request in aggregate.access_requests if not access_request.is_custom
    }:
        await client_matching.match(session, agency_id, platform, bc_id)
    await client_actions.finish_screen(session, agency_id, link.id, "business-center")
    if differs:
        await client_actions.tell(session, aggregate, happenings.COMPANY_DIFFERS, reason=name or bc_id)


async def take_center(
    session: AsyncSession, aggregate: LinkAggregate, access_request_id: str, *, said: Sequence[str]
) -> None:
    """The client says that the Business Center from which an asset was seen is its own: it is the link's from now on.

    Only one that a look found. Nothing changes if it was seen where the client said, or is another client's, meanwhile.
    `said` are the words that the client answered.
    """
    aggregate = await links.load_link(session, aggregate.agency.id, aggregate.link.id, lock=True)
    agency_id, link = aggregate.agency.id, aggregate.link
    access_request = next(
        (
            each
            for each in aggregate.access_requests
            if each.id == access_request_id and each.code == "asset_shared_elsewhere"
        ),
        None,
    )
    if access_request is None or access_request.shared_from_bc_id is None or await _is_shared(session, aggregate):
        return
    bc_id = access_request.shared_from_bc_id
    owner = await partners.client_of(session, agency_id, access_request.platform, bc_id)
    if owner is not None and owner[1] and owner[0] != aggregate.client.id:
        return
    await client_actions.correct_business_center(session, agency_id, link.id, bc_id=bc_id, said=said)
    await client_matching.match(session, agency_id, access_request.platform, bc_id)
    await handshakes.check_link(session, agency_id, link.id)


async def _is_shared(session: AsyncSession, aggregate: LinkAggregate) -> bool:
    """True if something is, or may be, shared from the Business Center that the client gave."""
    shared = await grants.answered_access_requests(session, aggregate.agency.id, aggregate.client.id)
    on_their_way = await queries.maybe_shared(session, aggregate.agency.id, aggregate.client.id)
    return any(
        access_request.id in shared or access_request.asset_id in on_their_way
        for access_request in aggregate.access_requests
        if not access_request.is_custom
    )


async def forget_center_not_in(session: AsyncSession, aggregate: LinkAggregate, found: DiscoveredAssets) -> None:
    """Forget a Business Center that the new sign-in lacks, unless the client agreed to share from it."""
    aggregate = await links.load_link(session, aggregate.agency.id, aggregate.link.id, lock=True)
    here = {center.bc_id for center in found.business_centers}
    if aggregate.intake.bc_id is None or aggregate.intake.bc_id in here or await _is_bound(session, aggregate):
        return
    await choose_assets(session, aggregate, "ad_account", [])
    await client_actions.save_business_center(session, aggregate.agency.id, aggregate.link.id, bc_id=None, name=None)


async def _is_bound(session: AsyncSession, aggregate: LinkAggregate) -> bool:
    """True if something was agreed to, or is shared, from the chosen Business Center."""
    shared = await grants.answered_access_requests(session, aggregate.agency.id, aggregate.client.id)
    return any(
        (access_request.approved_at or access_request.id in shared) and not access_request.is_custom
        for access_request in aggregate.access_requests
    )


async def differs(
    session: AsyncSession, aggregate: LinkAggregate, choice: Choice, found: DiscoveredAssets | None
) -> bool:
    """True if a Business Center looks like another company's: the client must confirm it, and the agency is notified.

    The agency's own records decide first. Only then are names compared, and one common word is enough.
    """
    owner = await partners.client_of(session, aggregate.agency.id, TIKTOK, choice.id)
    if owner is not None and owner[0] == aggregate.client.id:
        return False
    if owner is not None and owner[1]:
        return True
    known = [aggregate.client.name]
    if aggregate.client.contact_email and not freemail_domains.is_free(aggregate.client.contact_email):
        known.append(freemail_domains.domain_of(aggregate.client.contact_email).partition(".")[0])
    seen = [choice.name, choice.company]
    seen += [account.name for account in (found.accounts if found else ()) if account.bc_id == choice.id]
    return bool(choice.name) and not company_names.may_be_one(known, seen)


async def answer_group(session: AsyncSession, aggregate: LinkAggregate, key: str, *, declined: bool) -> None:
    """No to one optional group of access requests, or thinking better of any no. What is agreed to stays as it is."""
    agency_id, link_id = aggregate.agency.id, aggregate.link.id
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    ids = request_groups.together(aggregate.access_requests, key)
    for access_request in aggregate.access_requests:
        if access_request.id in ids and not (declined and access_request.required):
            act = client_actions.decline if declined else client_actions.take_up_again
            await act(session, agency_id, link_id, access_request.id)


async def take_back(session: AsyncSession, agency_id: str, link_id: str) -> None:
    """The client wants to choose anew: a yes to what was not shared yet is asked for again."""
    aggregate = await links.load_link(session, agency_id, link_id, lock=True)
    on_their_way = await queries.maybe_shared(session, agency_id, aggregate.client.id)
    for access_request in aggregate.access_requests:
        if (
            access_request.is_custom
            or access_request.asset_id in on_their_way
            or access_request.status not in NOT_SHARED_YET
            or access_request.verified_at is not None
        ):
            continue
        if access_request.approved_at:
            await client_actions.set_status(
                session, aggregate, access_request, status="waiting", code=None, next_actor="client", approved_at=None,
                attested_at=None, attested_by=None, recheck_at=None,
            )  # fmt: skip
