"""Every operation as nobody, with a key that may nothing, as the other agency, and with an id that is none."""

import httpx2
import pytest

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.tenants.api_keys import service as members
from tests.api import belongings
from tests.api.operations import Operation, every
from tests.world import TESTS, World

#: Addresses that name nothing of an agency's own: the same for everybody, or made where it is not known.
SHARED = {
    "destination": "slack",
    "slug": "run-campaigns",
    "event_type": "access.verified",
    "language": "en",
    "external_id": "crm-1",
    "key": "meta",
    "platform": "tiktok",
}


@pytest.fixture
def operations() -> list[Operation]:
    """All of them."""
    return list(every())


async def send(
    api: httpx2.AsyncClient, operation: Operation, ids: dict[str, str], **options: object
) -> tuple[int, str]:
    """Status and code of the answer."""
    answer = await api.request(operation.method, operation.at(ids), json=operation.body, **options)  # type: ignore[arg-type]
    found = answer.json() if answer.headers.get("content-type", "").endswith("json") else {}
    return answer.status_code, found.get("code", "") if isinstance(found, dict) else ""


async def test_nobody_gets_anything(
    api: httpx2.AsyncClient, operations: list[Operation], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    mine = SHARED | await belongings.of(sessions, keyring, world.north)
    for given, code in (("", "key_missing"), ("Basic x", "key_missing"), ("Bearer kt_live_wrong", "key_invalid")):
        headers = {"Authorization": given}
        got = {each.about["operationId"]: await send(api, each, mine, headers=headers) for each in operations}
        assert set(got.values()) == {(401, code)}, got


async def test_a_key_does_only_what_its_scopes_say(
    api: httpx2.AsyncClient, operations: list[Operation], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    mine = SHARED | await belongings.of(sessions, keyring, world.north)
    async with sessions.begin() as session:
        _, value = await members.create_key(
            session, world.north.agency_id, name="none", scopes=[], expires_at=None, actor=TESTS
        )
    got = {
        each.about["operationId"]: await send(api, each, mine, headers={"Authorization": f"Bearer {value}"})
        for each in operations
    }
    assert got.pop("get_me") == (200, "")
    assert set(got.values()) == {(403, "scope_missing")}, got


async def test_what_belongs_to_the_other_agency_is_not_found(
    api: httpx2.AsyncClient, operations: list[Operation], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    theirs = SHARED | await belongings.of(sessions, keyring, world.south)
    named = [each for each in operations if set(each.parameters) - SHARED.keys()]
    unknown = {name for each in named for name in each.parameters} - theirs.keys()
    assert not unknown, f"tests/api/belongings.py has no {unknown}"
    got = {each.about["operationId"]: await send(api, each, theirs) for each in named}
    assert len(got) >= 23
    assert set(got.values()) == {(404, "not_found")}, got


async def test_lists_hold_nothing_of_the_other_agency(
    api: httpx2.AsyncClient, operations: list[Operation], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    theirs = await belongings.of(sessions, keyring, world.south)
    mine = SHARED | await belongings.of(sessions, keyring, world.north)
    for each in operations:
        if each.method == "GET":
            text = (await api.get(each.at(mine))).text
            assert not [value for value in theirs.values() if value in text], each.path
            assert world.south.agency_id not in text, each.path


async def test_a_malformed_id_is_not_found(api: httpx2.AsyncClient, operations: list[Operation], world: World) -> None:
    for wrong in ("zzz", "link_", world.north.agency_id, "%00", "a" * 500):
        for each in operations:
            names = set(each.parameters) - SHARED.keys()
            if names:
                status, code = await send(api, each, dict.fromkeys(names, wrong))
                assert (status, code) == (404, "not_found"), (each.path, wrong)


async def test_every_reading_operation_answers_whoever_may(
    api: httpx2.AsyncClient, operations: list[Operation], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    mine = SHARED | await belongings.of(sessions, keyring, world.north)
    got = {each.path: (await send(api, each, mine))[0] for each in operations if each.method == "GET"}
    assert {path for path, status in got.items() if status != 200} == set()


async def test_no_answer_shows_a_token_or_a_secret(
    api: httpx2.AsyncClient, operations: list[Operation], sessions: Sessions, keyring: Keyring, world: World
) -> None:
    mine = SHARED | await belongings.of(sessions, keyring, world.north)
    for each in operations:
        if each.method == "GET" and not each.path.endswith("/address"):
            text = (await api.get(each.at(mine))).text
            columns = ("_hash",) if not each.path.endswith("/seals/export") else ()  # it names columns, as sealed
            for secret in ("a-token", world.north.token, world.north.key, "_sealed", *columns):
                assert secret not in text, each.path
