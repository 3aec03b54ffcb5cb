"""One action and its evidence: the answer of a read before it is not its own."""

from typing import Any, cast

from app.access.reconciler.partner_access import send
from app.access.reconciler.sides import BusinessCenterPair
from app.access.reconciler.strategy import ActionResult
from app.platforms.access import ActionMember, AssetKey, UnshareAction
from app.platforms.port import (
    Access,
    PlatformFailure,
    Priority,
    RecordCall,
    RecordedCall,
    Unavailable,
    UnexpectedAnswer,
)
from app.platforms.resources import AccountMember
from app.platforms.tiktok.people import People, member_of

NORA = "nora@northagency.example"
NOT_MADE = RecordedCall("bc/member/delete", {}, "unavailable", None, "TikTok was not called", None, {}, 0)


class _Platform:
    """Its members can be read; removing one fails without a call."""

    def __init__(self, failure: PlatformFailure | None, *members: AccountMember) -> None:
        self.failure, self.seen, self.removed = failure, members, list[str]()
        self.handlers = {"person": People(cast(Any, self))}

    async def members(self, _access: object, *, account_id: str, record: RecordCall) -> tuple[AccountMember, ...]:
        record(RecordedCall("bc/member/get", {"bc_id": account_id}, "ok", 0, "OK", "request-1", {}, 3))
        return self.seen

    async def remove_member(self, _access: object, *, user_id: str, **_more: Any) -> None:
        self.removed.append(user_id)
        if self.failure is not None:
            raise self.failure


async def _send(platform: _Platform) -> ActionResult:
    action = UnshareAction("person", (AssetKey("person", "person_1"),))
    pair = BusinessCenterPair(cast(Any, platform), ours="1", theirs="2")
    return await send(pair, Access("token", "app", Priority.HANDSHAKE), action, ActionMember(NORA, invited=True))


async def test_a_removal_for_which_there_was_no_room_is_not_written_down_as_done() -> None:
    sent = await _send(_Platform(Unavailable(NOT_MADE, 1.0)))
    assert (sent.call, [call.operation for call in sent.before]) == (None, ["bc/member/get"])


async def test_a_list_that_cannot_be_read_whole_is_the_answer_itself() -> None:
    sent = await _send(_Platform(UnexpectedAnswer(NOT_MADE)))
    assert (sent.call, len(sent.before)) == (NOT_MADE, 1)


async def test_who_said_no_once_and_is_a_member_now_is_removed_as_a_member() -> None:
    rows = (AccountMember("", "", NORA, "STANDARD", "REJECTED"), AccountMember("77", "", NORA, "STANDARD", "BOUND"))
    platform = _Platform(None, *rows)
    await _send(platform)
    assert platform.removed == ["77"]
    assert member_of(rows, NORA) == rows[1]
