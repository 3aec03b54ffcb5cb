"""Two workers and two web processes on one budget: counted where the calls arrive."""

import asyncio
import json
import sys
from pathlib import Path

from simulator import seed
from tests.platforms.rate_limiter.hammering import Hammering
from tests.tiktok import TikTokWorld

ROOT = Path(__file__).parents[3]
QPS = 8
SECONDS = 8.0


async def test_four_processes_keep_one_budget_and_serve_first_who_looks(database_url: str, tiktok: TikTokWorld) -> None:
    done = await _hammer(database_url, tiktok)
    arrivals = sorted(call["at"] for call in (await tiktok.calls())["calls"] if call["path"] == "user/info/")
    assert len(arrivals) == sum(went for _, (went, _) in done)
    assert max(sum(first <= at < first + 1 for at in arrivals) for first in arrivals) <= QPS
    assert all(went for _, (went, _) in done)
    looked = [wait for priority, (_, waits) in done if priority == "INTERACTIVE" for wait in waits]
    others = [wait for priority, (_, waits) in done if priority != "INTERACTIVE" for wait in waits]
    assert max(looked) < 2_000
    assert max(others) > 1_000  # the rest was full indeed


async def _hammer(database_url: str, tiktok: TikTokWorld) -> list[tuple[str, tuple[int, list[int]]]]:
    """Four programs call at once: how many calls went and for how long they waited, by priority."""
    token = await tiktok.token(seed.ANA_CLIENT)
    programs = [("BACKGROUND", 8, 0.0), ("HANDSHAKE", 6, 0.0), ("INTERACTIVE", 1, 0.5), ("INTERACTIVE", 1, 0.7)]
    base = f"{tiktok.address}/open_api/v1.3"
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.platforms.rate_limiter.hammering",
            Hammering(database_url, base, token, priority, callers, SECONDS, pause, QPS, 480).as_argument,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )
        for priority, callers, pause in programs
    ]  # fmt: skip
    said = [await program.communicate() for program in running]
    assert [program.returncode for program in running] == [0] * len(programs)
    return [(priority, json.loads(out)) for (priority, _, _), (out, _) in zip(programs, said, strict=True)]
