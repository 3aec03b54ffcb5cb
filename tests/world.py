"""The small world everyone knows: two agencies with their keys, each with a client and a link."""

from dataclasses import dataclass

from app.kit.actor import Actor, acting_as
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links import service as link_service
from app.tenants.agencies import service as agencies
from app.tenants.api_keys import service as members
from app.tenants.api_keys.scopes import ALL_SCOPES
from app.tenants.clients import service as clients

#: The agency's own Business Centers, as in the simulator's world.
NORTH_BC = "7000999988887777666"
SOUTH_BC = "7000999988887777777"
PUBLIC_URL = "https://go.keyturn.example"
#: Cookie of the one browser of the tests' client, used for pages and internal calls.
CLIENT_BROWSER = "the-browser-of-the-client-in-our-tests-0000"
KEYS = "test1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


@dataclass(frozen=True)
class Corner:
    """One agency with what it has; `key` is the value of an API key with every scope, `token` the link's secret."""

    agency_id: str
    slug: str
    name: str
    account_id: str
    key: str
    key_id: str
    client_id: str
    link_id: str
    token: str

    @property
    def link_path(self) -> str:
        """The secret address of the link, without the host."""
        return f"/{self.slug}/maison-lune/{self.token}"


@dataclass(frozen=True)
class World:
    """Two agencies that must never see each other's things."""

    north: Corner
    south: Corner


#: The actor of what tests change directly.
TESTS = Actor("system", "test")


def keyring() -> Keyring:
    """The key ring of the tests."""
    return Keyring.from_text(KEYS)


async def make(sessions: Sessions) -> World:
    """Writes the world into an empty database."""
    with acting_as(TESTS):
        return World(
            north=await _corner(sessions, "North Agency", "north", NORTH_BC),
            south=await _corner(sessions, "South Media", "south", SOUTH_BC),
        )


async def _corner(sessions: Sessions, name: str, slug: str, account_id: str) -> Corner:
    async with sessions.begin() as session:
        agency = await agencies.create_agency(
            session,
            name=name,
            slug=slug,
            contact_name="Ana Agent",
            contact_email=f"ana@{slug}.example",
            actor=TESTS,
        )
        await agencies.add_account(session, agency.id, platform="tiktok", account_id=account_id, name=name, actor=TESTS)
        key, value = await members.create_key(
            session, agency.id, name="tests", scopes=sorted(ALL_SCOPES), expires_at=None, actor=TESTS
        )
        client, _ = await clients.create_client(
            session, agency.id, actor=TESTS, name="Maison Lune", external_id="crm-1",
            contact_name="Ana Client", contact_email="ana@maisonlune.example",
        )  # fmt: skip
        made, token = await link_service.create_link(
            session, agency.id, client_id=client.id, preset="run-campaigns", keyring=keyring(), actor=TESTS
        )
    return Corner(agency.id, slug, name, account_id, value, key.id, client.id, made.link.id, token)
