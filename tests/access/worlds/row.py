"""What a line of the table of worlds is made of."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from simulator import seed

if TYPE_CHECKING:
    from tests.access.worlds.stage import Stage

#: One thing somebody does: at TikTok, or in Keyturn.
Do = Callable[["Stage"], Awaitable[object]]


class Shown(NamedTuple):
    """What an access request shows."""

    status: str
    code: str | None = None
    next_actor: str | None = None


GREEN = Shown("verified")
#: Taken away, as was wanted.
ENDED = Shown("ended")
#: Steps by hand that nobody has done yet.
BY_HAND = Shown("awaiting_client", None, "client")


def blocked(code: str, next_actor: str = "client") -> Shown:
    """Something is in the way."""
    return Shown("blocked", code, next_actor)


def leaving(code: str | None = None, next_actor: str = "client") -> Shown:
    """It is to be taken away, and still there."""
    return Shown("verified", code, next_actor)


def drifted(code: str) -> Shown:
    """It was as agreed, and is no longer."""
    return Shown("drifted", code, "client")


@dataclass(frozen=True)
class Wanted:
    """One access request with the asset the client chooses for it."""

    kind: str
    asset_id: str
    role: str
    parent_asset_id: str | None = None
    needs_events: bool = False


def account(asset_id: str = seed.LUNE_EU, role: str = "OPERATOR") -> Wanted:
    """An ad account."""
    return Wanted("ad_account", asset_id, role)


def pixel(
    code: str = seed.PIXEL_LUNE_APP_CODE, parent_asset_id: str = seed.LUNE_EU, *, needs_events: bool = False
) -> Wanted:
    """A pixel on an ad account; the seeded world links this one to none."""
    return Wanted("pixel", code, "LINK", parent_asset_id, needs_events)


def catalog(role: str = "AD_PROMOTE") -> Wanted:
    """The catalog of Maison Lune."""
    return Wanted("catalog", seed.CATALOG_LUNE, role)


def person(email: str, role: str = "ANALYST") -> Wanted:
    """Somebody of the agency; known by address here, and by a number of ours in Keyturn."""
    return Wanted("person", email, role)


@dataclass(frozen=True)
class Row:
    """A world, what is wanted in it, what goes wrong, what the humans do about it, and what is shown before and after.

    make: the world before anybody connects. then: between the client's yes and the first look. behind: once all was
    verified, behind our back. mend: what the humans do. `before` is shown when Keyturn can do no more by itself,
    `after` when the humans did their part; one entry for each access request, or one for all of them.
    person: who authorizes for the client; None: nobody does. agency: whether the agency is connected from the start.
    blind: for so long nobody can look, so that what was proved stands whatever happens: checked against what is true
    only after `mend`. settle: how long an attempt may take to show, proof: how long what was read counts, in seconds.
    to_the_end: so much time passes that what TikTok says yes to, and does not do, is tried to its end.
    """

    name: str
    wanted: Sequence[Wanted] = (account(),)
    before: Sequence[Shown] = (GREEN,)
    after: Sequence[Shown] = (GREEN,)
    make: Sequence[Do] = ()
    then: Sequence[Do] = ()
    behind: Sequence[Do] = ()
    mend: Sequence[Do] = ()
    lane: Literal["connected", "guided"] = "connected"
    person: str | None = seed.ANA_CLIENT
    ticked: Sequence[str] | None = None
    account_id: str = seed.MAISON_LUNE
    agency: bool = True
    blind: bool = False
    settle: float = 0.0
    to_the_end: bool = False
    proof: float = 172_800.0

    def __str__(self) -> str:
        return self.name


def played(rows: Sequence[Row]) -> Sequence[Row]:
    """All rows in `make test-worlds`; else, of rows that differ in a code only, the first with each outcome."""
    if "KEYTURN_TEST_WORLDS" in os.environ:
        return rows
    found: dict[object, Row] = {}
    for row in rows:
        first, _, rest = row.name.partition(" ")
        found.setdefault((rest, row.before) if first.isdecimal() else row.name, row)
    return list(found.values())
