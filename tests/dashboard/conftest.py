"""Fixtures of the dashboard's tests: a browser in which a new member is signed in."""

from collections.abc import Awaitable, Callable, Iterator

import httpx2
import pytest

from app.dashboard.member_session import COOKIE
from app.kit.database import Sessions
from app.tenants.members import service as members
from app.tenants.members.models import Member, Role
from tests.world import Corner, World

#: The password of every member of the tests, and its hash with parameters that cost nothing.
PASSWORD = "plum harbor violet anchor"
CHEAP_HASH = "$argon2id$v=19$m=8,t=1,p=1$KV/LsjVqvP4qwN3b0SY0RA$eepYlzJDJcUlBNIFBrNKzpvBe1uvvLjWxCitRLhcZ5I"
SignIn = Callable[..., Awaitable[Member]]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of an OpenID provider."""
    from tests.dashboard.provider import PEOPLE, run_server_in_thread  # few tests need its packages

    with run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def sign_in(sessions: Sessions, browser: httpx2.AsyncClient, world: World) -> SignIn:
    """Makes a member of a role, by default an owner of the north agency, who is signed in in the browser."""

    async def signed_in(role: Role = "owner", corner: Corner | None = None) -> Member:
        agency_id = (corner or world.north).agency_id
        async with sessions.begin() as session:
            member = await members.add(
                session, agency_id, name="Nora North", email=f"{role}@north.example", role=role,
                password_hash=CHEAP_HASH,
            )  # fmt: skip
            browser.cookies.set(COOKIE, await members.sign_in(session, member))
        return member

    return signed_in
