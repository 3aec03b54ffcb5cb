"""Use cases of the client's screens: lane, account, assets, and changes of earlier answers."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import selectable_assets
from app.access.connections.selectable_assets import Choice
from app.access.grants import service as grants
from app.access.partners import service as partners
from app.access.reconciler import queries
from app.access.requests import service as access_requests
from app.client_portal import screens
from app.client_portal.copy import consent
from app.client_portal.forms import company_names
from app.events import catalog
from app.kit.i18n.locales import Locale
from app.kit.i18n.message import Message
from app.kit.input import email_address
from app.links.aggregate import LinkAggregate
from app.links.pasted_ids import SelectedAsset
from app.platforms.resources import DiscoveredAssets

#: Statuses in which nothing is shared yet, so that the client can withdraw its consent without effect at the platform.
NOT_SHARED_YET = frozenset({"awaiting_client", "blocked"})


async def choose_lane(session: AsyncSession, aggregate: LinkAggregate, platform: str, lane: str) -> None:
    """Change the lane of a platform. No input is lost; approved access requests continue in the new lane."""
    aggregate.choose_lane(platform, lane)
    await aggregate.save(session)
    if any(each.approved_at and each.platform == platform for each in aggregate.access_requests):
        await access_requests.check_link(session, aggregate)


async def choose_assets(
    session: AsyncSession, aggregate: LinkAggregate, platform: str, kind: str, chosen: Sequence[SelectedAsset]
) -> None:
    """Have one access request for each asset; approved or shared ones stay. The caller saves the link."""
    aggregate.choose_assets(platform, kind, chosen, shared=await _shared(session, aggregate))


async def save_account(
    session: AsyncSession,
    aggregate: LinkAggregate,
    platform: str,
    account_id: str,
    name: str | None,
    *,
    differs: bool = False,
) -> None:
    """Save the chosen account and drop choices made in another. One that was agreed to stays.

    `differs`: it seems to be another company's, and the client confirmed it; the agency is notified.
    """
    here = aggregate.on(platform)
    changed = here.client_account_id not in (None, account_id)
    if changed and await _is_bound(session, aggregate, platform):
        return
    if changed and here.lane == "connected":
        await _drop_assets(session, aggregate, platform)
    aggregate.choose_account(platform, account_id, name)
    aggregate.finish_screen(f"{platform}/{screens.ACCOUNT}")
    if differs:
        aggregate.draft_event(catalog.LINK_COMPANY_DIFFERS, reason=name or account_id)
    await aggregate.save(session)
    await partners.match_account(session, aggregate.agency.id, platform, account_id)


async def _drop_assets(session: AsyncSession, aggregate: LinkAggregate, platform: str) -> None:
    """Drop the assets chosen from a list of another account; what depends on them follows."""
    for kind in {each.asset_kind for each in aggregate.access_requests if each.platform == platform}:
        if kind.choice == "required":
            await choose_assets(session, aggregate, platform, kind.key, [])


async def adopt_sharing_account(
    session: AsyncSession, aggregate: LinkAggregate, access_request_id: str, *, said: Sequence[Message], locale: Locale
) -> None:
    """Make the account that shares an asset the link's own, after the client confirmed that it is its own.

    Only one that the reconciler found. Nothing changes if the asset is shared from the given one by now, or if it is
    another client's. `said`: the sentences that the client confirmed.
    """
    access_request = aggregate.find(access_request_id)
    if access_request is None or access_request.code != "asset_shared_elsewhere":
        return
    platform, account_id = access_request.platform, access_request.shared_from_account_id
    if account_id is None or await _is_shared(session, aggregate, platform):
        return
    owner = await partners.client_of(session, aggregate.agency.id, platform, account_id)
    if owner is not None and owner[1] and owner[0] != aggregate.client.id:
        return
    aggregate.correct_account(platform, account_id, said=said, locale=locale)
    await aggregate.save(session)
    await partners.match_account(session, aggregate.agency.id, platform, account_id)
    await access_requests.check_link(session, aggregate)


async def _is_shared(session: AsyncSession, aggregate: LinkAggregate, platform: str) -> bool:
    """True if assets are, or may be, shared from the account that the client gave."""
    shared = await _shared(session, aggregate)
    maybe_shared = await queries.maybe_shared(session, aggregate.agency.id, aggregate.client.id)
    return any(
        access_request.id in shared or access_request.asset_id in maybe_shared
        for access_request in aggregate.access_requests
        if access_request.platform == platform
    )


async def take_only_account(
    session: AsyncSession, aggregate: LinkAggregate, platform: str, found: DiscoveredAssets
) -> None:
    """Choose the account of a new authorization if it is the only one and beyond doubt.

    An account that the authorization lacks is removed first, unless the client agreed to share from it.
    """
    await _remove_account_not_in(session, aggregate, platform, found)
    here = aggregate.on(platform)
    only = selectable_assets.only_account(found, here.agency_account_id or "")
    if here.client_account_id is None and only and not await differs(session, aggregate, platform, only, found):
        await save_account(session, aggregate, platform, only.id, only.name or None)


async def _remove_account_not_in(
    session: AsyncSession, aggregate: LinkAggregate, platform: str, found: DiscoveredAssets
) -> None:
    given = aggregate.on(platform).client_account_id
    seen = {each.account_id for each in found.accounts}
    if given is None or given in seen or await _is_bound(session, aggregate, platform):
        return
    await _drop_assets(session, aggregate, platform)
    aggregate.choose_account(platform, None, None)
    await aggregate.save(session)


async def _is_bound(session: AsyncSession, aggregate: LinkAggregate, platform: str) -> bool:
    """True if access from the chosen account was approved or is shared."""
    shared = await _shared(session, aggregate)
    return any(
        access_request.approved_at or access_request.id in shared
        for access_request in aggregate.access_requests
        if access_request.platform == platform
    )


async def differs(
    session: AsyncSession, aggregate: LinkAggregate, platform: str, choice: Choice, found: DiscoveredAssets | None
) -> bool:
    """True if an account seems to be another company's: the client must confirm it, and the agency is notified.

    The agency's own records decide first. Only then are names compared, and one common word is enough.
    """
    owner = await partners.client_of(session, aggregate.agency.id, platform, choice.id)
    if owner is not None and owner[0] == aggregate.client.id:
        return False
    if owner is not None and owner[1]:
        return True
    known = [aggregate.client.name]
    if aggregate.client.contact_email and not email_address.is_freemail(aggregate.client.contact_email):
        known.append(email_address.domain_of(aggregate.client.contact_email).partition(".")[0])
    seen = [choice.name, choice.company]
    seen += [each.name for each in (found.assets if found else ()) if each.account_id == choice.id]
    return bool(choice.name) and not company_names.may_be_one(known, seen)


def answer_group(aggregate: LinkAggregate, key: str, *, declined: bool) -> None:
    """Decline one optional group of access requests, or undo a decline. Approved ones stay unchanged."""
    together = consent.together(aggregate.access_requests, key)
    for access_request in aggregate.access_requests:
        if access_request.id in together and not (declined and access_request.required):
            (aggregate.decline if declined else aggregate.reconsider)(access_request)


async def withdraw_consent(session: AsyncSession, aggregate: LinkAggregate) -> None:
    """Withdraw the consent to access that is not shared yet, so that the client can choose again."""
    maybe_shared = await queries.maybe_shared(session, aggregate.agency.id, aggregate.client.id)
    for access_request in aggregate.access_requests:
        if (
            access_request.approved_at
            and not access_request.is_manual
            and access_request.asset_id not in maybe_shared
            and access_request.status in NOT_SHARED_YET
            and access_request.verified_at is None
        ):
            aggregate.await_consent(access_request)
    await aggregate.save(session)


async def _shared(session: AsyncSession, aggregate: LinkAggregate) -> Collection[str]:
    """Ids of the access requests with a grant; none before the client's first consent."""
    if aggregate.link.submitted_at is None:
        return ()
    return await grants.access_requests_with_grant(session, aggregate.agency.id, aggregate.client.id)
