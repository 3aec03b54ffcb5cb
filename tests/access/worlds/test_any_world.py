"""From any world, whatever one call keeps answering: it ends in a proof, or in a blocker that somebody can mend."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.access.blockers import BLOCKERS
from app.access.patience import Patience
from app.demo.tiktok_simulator import seed
from app.demo.tiktok_simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE, NORTH_AGENCY
from app.kit.refusal import Refusal
from tests.access.worlds.doing import at, attest, check, fault, forget_client, reduce
from tests.access.worlds.row import Do, Row, Wanted, account, person, pixel
from tests.access.worlds.stage import Stage, begin
from tests.house import House
from tests.tiktok import TikTokWorld

#: How many worlds are tried; `make test-worlds` tries more.
WORLDS = int(os.environ.get("KEYTURN_TEST_WORLDS", "8"))
PATIENCE = Patience(
    settle=timedelta(seconds=0.05),
    accepted=timedelta(seconds=0.2),
    silence=timedelta(seconds=0.3),
    proof=timedelta(seconds=0.3),
)
ENDS = frozenset({"verified", "attested", "unverifiable", "awaiting_client", "awaiting_partner", "blocked", "drifted"})

LEA = "lea@northagency.example"
ROLES = ("ANALYST", "OPERATOR", "ADMIN")
READS = (
    "bc/get/", "bc/asset/admin/get/", "bc/partner/get/", "bc/partner/asset/get/", "bc/pixel/link/get/", "pixel/list/",
    "pixel/event/stats/", "bc/member/get/", "bc/asset/member/get/", "advertiser/info/", "oauth2/advertiser/get/",
)  # fmt: skip
WRITES = (
    "bc/partner/add/", "bc/partner/asset/delete/", "bc/pixel/link/update/", "bc/member/invite/", "bc/asset/assign/",
)  # fmt: skip
#: Of a read, code 0 is an answer without what it should hold; of a write, a yes that changes nothing.
REFUSALS: tuple[dict[str, Any], ...] = (
    *({"code": code} for code in (40001, 40002, 40007, 40050, 40105, 50000, 0)), {"http_status": 502},
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A world with what one call keeps answering in it. `first`: from the start, or once the world came to rest."""

    row: Row
    path: str
    refusal: dict[str, Any]
    whose: str | None
    first: bool
    later: Sequence[Do]

    def __str__(self) -> str:
        return f"{self.row}, {self.path} {self.refusal} of {self.whose}, {'first' if self.first else 'later'}"


async def attest_where_allowed(stage: Stage) -> None:
    """A member of the agency says that it works, unless Keyturn can look itself."""
    with suppress(Refusal):
        await attest(stage)


def _named(*choices: tuple[str, Do | None]) -> st.SearchStrategy[tuple[str, Do | None]]:
    return st.sampled_from(choices)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    role = draw(st.sampled_from(ROLES))
    with_events = pixel(seed.PIXEL_LUNE_CODE, needs_events=True)
    more: Sequence[Wanted] = draw(
        st.sampled_from([(), (account(LUNE_UK, role),), (pixel(),), (with_events,), (person(LEA),)])
    )
    held = draw(st.sampled_from([None, None, *ROLES]))
    lane = draw(st.sampled_from(["connected", "connected", "guided"]))
    agency, on_agency = draw(
        _named(
            ("agency there", None), ("agency there", None), ("no agency", None),
            ("agency no Admin", at(TikTokWorld.make_member, NORTH_AGENCY, seed.NORA_NORTH, "STANDARD")),
            ("agency's token dead", at(TikTokWorld.withdraw, seed.NORA_NORTH)),
        )
    )  # fmt: skip
    client, on_client = draw(
        _named(
            ("client there", None), ("client there", None),
            ("client's token dead", at(TikTokWorld.withdraw, seed.ANA_CLIENT)),
            ("client's token given back", forget_client),
        )
    )  # fmt: skip
    then, on_then = draw(
        _named(
            ("left alone", None), ("checked", check), ("attested", attest_where_allowed), ("lowered", reduce),
            ("unshared", at(TikTokWorld.unshare_by_hand, MAISON_LUNE, LUNE_EU)),
            ("parted", at(TikTokWorld.part_by_hand, MAISON_LUNE)),
        )
    )  # fmt: skip
    approval, strict = draw(st.booleans()), draw(st.booleans())
    make: list[Do] = [at(TikTokWorld.switch, partner_approval=approval, strangers_refused=strict)]
    if held:
        make.append(at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, role=held))
    kinds = "+".join(each.kind for each in more)
    row = Row(
        f"{role} asked, {held} held, {kinds}, {lane}, {agency}, {client}, approval {approval}, strict {strict}, {then}",
        wanted=(account(LUNE_EU, role), *more), make=make, then=[do for do in (on_agency, on_client) if do],
        lane="guided" if lane == "guided" else "connected", agency=agency != "no agency",
    )  # fmt: skip
    return Case(
        row, draw(st.sampled_from([*READS, *WRITES, *WRITES])), draw(st.sampled_from(REFUSALS)),
        draw(st.sampled_from([None, seed.NORA_NORTH, seed.ANA_CLIENT])), draw(st.booleans()),
        [on_then] if on_then else [],
    )  # fmt: skip


def generated() -> list[Case]:
    """The same worlds at every run, and more of them where more are asked for."""
    found: dict[str, Case] = {}

    @settings(
        max_examples=WORLDS, derandomize=True, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases())
    def keep(case: Case) -> None:
        found[str(case)] = case

    keep()
    return list(found.values())


async def ended(stage: Stage) -> None:
    """It rests, and every ask is proved or somebody can do something about it."""
    await stage.come_to_rest()
    for ask in await stage.asks():
        about = (ask.kind, ask.state, ask.code, ask.next_actor)
        hangs = ask.kind == "pixel" and ask.state == "approved"  # on its ad account, and on whose turn that is
        assert ask.state in ENDS or hangs, about
        assert ask.code is None or ask.code in BLOCKERS, about
        assert ask.next_actor in ("client", "agency") or ask.code or ask.state in ("verified", "attested"), about
        assert ask.next_actor != "us", about


@pytest.mark.parametrize("case", generated(), ids=lambda case: str(case)[:150])
async def test_any_world_ends_in_a_proof_or_in_a_turn(house: House, case: Case) -> None:
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
