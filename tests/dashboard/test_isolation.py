"""Every address of the dashboard with the real ids of another agency: nothing of it is shown, and nothing changes.

What the other agency has carries a mark in every name, so that pages which show it are found without knowing them.
"""

import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import String, func, text, update

from app.dashboard.member_session import PATH, SIGN_IN
from app.kit import ids
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.links.own_platforms.models import OwnPlatform
from app.links.presets.service import AgencyPreset
from app.tables import metadata
from app.tenants.members import service as members
from app.tenants.members.models import ROLES
from app.tenants.members.passkeys import MemberPasskey
from tests.api import belongings
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard import addresses
from tests.dashboard.conftest import SignIn
from tests.dashboard.pages import Page
from tests.world import Corner, World

MARK = "geheimnis"
NAMES = re.compile(r"(?:.*_)?(?:name|email|person|host|url)$")
#: Pages that name nothing of the agency.
NAMELESS = tuple(
    f"{PATH}/{each}"
    for each in (
        "account/second-factor",
        "account/passkeys/new",
        "time-to-access.csv",
        "links/{link_id}/files/{file_id}",
    )
)
#: Ends nothing where there is no such session of the member, and says so of one that has ended, too.
SESSION_END = re.compile(rf"{PATH}/account/sessions/[^/]+/end")
#: What a form must have before the rest of its address is looked at.
FIELDS = {"select": "all", "since": "2026-11-30T00:00", "until": "2026-11-30T01:00"}
#: Parameters that are the same in every agency.
SHARED = {"platform": "tiktok", "name": "way", "key": "meta"}
PRESET = {
    "name": "Own", "sentence": "Access to one ad account.", "screens": [], "questions": [],
    "access_requests": [{"platform": "tiktok", "kind": "ad_account", "role": "OPERATOR", "reason": "To run ads."}],
}  # fmt: skip
Ids = Mapping[str, str]


async def _of(sessions: Sessions, keyring: Keyring, corner: Corner) -> dict[str, str]:
    """Ids of one of everything, by the names that parameters have."""
    found = await belongings.of(sessions, keyring, corner)
    async with sessions.begin() as session:
        member = await members.find(session, corner.agency_id, found["member_id"])
        passkey = MemberPasskey(
            agency_id=corner.agency_id, id=ids.new("passkey"), member_id=member.id, name="Phone",
            credential_id=corner.agency_id.encode(), public_key=b"key", sign_count=0,
        )  # fmt: skip
        slug = f"own-{corner.slug}"
        session.add_all(
            [
                passkey,
                AgencyPreset(agency_id=corner.agency_id, id=ids.new("preset"), slug=slug, version=1, body=PRESET),
            ]
        )
        return {**found, **SHARED, "slug": slug, "passkey_id": passkey.id}


async def _mark(sessions: Sessions, agency_id: str) -> None:
    """Write the mark into every name of an agency."""
    async with sessions.begin() as session:
        for table in metadata.sorted_tables:
            owner = table.columns["id"] if table.name == "agencies" else table.columns.get("agency_id")
            names = [each for each in table.columns if isinstance(each.type, String) and NAMES.match(each.name)]
            if owner is not None and names:
                values = {each: MARK + func.right(each, 20) for each in names}
                await session.execute(update(table).where(owner == agency_id).values(values))
        named = func.jsonb_set(OwnPlatform.definition, ["name"], func.to_jsonb(f"Platform {MARK}"))
        await session.execute(update(OwnPlatform).where(OwnPlatform.agency_id == agency_id).values(definition=named))


async def _rows(sessions: Sessions, agency_id: str) -> dict[str, str]:
    """The rows of an agency by table."""
    found = {}
    async with sessions() as session:
        for table in metadata.sorted_tables:
            column = "id" if table.name == "agencies" else "agency_id"
            if column in table.columns:
                hashed = (
                    f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table.name} AS t WHERE {column} = "
                )
                value = {"agency_id": ids.parse("agency", agency_id)}
                found[table.name] = await session.scalar(
                    text(f"{hashed}:agency_id"), value, execution_options=CROSS_TENANT
                )
    return found


def _names(path: str) -> list[str]:
    """Parameters of a path whose values belong to one agency."""
    return [name for name in re.findall(r"{(\w+)}", path) if name not in SHARED]


@pytest.fixture
async def theirs(sessions: Sessions, keyring: Keyring, world: World) -> Ids:
    """Ids of the north agency."""
    found = await _of(sessions, keyring, world.north)
    await _mark(sessions, world.north.agency_id)
    return found


@pytest.fixture
async def mine(sessions: Sessions, keyring: Keyring, world: World) -> Ids:
    """Ids of the south agency, whose members try."""
    return await _of(sessions, keyring, world.south)


def _tries(method: str, mine: Ids, theirs: Ids) -> list[str]:
    """Addresses with ids of the other agency: all of them, and behind one's own."""
    found = []
    for path in addresses.of(method):
        names = _names(path)
        found += [path.format_map(theirs)] if names else []
        found += [path.format_map({**theirs, **{name: mine[name] for name in names[:-1]}})] if len(names) > 1 else []
    return found


async def test_the_mark_is_on_the_pages_of_its_own_agency(
    browser: httpx2.AsyncClient, sign_in: SignIn, theirs: Ids
) -> None:
    """Else the tests below could not fail."""
    await sign_in()
    unmarked = []
    for path in addresses.of("GET"):
        answer = await browser.get(path.format_map(theirs))
        unmarked += [path] if MARK not in answer.text.lower() else []
    assert set(unmarked) <= {*NAMELESS}


async def test_no_page_shows_anything_of_another_agency(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World, mine: Ids, theirs: Ids
) -> None:
    foreign = {*theirs.values()} - {*mine.values()} | {world.north.agency_id}
    for role in ROLES:
        await sign_in(role, world.south)
        for path in _tries("GET", mine, theirs):
            answer = await browser.get(path)
            assert answer.status_code in (403, 404), (role, path)
            assert MARK not in answer.text.lower(), (role, path)
        for path in addresses.of("GET"):
            answer = await browser.get(path.format_map(mine))
            assert answer.status_code < 500, (role, path)
            shown = [each for each in (*foreign, MARK) if each in answer.text.lower()]
            assert shown == [], (role, path)


async def test_nobody_sees_anything(browser: httpx2.AsyncClient, theirs: Ids) -> None:
    for path in addresses.of("GET"):
        answer = await browser.get(path.format_map(theirs))
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, SIGN_IN), path
        assert MARK not in answer.text.lower(), path


async def test_no_form_finds_what_belongs_to_another_agency(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, mine: Ids, theirs: Ids
) -> None:
    await sign_in("owner", world.south)
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(f"{PATH}/account")).text)
    assert token
    before = await _rows(sessions, world.north.agency_id)
    answers = {
        path: (await browser.post(path, data={"form_token": token[1], **FIELDS}, headers=SAME_ORIGIN)).status_code
        for path in _tries("POST", mine, theirs)
    }
    assert {path for path, status in answers.items() if status != 404 and not SESSION_END.match(path)} == set()
    assert await _rows(sessions, world.north.agency_id) == before


def _parted(address: str) -> tuple[str, str]:
    before, mark, query = address.partition("?")
    return before + mark, query


async def test_no_choice_of_a_form_and_no_query_reaches_another_agency(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, mine: Ids, theirs: Ids
) -> None:
    """Each id that one's own pages offer, in a form or after the `?`, is replaced by that of the other agency."""
    await sign_in("owner", world.south)
    foreign = {mine[name]: value for name, value in theirs.items() if mine[name] != value}
    swapped = partial(re.compile("|".join(map(re.escape, foreign))).sub, lambda found: foreign[found[0]])
    queries: set[str] = set()
    tries: dict[tuple[str, str], dict[str, str]] = {}
    pages = [each.format_map(mine) for each in addresses.of("GET")]
    for path in pages:
        seen = Page((await browser.get(path)).text)
        queries |= {before + swapped(query) for before, query in map(_parted, seen.queries) if swapped(query) != query}
        pages += [each for each in seen.queries if "act=" in each and each not in pages]
        for method, action, fields in seen.forms:
            for name, value in (
                (name, value) for name, offered in fields.items() for value in offered & foreign.keys()
            ):
                sent = {each: min(offered) for each, offered in fields.items()} | {name: foreign[value]}
                if method == "post":
                    tries[action or path, name] = sent
                else:
                    queries.add(f"{action or path}?{urlencode(sent)}")
    assert len(queries) > 20, queries
    assert len(tries) > 5, tries
    before = await _rows(sessions, world.north.agency_id)
    for query in queries:
        answer = await browser.get(query)
        assert answer.status_code < 500, query
        assert MARK not in answer.text.lower(), query
    for (action, name), sent in tries.items():
        answer = await browser.post(action, data=sent, headers=SAME_ORIGIN)
        assert answer.status_code in (404, 409, 422), (action, name, answer.status_code)
        assert MARK not in answer.text.lower(), (action, name)
    assert await _rows(sessions, world.north.agency_id) == before
