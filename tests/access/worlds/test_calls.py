"""How many calls one onboarding takes at TikTok: the room a client leaves to all the others of an app."""

import sys

import pytest

from simulator.seed import LUNE_EU, LUNE_UK, LUNE_US
from tests.access.worlds.row import Row, account, pixel
from tests.access.worlds.stage import play
from tests.house import House

MOST = 25
ROW = Row(
    "three ad accounts and a pixel, when nothing goes wrong",
    wanted=(account(LUNE_EU), account(LUNE_UK), account(LUNE_US), pixel()),
)


async def test_calls_of_one_onboarding(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """From the client's consent to the token given back; the agency connected before; no buyers."""
    await play(house, ROW)
    calls = (await house.tiktok.calls())["calls"]
    mine = [each["path"] for each in calls[_first_of_client(calls) :]]
    assert mine[-1] == "oauth2/revoke_token/"
    with capsys.disabled():
        sys.stdout.write(f"\nTikTok calls of one onboarding: {len(mine)}: {', '.join(mine)}\n")
    assert len(mine) <= MOST


def _first_of_client(calls: list[dict[str, object]]) -> int:
    """The exchange of the client's code: the second one, as the agency connected before."""
    return [number for number, each in enumerate(calls) if each["path"] == "oauth2/access_token/"][1]
