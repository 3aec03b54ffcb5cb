"""One API call on its way through the simulator, and what an endpoint is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.api.envelope import Data, Refusal
from simulator.api.parameters import Parameters
from simulator.models import AdAccount, BusinessCenter, Person, Token
from simulator.simulator import Simulator
from simulator.world import World


@dataclass(frozen=True)
class Call:
    """Context of an endpoint."""

    simulator: Simulator
    parameters: Parameters
    presented_token: str | None

    @property
    def world(self) -> World:
        return self.simulator.world

    @property
    def token(self) -> Token:
        return valid_token(self.world, self.presented_token)

    @property
    def person(self) -> Person:
        return self.world.persons[self.token.consent.person_id]

    def administered(self, bc_id: str) -> BusinessCenter:
        """The Business Center, when the token's person is ADMIN there; one that is unknown looks the same."""
        center = self.world.business_centers.get(bc_id)
        if center is None or not center.is_admin(self.person.person_id):
            raise Refusal(40001, f"No permission: the user is not an admin of Business Center {bc_id}.")
        return center

    def administered_for_writing(self, bc_id: str) -> BusinessCenter:
        """The same, and enabled: in review or punished, a Business Center can be read but not changed."""
        center = self.administered(bc_id)
        if center.status != "ENABLE":
            raise Refusal(40001, f"No permission: Business Center {bc_id} is not enabled.")
        return center

    def reached(self, advertiser_id: str) -> AdAccount:
        """The ad account, when the token reaches it; one that is unknown looks the same."""
        account = self.world.ad_account(advertiser_id)
        if account is None or not self.simulator.reaches(self.token, advertiser_id):
            raise Refusal(40001, f"No permission to operate advertiser {advertiser_id}.")
        return account


@dataclass(frozen=True)
class Endpoint:
    """One path of the API; `permission` None means that it needs no token."""

    method: Literal["GET", "POST"]
    answer: Callable[[Call], Data]
    permission: int | None = None
    needs_token: bool = True


def valid_token(world: World, presented_token: str | None) -> Token:
    if not presented_token:
        raise Refusal(40104)
    token = world.tokens.get(presented_token)
    if token is None:
        raise Refusal(40105)
    return token


PARENTS = {
    10: 1, 15: 1, 100: 10, 150: 15, 151: 15, 152: 15, 153: 15, 155: 15, 156: 15,
    22: 2, 220: 22, 221: 22,
    230: 23,
    80: 8, 800: 80, 801: 80, 802: 80,
}  # fmt: skip
"""Which permission lies directly above which (API.md 2.7), as far as the endpoints built here need it."""


def allows(granted: tuple[int, ...], needed: int) -> bool:
    """A permission is granted by itself or by any above it."""
    permission: int | None = needed
    while permission is not None:
        if permission in granted:
            return True
        permission = PARENTS.get(permission)
    return False
