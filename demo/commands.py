"""`keyturn demo`: everything on this machine, with a TikTok that is not TikTok."""

import asyncio
import json
import signal
import tempfile
import time
from pathlib import Path

import click

from app.kit.child_processes import Child, ChildFailed
from app.kit.embedded_postgres.failures import PostgresFailure
from demo import start
from demo.start import Ports
from demo.walk.browser import NotAsExpected
from demo.walk.walk import TookTooLong, walk
from demo.world import AGENCY_EMAIL, GUIDED_ACCOUNT, GUIDED_BC, Demo
from simulator.switches import Switches, WrongSwitch, parse_switches


def run(*, walk_: bool, simulate: str, as_json: bool, port: int, data_dir: Path | None) -> None:
    """Runs Keyturn with a seeded agency, a simulated TikTok and a CRM inbox; nothing leaves this machine."""
    try:
        switches = parse_switches(simulate)
        if walk_:
            _walk(simulate, switches, as_json=as_json)
        else:
            _stay(simulate, Ports(port, port + 1, port + 2, port + 3), data_dir)
    except WrongSwitch as wrong:
        raise click.BadParameter(str(wrong), param_hint="--simulate") from wrong
    except (ChildFailed, PostgresFailure, NotAsExpected, TookTooLong) as failed:
        raise click.ClickException(f"The demo failed: {failed}") from failed


def _walk(simulate: str, switches: Switches, *, as_json: bool) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-walk-") as folder,
        start.running(Path(folder), Ports(0, 0, 0), _say, simulate=simulate, durable=False) as (made, _),
    ):
        report = asyncio.run(walk(made, _say, approve=switches.partner_approval))
    print(report.line(), flush=True)
    if as_json:
        print(json.dumps(report.figures()), flush=True)
    if not report.is_good:
        raise SystemExit(1)


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
        f"  Begin here: the dashboard, as Nora North (once)   {made.desk_address}\n"
        f"     Later with her password                        {AGENCY_EMAIL}  {made.desk_password}\n"
        f"  1  Connect the agency to TikTok (as Nora North)   {made.connect_address}\n"
        f"  2  Client's link, connected lane (as Ana Client)  {made.links['connected']}\n"
        f"     Client's link, by hand (Brand FR)              {made.links['guided']}\n"
        f"       it types Business Center {GUIDED_BC}, ad account {GUIDED_ACCOUNT}\n"
        f"     With a pixel and questions (as Rosa Rive)      {made.links['tracking']}\n"
        f"     Meta and a booking tool (Café Nord)            {made.links['written']}\n"
        f"     Public link, for anybody (as Milo Mixed)       {made.public_link}\n"
        f"     Brand FR's Business Center, in the simulator   {at.tiktok}/business-center/{GUIDED_BC}\n"
        f"  3  The CRM's inbox with every webhook             {at.inbox}\n"
        f"  4  Every e-mail, as text and HTML                 {at.inbox}/mails\n\n"
        f"  API key  {made.api_key}\n"
        f"  Try      {curl} {at.web}/api/v1/links\n"
        f"  Test     {curl} '{at.web}/api/v1/webhooks/endpoints/{made.endpoint_id}/test?wait=true' \\\n"
        '             --json \'{"event_type": "access.verified"}\'    # sends the inbox an event\n'
        f"  API      {at.web}/api/v1/openapi.json\n"
        f"  Shell    source {made.env}    then `keyturn deliveries list` and the rest work on this demo\n\n"
        "Ctrl-C stops everything.",
        flush=True,
    )


def _say(line: str) -> None:
    print(f"· {line}", flush=True)
