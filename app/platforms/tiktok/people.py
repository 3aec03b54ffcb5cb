"""People of the agency as members of the client's Business Center."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.platforms.access import (
    NO_TOKEN,
    ActionMember,
    AssetKey,
    Observation,
    ReadFailure,
    ShareAction,
    UnshareAction,
    WantedAccess,
)
from app.platforms.port import AssetReader, ClientAssets, Execution, Reading
from app.platforms.resources import AccountMember, AssetDetails
from app.platforms.tiktok.kinds import AD_ACCOUNT, PERSON

if TYPE_CHECKING:
    from app.platforms.tiktok.adapter import TikTok

#: Most ad accounts of one invitation.
MOST_ACCOUNTS = 50


@dataclass(frozen=True)
class People:
    """Handler of people."""

    platform: "TikTok"

    async def observe_agency(self, _reading: Reading, keys: Sequence[AssetKey]) -> Mapping[AssetKey, Observation]:
        """Nothing: the agency's token shows no members of the client."""
        return dict.fromkeys(keys, NO_TOKEN)

    async def observe_client(self, reading: Reading, wanted: Sequence[WantedAccess]) -> Mapping[AssetKey, Observation]:
        """Read the members once, and for each standard member the holders of the approved ad accounts."""
        reader = reading.reader
        if reader.scopes is not None and not self.platform.may(reader.scopes, "members"):
            refused = reader.closed or Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")
            return {each.key: refused for each in wanted}
        members = await reader.read(
            lambda access, record: self.platform.members(access, account_id=reading.pair.theirs, record=record)
        )
        if isinstance(members, Observation):
            return {each.key: members for each in wanted}
        observations: dict[AssetKey, Observation] = {}
        for each in wanted:
            member = member_of(members, each.email)
            if member is None or not (member.is_bound or member.is_invited):
                observations[each.key] = Observation(rejected=member is not None and member.relation == "REJECTED")
            elif member.is_invited:
                observations[each.key] = Observation(pending=True)
            elif member.role == "ADMIN":
                observations[each.key] = Observation("ADMIN", everything=True)
            else:
                observations[each.key] = await self._standard_member(reading, each)
        return observations

    async def _standard_member(self, reading: Reading, wanted: WantedAccess) -> Observation:
        """The role on all approved ad accounts; none while one of them is missing.

        Without approved ad accounts, membership is enough.
        """
        roles: list[str | None] = []
        for account_id in accounts_of(reading.approved):
            holders = await reading.reader.read(
                lambda access, record, account_id=account_id: self.platform.holders(  # type: ignore[misc]
                    access, account_id=reading.pair.theirs, asset_id=account_id, record=record
                )
            )
            if isinstance(holders, Observation):
                return holders
            email = wanted.email.casefold()
            roles.append(next((each.role for each in holders if each.email.casefold() == email), None))
        other = [role for role in roles if role != wanted.role]
        if None in other:
            return Observation(member=True)
        return Observation(max(other, key=PERSON.rank) if other else wanted.role)

    async def count_events(self, _reader: AssetReader, _key: AssetKey, _since: datetime) -> Mapping[str, int]:
        """None: people receive no events."""
        return {}

    async def details(self, _reader: AssetReader, _asset_ids: Sequence[str]) -> Mapping[str, AssetDetails]:
        """None: campaigns run in ad accounts."""
        return {}

    def problem(self, client: ClientAssets, _key: AssetKey) -> str | None:
        """Blocker code if the app may not manage members."""
        return "scope_not_authorized" if self.platform.missing_scopes(client.scopes, [PERSON.key]) else None

    async def share(self, execution: Execution, action: ShareAction) -> None:
        """Invite a person; one who is a member already is assigned the ad accounts that they lack."""
        person = _person(execution)
        member = await self._member(execution, person)
        accounts = accounts_of(person.approved)
        if member is None or not member.is_bound:
            await self.platform.invite(
                execution.access, bc_id=execution.pair.theirs, email=person.email, account_ids=accounts,
                role=action.role, record=execution.record,
            )  # fmt: skip
            return
        for account_id in accounts:
            holders = await self.platform.holders(
                execution.access, account_id=execution.pair.theirs, asset_id=account_id, record=execution.record
            )
            if not any((each.user_id, each.role) == (member.user_id, action.role) for each in holders):
                await self.platform.assign(
                    execution.access, account_id=execution.pair.theirs, user_id=member.user_id, asset_id=account_id,
                    role=action.role, record=execution.record,
                )  # fmt: skip

    async def unshare(self, execution: Execution, _action: UnshareAction) -> None:
        """Remove a person invited by us, or cancel the invitation; a former member only loses the ad accounts."""
        person = _person(execution)
        member = await self._member(execution, person)
        bound = member is not None and member.is_bound
        if person.invited or not bound:
            user_id = member.user_id if bound and member else ""
            await self.platform.remove_member(
                execution.access, bc_id=execution.pair.theirs, user_id=user_id, email="" if user_id else person.email,
                record=execution.record,
            )  # fmt: skip
            return
        assert member is not None
        for account_id in accounts_of(person.approved):
            await self.platform.unassign(
                execution.access, account_id=execution.pair.theirs, user_id=member.user_id, asset_id=account_id,
                record=execution.record,
            )  # fmt: skip

    async def _member(self, execution: Execution, person: ActionMember) -> AccountMember | None:
        members = await self.platform.members(
            execution.access, account_id=execution.pair.theirs, record=execution.record
        )
        return member_of(members, person.email)


def member_of(members: Sequence[AccountMember], email: str) -> AccountMember | None:
    """The row of a person: of several, as after a declined and an accepted invitation, the one that counts most."""
    known = [each for each in members if email and each.email.casefold() == email.casefold()]
    return min(known, key=_precedence, default=None)


def _precedence(member: AccountMember) -> int:
    order = ("BOUND", "PENDING", "REJECTED")
    return order.index(member.relation) if member.relation in order else len(order)


def accounts_of(approved: Sequence[AssetKey]) -> tuple[str, ...]:
    """The ad accounts among approved assets, at most as many as one invitation may contain."""
    return tuple(dict.fromkeys(key.asset_id for key in approved if key.kind == AD_ACCOUNT.key))[:MOST_ACCOUNTS]


def _person(execution: Execution) -> ActionMember:
    assert execution.person is not None
    return execution.person
