"""From any world, whatever one call keeps answering: it ends in a proof, or in a blocker, and in the end in a proof.

Each world has a number: the same number is the same world on every machine, so that a failing one can be played again.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Literal

import pytest

from app.access.connections.oauth_flow import ExchangeOutcome
from app.access.pacing import RetryTiming
from app.kit.errors import AppError
from app.links.models import AccessRequest
from app.platforms.blockers import BLOCKERS
from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE, NORTH_AGENCY
from tests.access.worlds.doing import at, attest, check, connect, connect_agency, fault, forget_client, reduce
from tests.access.worlds.row import Do, Row, Wanted, account, catalog, person, pixel
from tests.access.worlds.stage import Stage, begin
from tests.house import House
from tests.tiktok import TikTokWorld

#: How often people do, at most, what the pages say, until all is verified.
MOST_TURNS = 3
#: How many worlds are tried; `make test-worlds` tries more.
WORLDS = int(os.environ.get("KEYTURN_TEST_WORLDS", "6"))
FIRST = int(os.environ.get("KEYTURN_TEST_FIRST_WORLD", "0"))
PATIENCE = RetryTiming(proof=timedelta(hours=2))
ENDS = frozenset({"verified", "attested", "unverifiable", "awaiting_client", "awaiting_partner", "blocked", "drifted"})

LEA = "lea@northagency.example"
ROLES = ("ANALYST", "OPERATOR", "ADMIN")
#: What can refuse for ever: of one side's token, or of either. Two in three are calls that decide most.
CALLS: tuple[tuple[str, str | None], ...] = (
    ("bc/partner/asset/get/", seed.NORA_NORTH), ("bc/partner/asset/get/", seed.ANA_CLIENT),
    ("bc/partner/asset/get/", None), ("bc/partner/get/", seed.NORA_NORTH), ("bc/partner/add/", seed.ANA_CLIENT),
    ("bc/partner/asset/delete/", seed.ANA_CLIENT), ("bc/get/", seed.ANA_CLIENT),
    ("bc/asset/admin/get/", seed.ANA_CLIENT), ("oauth2/advertiser/get/", None), ("advertiser/info/", None),
    ("bc/pixel/link/get/", seed.ANA_CLIENT), ("bc/pixel/link/update/", seed.ANA_CLIENT),
    ("pixel/list/", seed.NORA_NORTH), ("pixel/event/stats/", seed.NORA_NORTH), ("bc/member/get/", seed.ANA_CLIENT),
    ("bc/member/invite/", seed.ANA_CLIENT), ("bc/asset/member/get/", seed.ANA_CLIENT),
    ("bc/asset/assign/", seed.ANA_CLIENT), ("oauth2/revoke_token/", seed.ANA_CLIENT), ("user/info/", None),
)  # fmt: skip
#: Of a read, code 0 is an answer without what it should hold; of a write, a yes that changes nothing.
REFUSALS: tuple[dict[str, Any], ...] = (
    *({"code": code} for code in (40001, 40002, 40007, 40050, 40105, 40113, 50000, 0)),
    {"code": 40002, "message": f"Business Center {NORTH_AGENCY} is not your partner."},
    {"http_status": 502}, {"code": 40100},
)  # fmt: skip
_OF_PIXELS = frozenset({"bc/pixel/link/get/", "bc/pixel/link/update/", "pixel/list/", "pixel/event/stats/"})
_OF_PEOPLE = frozenset({"bc/member/get/", "bc/member/invite/", "bc/asset/member/get/", "bc/asset/assign/"})


@dataclass(frozen=True)
class Case:
    """A world with what one call keeps answering in it. `first`: from the start, or once the world came to rest."""

    number: int
    row: Row
    path: str
    refusal: dict[str, Any]
    whose: str | None
    first: bool
    later: Sequence[Do]

    def __str__(self) -> str:
        side = {seed.NORA_NORTH: "the agency", seed.ANA_CLIENT: "the client", None: "everybody"}[self.whose]
        when = "from the start" if self.first else "later"
        return f"{self.number}: {self.row}; {self.path} answers {side} with {self.refusal} {when}"


async def attest_where_allowed(stage: Stage) -> None:
    """A member of the agency says that it works, unless Keyturn can look itself."""
    with suppress(AppError):
        await attest(stage)


WITH_EVENTS = pixel(seed.PIXEL_LUNE_CODE, needs_events=True)
AGENCY: dict[str, Do | None] = {
    "agency there": None,
    "no agency": None,
    "agency no Admin": at(TikTokWorld.make_member, NORTH_AGENCY, seed.NORA_NORTH, "STANDARD"),
    "agency's token dead": at(TikTokWorld.withdraw, seed.NORA_NORTH),
}
CLIENT: dict[str, Do | None] = {
    "client there": None,
    "client no Admin": at(TikTokWorld.make_member, MAISON_LUNE, seed.ANA_CLIENT, "STANDARD"),
    "client's token dead": at(TikTokWorld.withdraw, seed.ANA_CLIENT),
    "client's token given back": forget_client,
}
LATER: dict[str, Do | None] = {
    "left alone": None,
    "checked": check,
    "attested": attest_where_allowed,
    "lowered": reduce,
    "unshared": at(TikTokWorld.unshare_by_hand, MAISON_LUNE, LUNE_EU),
    "parted": at(TikTokWorld.part_by_hand, MAISON_LUNE),
    "unlinked": at(TikTokWorld.unlink_pixel_by_hand, seed.PIXEL_LUNE, LUNE_EU),
    "agency's token dies": at(TikTokWorld.withdraw, seed.NORA_NORTH),
    "client connects again": connect(),
    "agency connects again": connect_agency,
}


def world_of(number: int) -> Case:
    """The world with this number."""
    random = Random(number)
    path, whose = CALLS[number % len(CALLS)]
    role = random.choice(ROLES)
    more: Sequence[Wanted] = random.choice([(), (account(LUNE_UK, role),), (catalog(),), *_kinds_for(path, random)])
    held = random.choice([None, None, *ROLES])
    lane: Literal["connected", "guided"] = "guided" if whose is not None and _chance(random, 4) else "connected"
    agency = random.choice(["agency there"] * 3 + [name for name in AGENCY if whose != seed.NORA_NORTH])
    client = random.choice(["client there"] * 3 + list(CLIENT)) if lane == "connected" else "client there"
    then = random.choice(list(LATER))
    approval, strict = _chance(random, 3), _chance(random, 3)
    make: list[Do] = [at(TikTokWorld.switch, partner_approval=approval, strangers_refused=strict)]
    if held:
        make.append(at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, role=held))
    kinds = "+".join(("ad_account", *(each.kind for each in more)))
    switches = "".join(f", {name}" for name, on in (("approval", approval), ("strict", strict)) if on)
    row = Row(
        f"{kinds} as {role} asked, {held} held, {lane}, {agency}, {client}{switches}, {then}",
        wanted=(account(LUNE_EU, role), *more), make=make,
        then=[do for do in (AGENCY[agency], CLIENT[client]) if do], lane=lane, agency=agency != "no agency",
    )  # fmt: skip
    after = LATER[then]
    return Case(number, row, path, random.choice(REFUSALS), whose, _chance(random, 2), [after] if after else [])


def _kinds_for(path: str, random: Random) -> list[Sequence[Wanted]]:
    """Further access requests of the world, mostly of the kind for which the refused call is made."""
    pixels: list[Sequence[Wanted]] = [(pixel(),), (WITH_EVENTS,)]
    people: list[Sequence[Wanted]] = [(person(LEA),)]
    return pixels * 5 if path in _OF_PIXELS else people * 9 if path in _OF_PEOPLE else pixels + people


def _chance(random: Random, one_in: int) -> bool:
    return random.randrange(one_in) == 0


async def ended(stage: Stage) -> None:
    """It rests, and every access request is proved or somebody can do something about it."""
    await stage.come_to_rest()
    for access_request in await stage.access_requests():
        about = (access_request.kind, access_request.status, access_request.code, access_request.next_actor)
        hangs = (
            access_request.kind == "pixel" and access_request.status == "approved"
        )  # on its ad account, and on whose turn that is
        assert access_request.status in ENDS or hangs, about
        assert access_request.code is None or access_request.code in BLOCKERS, about
        assert (
            access_request.next_actor in ("client", "agency")
            or access_request.code
            or access_request.status in ("verified", "attested")
        ), about
        assert access_request.next_actor != "us", about


async def put_right(stage: Stage) -> None:
    """Everybody can look and act again, and does what the pages say, as often as they say it."""
    tiktok = stage.house.tiktok
    await tiktok.clear_faults()
    await tiktok.make_member(NORTH_AGENCY, seed.NORA_NORTH, "ADMIN")
    await tiktok.make_member(MAISON_LUNE, seed.ANA_CLIENT, "ADMIN")
    connected = ExchangeOutcome.BUSY
    for _ in range(MOST_TURNS):
        if connected is ExchangeOutcome.BUSY:  # the page says to wait a minute: TikTok's limit was reached before
            connected = await stage.house.connect_agency(stage.corner)
        if stage.row.lane == "connected":
            await stage.house.connect_client(stage.corner)
        for access_request in await stage.access_requests():
            await _by_hand(stage, access_request)
        await stage.house.check_now(stage.corner)
        await reduce(stage)
        await stage.house.work(3)
        for answer in (tiktok.approve(MAISON_LUNE), tiktok.accept_invitation(MAISON_LUNE, LEA)):
            with suppress(AssertionError):  # nobody waits for it
                await answer
        await stage.come_to_rest()
        if all(access_request.status == "verified" for access_request in await stage.access_requests()):
            return
    left = [(each.kind, each.status, each.code, each.next_actor) for each in await stage.access_requests()]
    pytest.fail(f"{left}")


async def _by_hand(stage: Stage, access_request: AccessRequest) -> None:
    """The client does the steps of an access request that are its own, in Business Center."""
    tiktok, asset_id = stage.house.tiktok, access_request.asset_id or ""
    if access_request.kind == "catalog":
        await tiktok.share_by_hand(MAISON_LUNE, seed.CATALOG_LUNE, catalog_role=access_request.role)
    elif access_request.kind == "pixel" and access_request.code == "pixel_silent":
        await tiktok.pixel_events(seed.PIXEL_LUNE, PAGE_VIEW={"browser": 3})
    elif stage.row.lane == "guided" and access_request.kind == "ad_account":
        await tiktok.unshare_by_hand(MAISON_LUNE, asset_id)
        await tiktok.share_by_hand(MAISON_LUNE, asset_id, role=access_request.role)
    elif stage.row.lane == "guided" and access_request.kind == "pixel":
        codes = {seed.PIXEL_LUNE_CODE: seed.PIXEL_LUNE, seed.PIXEL_LUNE_APP_CODE: seed.PIXEL_LUNE_APP}
        await tiktok.link_pixel_by_hand(codes[asset_id], LUNE_EU)


@pytest.mark.parametrize("number", range(FIRST, FIRST + WORLDS))
async def test_any_world_ends_in_a_proof_or_in_a_turn(house: House, number: int) -> None:
    case = world_of(number)
    print(case)  # noqa: T201 - shown where it fails
    refuse = fault(case.path, times=None, person=case.whose, **case.refusal)
    stage = await begin(house, case.row, PATIENCE)
    if case.first:
        await refuse(stage)
    for do in case.row.then:
        await do(stage)
    await ended(stage)
    if not case.first:
        await refuse(stage)
    stage.can_look = False  # what was proved counts for a while, whatever happens; in the end it does not
    for do in case.later:
        await do(stage)
    await stage.come_to_rest()
    stage.can_look = True
    await ended(stage)
    if case.row.lane == "connected" or not any(each.kind == "person" for each in case.row.wanted):
        await put_right(stage)  # by hand nobody can see who is a member
