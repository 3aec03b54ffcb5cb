"""Doing: one deed at the platform, with its evidence."""

from dataclasses import dataclass

from app.access.connections import queries as tokens
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.reconciler.agency_side import BusinessCenterPair
from app.access.reconciler.client_side import membership_rank
from app.access.reconciler.state import Action, ShareAction, UnshareAction
from app.platforms.port import Access, Keep, PlatformFailure, Priority, RecordedCall, Unavailable
from app.platforms.resources import Member


@dataclass(frozen=True)
class ActionMember:
    """Whom a `person` deed is about: the address, and, when removing, the member's number at the platform."""

    email: str
    account_ids: tuple[str, ...] = ()
    #: we invited it; somebody who was a member before stays one
    invited: bool = False


@dataclass(frozen=True)
class RecordedIntent:
    """A deed written down before it is sent, so that a crash leaves a trace."""

    exchange_id: str
    deed: Action
    connection: Connection
    person: ActionMember | None = None


@dataclass(frozen=True)
class ActionResult:
    """How a deed went: the call as evidence, and why it failed if it did. `calls` came before it."""

    call: RecordedCall | None
    failure: PlatformFailure | None = None
    before: tuple[RecordedCall, ...] = ()

    @property
    def blocker(self) -> str | None:
        """Blocker code of the failure."""
        return self.failure.blocker if self.failure is not None else None


async def send(
    tools: AccessContext, pair: BusinessCenterPair, intent: RecordedIntent, urgency: Priority
) -> ActionResult:
    """Sends it. OK means recorded; only a look says that it happened."""
    calls: list[RecordedCall] = []
    access = tokens.access(intent.connection, tools.keyring, urgency)
    failure: PlatformFailure | None = None
    try:
        if isinstance(intent.deed, ShareAction):
            await _give(pair, access, intent.deed, intent.person, calls.append)
        else:
            await _take(pair, access, intent.deed, intent.person, calls.append)
    except PlatformFailure as problem:
        failure = problem
    if failure is not None and not any(call is failure.call for call in calls):
        # the write itself was not sent: what went well before it must not stand as its answer
        return ActionResult(None if isinstance(failure, Unavailable) else failure.call, failure, tuple(calls))
    return ActionResult(calls[-1] if calls else None, failure, tuple(calls[:-1]))


async def _give(
    pair: BusinessCenterPair, access: Access, deed: ShareAction, person: ActionMember | None, keep: Keep
) -> None:
    if deed.kind == "ad_account":
        ids = [key.asset_id for key in deed.keys]
        await pair.platform.share(
            access, bc_id=pair.theirs, partner_id=pair.ours, asset_ids=ids, role=deed.role, keep=keep
        )
    elif deed.kind == "pixel":
        await _link(pair, access, deed, link=True, keep=keep)
    else:
        assert deed.kind == "person"
        assert person is not None
        await _let_in(pair, access, deed.role, person, keep)


async def _let_in(pair: BusinessCenterPair, access: Access, role: str, person: ActionMember, keep: Keep) -> None:
    """Invites a person; one who is a member already is given the ad accounts it lacks."""
    member = await _member(pair, access, person, keep)
    if member is None or member.relation != "BOUND":
        await pair.platform.invite(
            access, bc_id=pair.theirs, email=person.email, account_ids=person.account_ids, role=role, keep=keep
        )
        return
    for account_id in person.account_ids:
        holders = await pair.platform.holders(access, bc_id=pair.theirs, account_id=account_id, keep=keep)
        if not any((each.user_id, each.role) == (member.user_id, role) for each in holders):
            await pair.platform.assign(
                access, bc_id=pair.theirs, user_id=member.user_id, account_id=account_id, role=role, keep=keep
            )


async def _let_out(pair: BusinessCenterPair, access: Access, person: ActionMember, keep: Keep) -> None:
    """Removes a person we invited, or takes the invitation back; who was a member before loses the ad accounts."""
    member = await _member(pair, access, person, keep)
    bound = member is not None and member.relation == "BOUND"
    if person.invited or not bound:
        user_id = member.user_id if bound and member else ""
        email = "" if user_id else person.email
        await pair.platform.remove_member(access, bc_id=pair.theirs, user_id=user_id, email=email, keep=keep)
        return
    assert member is not None
    for account_id in person.account_ids:
        await pair.platform.unassign(
            access, bc_id=pair.theirs, user_id=member.user_id, account_id=account_id, keep=keep
        )


async def _member(pair: BusinessCenterPair, access: Access, person: ActionMember, keep: Keep) -> Member | None:
    members = await pair.platform.members(access, bc_id=pair.theirs, keep=keep)
    known = [each for each in members if person.email and each.email.casefold() == person.email.casefold()]
    return min(known, key=membership_rank, default=None)


async def _take(
    pair: BusinessCenterPair, access: Access, deed: UnshareAction, person: ActionMember | None, keep: Keep
) -> None:
    if deed.kind == "pixel":
        await _link(pair, access, deed, link=False, keep=keep)
    elif deed.kind == "person":
        assert person is not None
        await _let_out(pair, access, person, keep)
    else:
        ids = [key.asset_id for key in deed.keys]
        await pair.platform.take_back(
            access, bc_id=pair.theirs, partner_id=pair.ours, kind=deed.kind, asset_ids=ids, keep=keep
        )


async def _link(pair: BusinessCenterPair, access: Access, deed: Action, *, link: bool, keep: Keep) -> None:
    accounts = [key.parent_asset_id for key in deed.keys if key.parent_asset_id]
    await pair.platform.link_pixel(
        access, bc_id=pair.theirs, code=deed.keys[0].asset_id, account_ids=accounts, link=link, keep=keep
    )
