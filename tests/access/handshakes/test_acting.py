"""One deed and its evidence: a read that went well before it is not its answer."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.access.handshakes import acting
from app.access.handshakes.acting import Intent, Person, send
from app.access.handshakes.deciding.plan import Take
from app.access.handshakes.deciding.world import Key
from app.access.handshakes.looking import client_side
from app.access.handshakes.looking.sides import Pair
from app.access.tools import Tools
from app.platforms.port import Call, Changed, Keep, PlatformFailure, Unavailable, Urgency
from app.platforms.seen import MemberSeen

NORA = "nora@northagency.example"
NOT_MADE = Call("bc/member/delete", {}, "unavailable", None, "TikTok was not called", None, {}, 0)


class _Platform:
    """Its members can be read; removing one fails without a call."""

    def __init__(self, failure: PlatformFailure | None, *members: MemberSeen) -> None:
        self.failure, self.seen, self.removed = failure, members, list[str]()

    async def members(self, _access: object, *, bc_id: str, keep: Keep) -> tuple[MemberSeen, ...]:
        keep(Call("bc/member/get", {"bc_id": bc_id}, "ok", 0, "OK", "request-1", {}, 3))
        return self.seen

    async def remove_member(self, _access: object, *, user_id: str, **_more: Any) -> None:
        self.removed.append(user_id)
        if self.failure is not None:
            raise self.failure


async def _send(monkeypatch: pytest.MonkeyPatch, platform: _Platform) -> acting.Sent:
    monkeypatch.setattr("app.access.connections.queries.access", lambda *_: None)
    deed = Take("person", (Key("person", "person_1"),))
    intent = Intent("exchange_1", deed, cast(Any, None), Person(NORA, invited=True))
    tools = cast(Tools, SimpleNamespace(vault=None))
    return await send(tools, Pair(cast(Any, platform), ours="1", theirs="2"), intent, Urgency.HANDSHAKE)


async def test_a_removal_for_which_there_was_no_room_is_not_written_down_as_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = await _send(monkeypatch, _Platform(Unavailable(NOT_MADE, 1.0)))
    assert (sent.call, [call.operation for call in sent.before]) == (None, ["bc/member/get"])


async def test_a_list_that_cannot_be_read_whole_is_the_answer_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await _send(monkeypatch, _Platform(Changed(NOT_MADE)))
    assert (sent.call, len(sent.before)) == (NOT_MADE, 1)


async def test_who_said_no_once_and_is_a_member_now_is_removed_as_a_member(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (MemberSeen("", "", NORA, "STANDARD", "REJECTED"), MemberSeen("77", "", NORA, "STANDARD", "BOUND"))
    platform = _Platform(None, *rows)
    await _send(monkeypatch, platform)
    assert platform.removed == ["77"]
    assert min(rows, key=client_side.likeliest).relation == "BOUND"
