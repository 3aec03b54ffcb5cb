"""Execution of one action at the platform."""

from dataclasses import dataclass

from app.access.reconciler.sides import BusinessCenterPair, membership_rank
from app.access.reconciler.state import Action, ShareAction, UnshareAction
from app.access.reconciler.strategy import ActionResult
from app.platforms.port import Access, PlatformFailure, RecordCall, RecordedCall, Unavailable
from app.platforms.resources import Member


@dataclass(frozen=True)
class ActionMember:
    """Person of an action, with the ad accounts that the client approved."""

    email: str
    account_ids: tuple[str, ...] = ()
    #: invited by us; a person who was a member before stays one
    invited: bool = False


async def send(pair: BusinessCenterPair, access: Access, action: Action, person: ActionMember | None) -> ActionResult:
    """Send it. OK means that the platform accepted it; only an observation proves it."""
    calls: list[RecordedCall] = []
    failure: PlatformFailure | None = None
    try:
        if isinstance(action, ShareAction):
            await _share(pair, access, action, person, calls.append)
        else:
            await _unshare(pair, access, action, person, calls.append)
    except PlatformFailure as problem:
        failure = problem
    if failure is not None and not any(call is failure.call for call in calls):
        # the write itself was not sent: do not record the answers of the reads before it as its own
        return ActionResult(None if isinstance(failure, Unavailable) else failure.call, failure, tuple(calls))
    return ActionResult(calls[-1] if calls else None, failure, tuple(calls[:-1]))


async def _share(
    pair: BusinessCenterPair, access: Access, action: ShareAction, person: ActionMember | None, record: RecordCall
) -> None:
    if action.kind == "ad_account":
        ids = [key.asset_id for key in action.keys]
        await pair.platform.share(
            access, bc_id=pair.theirs, partner_id=pair.ours, asset_ids=ids, role=action.role, record=record
        )
    elif action.kind == "pixel":
        await _link(pair, access, action, link=True, record=record)
    else:
        assert action.kind == "person"
        assert person is not None
        await _invite(pair, access, action.role, person, record)


async def _invite(
    pair: BusinessCenterPair, access: Access, role: str, person: ActionMember, record: RecordCall
) -> None:
    """Invite a person; one who is a member already is assigned the ad accounts that they lack."""
    member = await _member(pair, access, person, record)
    if member is None or member.relation != "BOUND":
        await pair.platform.invite(
            access, bc_id=pair.theirs, email=person.email, account_ids=person.account_ids, role=role, record=record
        )
        return
    for account_id in person.account_ids:
        holders = await pair.platform.holders(access, bc_id=pair.theirs, account_id=account_id, record=record)
        if not any((each.user_id, each.role) == (member.user_id, role) for each in holders):
            await pair.platform.assign(
                access, bc_id=pair.theirs, user_id=member.user_id, account_id=account_id, role=role, record=record
            )


async def _remove(pair: BusinessCenterPair, access: Access, person: ActionMember, record: RecordCall) -> None:
    """Remove a person whom we invited, or cancel the invitation; a former member only loses the ad accounts."""
    member = await _member(pair, access, person, record)
    bound = member is not None and member.relation == "BOUND"
    if person.invited or not bound:
        user_id = member.user_id if bound and member else ""
        email = "" if user_id else person.email
        await pair.platform.remove_member(access, bc_id=pair.theirs, user_id=user_id, email=email, record=record)
        return
    assert member is not None
    for account_id in person.account_ids:
        await pair.platform.unassign(
            access, bc_id=pair.theirs, user_id=member.user_id, account_id=account_id, record=record
        )


async def _member(pair: BusinessCenterPair, access: Access, person: ActionMember, record: RecordCall) -> Member | None:
    members = await pair.platform.members(access, bc_id=pair.theirs, record=record)
    known = [each for each in members if person.email and each.email.casefold() == person.email.casefold()]
    return min(known, key=membership_rank, default=None)


async def _unshare(
    pair: BusinessCenterPair, access: Access, action: UnshareAction, person: ActionMember | None, record: RecordCall
) -> None:
    if action.kind == "pixel":
        await _link(pair, access, action, link=False, record=record)
    elif action.kind == "person":
        assert person is not None
        await _remove(pair, access, person, record)
    else:
        ids = [key.asset_id for key in action.keys]
        await pair.platform.take_back(
            access, bc_id=pair.theirs, partner_id=pair.ours, kind=action.kind, asset_ids=ids, record=record
        )


async def _link(pair: BusinessCenterPair, access: Access, action: Action, *, link: bool, record: RecordCall) -> None:
    accounts = [key.parent_asset_id for key in action.keys if key.parent_asset_id]
    await pair.platform.link_pixel(
        access, bc_id=pair.theirs, code=action.keys[0].asset_id, account_ids=accounts, link=link, record=record
    )
