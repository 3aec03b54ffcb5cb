"""`keyturn demo`: everything on this machine, with a TikTok that is not TikTok."""

import asyncio
import json as json_
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.kit.child_processes import Child, ChildFailed
from app.kit.embedded_postgres.failures import PostgresFailure
from demo import start
from demo.start import Ports
from demo.walk.browser import NotAsExpected
from demo.walk.walk import TookTooLong, walk
from demo.world import Demo
from simulator.switches import Switches, WrongSwitch, parse_switches

err = Console(stderr=True)


def demo(
    walk_: Annotated[bool, typer.Option("--walk", help="Walk whole onboardings by itself, then end.")] = False,
    simulate: Annotated[
        str, typer.Option(help="E.g. partner-approval,read-lag=3,qps=5,flaky=0.2,lost-answers=0.2")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="With --walk: figures as the last line.")] = False,
    port: Annotated[int, typer.Option(help="Of the web; the next two are TikTok's and the inbox's.")] = 8000,
    data_dir: Annotated[Path | None, typer.Option(envvar="KEYTURN_DATA_DIR", help="Where its data lies.")] = None,
) -> None:
    """Runs Keyturn with a seeded agency, a simulated TikTok and a CRM inbox; nothing leaves this machine."""
    try:
        switches = parse_switches(simulate)
        if walk_:
            _walk(simulate, switches, as_json=json)
        else:
            _stay(simulate, Ports(port, port + 1, port + 2), data_dir)
    except WrongSwitch as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--simulate") from wrong
    except (ChildFailed, PostgresFailure, NotAsExpected, TookTooLong) as failed:
        err.print(f"[red]The demo failed:[/red] {failed}", highlight=False)
        raise typer.Exit(1) from failed


def _walk(simulate: str, switches: Switches, *, as_json: bool) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-walk-") as folder,
        start.running(Path(folder), Ports(0, 0, 0), _say, simulate=simulate, durable=False) as (made, _),
    ):
        report = asyncio.run(walk(made, _say, approve=switches.partner_approval))
    print(report.line(), flush=True)
    if as_json:
        print(json_.dumps(report.figures()), flush=True)
    if not report.is_good:
        raise typer.Exit(1)


def _stay(simulate: str, ports: Ports, data_dir: Path | None) -> None:
    begun = time.monotonic()
    data = data_dir or start.default_folder()
    with start.running(data, ports, _say, simulate=simulate) as (made, started):
        _show(made, time.monotonic() - begun)
        _until_told(started)
        _say("stopping")


def _until_told(started: list[Child]) -> None:
    told: list[int] = []
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda number, _: told.append(number))
    while not told:
        time.sleep(0.2)
        for child in started:
            child.check()


def _show(made: Demo, seconds: float) -> None:
    at = made.addresses
    curl = f"curl -H 'Authorization: Bearer {made.api_key}'"
    print(
        f"\nKeyturn demo is up ({seconds:.1f} s). Nothing here leaves this machine; TikTok is simulated.\n\n"
        f"  1  Connect the agency to TikTok (as Nora North)   {made.connect_address}\n"
        f"  2  Client's link, connected lane (as Ana Client)  {made.links['connected']}\n"
        f"     Client's link, by hand (Brand FR)              {made.links['guided']}\n"
        f"     With a pixel and questions (as Rosa Rive)      {made.links['tracking']}\n"
        f"     Meta and a booking tool (Café Nord)            {made.links['written']}\n"
        f"     Open link, for anybody (as Milo Mixed)         {made.public_link}\n"
        f"     TikTok Business Center of the simulator        {at.tiktok}/business-center\n"
        f"  3  The CRM's inbox with every webhook             {at.inbox}\n\n"
        f"  API key  {made.api_key}\n"
        f"  Try      {curl} {at.web}/api/v1/links\n"
        f"  Test     {curl} '{at.web}/api/v1/webhooks/endpoints/{made.endpoint_id}/test?wait=true' \\\n"
        '             --json \'{"event_type": "access.verified"}\'    # sends the inbox an event\n'
        f"  API      {at.web}/api/v1/openapi.json\n"
        f"  Shell    source {made.env}    then `keyturn delivery list` and the rest work on this demo\n\n"
        "Ctrl-C stops everything.",
        flush=True,
    )


def _say(line: str) -> None:
    print(f"· {line}", flush=True)
