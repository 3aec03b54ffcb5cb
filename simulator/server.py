"""Puts the simulator together: the API, the consent page, Business Center pages and the control surface."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from simulator.api.connection import WithTransport
from simulator.api.gate import answer_call
from simulator.control import api as control
from simulator.control import building, people
from simulator.pages import business_center, consent
from simulator.simulator import Simulator
from simulator.switches import Switches
from simulator.world import World

EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_simulator(
    world: World | None = None,
    *,
    switches: Switches | None = None,
    redirect_uris: Iterable[str] = (),
    seed: int = 0,
    clock: Callable[[], float] = time.time,
) -> WithTransport:
    """The simulator as an ASGI app over `world`, or over the seeded one with `redirect_uris` registered.

    `switches` and `seed` are what a reset goes back to; `clock` gives epoch seconds.
    """
    app = FastAPI(title="TikTok simulator", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.simulator = Simulator(world, switches or Switches(), redirect_uris, seed, clock)
    app.add_route("/open_api/v1.3/{path:path}", answer_call, methods=EVERY_METHOD)
    app.add_route("/open_api/{path:path}", _unknown_version, methods=EVERY_METHOD)
    app.add_route("/", _home)
    for room in (consent, business_center, control, building, people):
        app.router.routes += room.router.routes
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "pages" / "static"))
    return WithTransport(app)


async def _unknown_version(_: Request) -> Response:
    return PlainTextResponse("404 page not found", 404)


async def _home(_: Request) -> Response:
    return RedirectResponse("/business-center", 303)
