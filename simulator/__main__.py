"""Starts the simulator by itself: `python -m simulator`."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

import uvicorn

from simulator import seed
from simulator.server import create_simulator
from simulator.switches import Switches, WrongSwitch, parse_switches

LAST_CALLS = 2
"""Seconds that calls under way have to end when the simulator is asked to stop."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; both end it with status 0."""
    options = _options(arguments)
    app = create_simulator(switches=options.simulate, redirect_uris=options.redirect_uri, seed=options.seed)
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=LAST_CALLS,
        headers=[("Process-Instance", os.environ.get("PROCESS_INSTANCE", "simulator"))],  # as who started it expects
    )
    # uvicorn stops in order, then raises the signal again: without this the exit status would be a crash's.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    address = f"http://{options.host}:{options.port}"
    print(f"TikTok simulator (not TikTok) on {address}", flush=True)
    print(f"  TIKTOK_API_BASE={address}/open_api/v1.3  TIKTOK_AUTH_URL={address}/portal/auth", flush=True)
    print(f"  TIKTOK_APP_ID={seed.FULL_APP} TIKTOK_APP_SECRET={seed.FULL_APP_SECRET}", flush=True)
    print(f"  pages {address}/business-center, control {address}/simulator/world", flush=True)
    uvicorn.Server(config).run()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument(
        "--simulate",
        type=_switches,
        default=Switches(),
        metavar="SWITCHES",
        help="partner-approval,read-lag=3,qps=5,flaky=0.2,lost-answers=0.2,reauthorize,pixel-links-denied",
    )
    parser.add_argument("--redirect-uri", action="append", default=[], metavar="URL", help="register for every app")
    parser.add_argument("--seed", type=int, default=0, help="of the randomness behind flaky and lost-answers")
    return parser.parse_args(arguments)


def _switches(text: str) -> Switches:
    try:
        return parse_switches(text)
    except WrongSwitch as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


if __name__ == "__main__":
    main()
