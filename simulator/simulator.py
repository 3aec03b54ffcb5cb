"""One running simulator: its world, switches, script of faults and log, and its reset."""

import pickle
from collections.abc import Callable, Iterable
from copy import deepcopy
from random import Random
from typing import Annotated

from fastapi import Depends, Request

from simulator.calls import CallLog
from simulator.faults import Script
from simulator.models import Activity, ActivityType, AdAccount, Token
from simulator.seed import seeded_world
from simulator.switches import Switches
from simulator.world import World


class Simulator:
    """Everything the routes share. `clock` gives epoch seconds."""

    def __init__(
        self,
        world: World | None,
        switches: Switches,
        redirect_uris: Iterable[str],
        seed: int,
        clock: Callable[[], float],
    ) -> None:
        self._start = (deepcopy(world) if world else seeded_world(redirect_uris), switches, seed)
        self.clock = clock
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Return to the start. Redirect addresses registered since stay: they belong to the apps, not to the story."""
        world, self.switches, first_seed = self._start
        self.world: World = pickle.loads(pickle.dumps(world))  # noqa: S301 - our own; five times as quick as deepcopy
        self.random = Random(first_seed if seed is None else seed)
        self.script = Script()
        self.calls = CallLog()

    def register_redirect(self, app_id: str, redirect_uri: str) -> None:
        for world in (self._start[0], self.world):
            world.apps[app_id].redirect_uris.add(redirect_uri)

    def visible_moment(self) -> float:
        """The moment that reads of partners and shares show."""
        return self.clock() - self.switches.read_lag

    def reached(self, token: Token) -> dict[str, AdAccount]:
        """The ad accounts a token reaches."""
        return self.world.reached(token.consent, only_ticked=self.switches.reauthorize)

    def reaches(self, token: Token, advertiser_id: str) -> bool:
        """True if a token reaches this ad account."""
        return self.world.reaches(token.consent, advertiser_id, only_ticked=self.switches.reauthorize)

    def note(self, bc_id: str, by: str | None, activity_type: ActivityType, activity_log: str) -> None:
        """Write a line into a Business Center's activity log; what nobody is named for was an admin's doing."""
        operator_id = by or self.world.business_centers[bc_id].some_admin()
        activity = Activity(self.clock(), activity_type, operator_id, activity_log)
        self.world.activities.setdefault(bc_id, []).append(activity)


def get_simulator(request: Request) -> Simulator:
    simulator: Simulator = request.app.state.simulator
    return simulator


Running = Annotated[Simulator, Depends(get_simulator)]
"""The simulator of the app that a route belongs to."""
