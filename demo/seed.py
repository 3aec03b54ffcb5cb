"""Filling an empty database for the demo: an agency, its key, its webhook endpoint, two clients with a link each."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow
from app.kit import encryption
from app.kit.actor import Actor, bind_actor
from app.kit.encryption import Keyring
from app.links import service as link_service
from app.tenants.agencies import service as agencies
from app.tenants.api_keys import service as api_keys
from app.tenants.api_keys.scopes import ALL_SCOPES
from app.tenants.clients import service as clients
from app.tenants.members import passwords
from app.tenants.members import service as members
from app.webhooks.endpoints import service as endpoint_service
from app.webhooks.endpoints.service import EndpointSpec
from demo.world import AGENCY_BC, AGENCY_EMAIL, Addresses, Demo

DEMO = Actor("system", "demo")


@dataclass(frozen=True)
class NewClient:
    """A client of the demo; `lane` is the way it takes when the demo walks by itself."""

    lane: str
    name: str
    external_id: str
    contact_name: str
    contact_email: str


CLIENTS = (
    NewClient("connected", "Maison Lune", "crm-1001", "Ana Client", "ana@maisonlune.example"),
    NewClient("guided", "Brand FR", "crm-1002", "Theo Two Brands", "theo@brand.example"),
)


async def seed(session: AsyncSession, keyring: Keyring, addresses: Addresses) -> tuple[Demo, str]:
    """Writes the demo's records; gives what is to be shown of them, and the secret of the inbox's endpoint."""
    bind_actor(DEMO)
    agency_id = await _agency(session)
    _, key = await api_keys.create_key(
        session, agency_id, name="demo", scopes=sorted(ALL_SCOPES), expires_at=None, actor=DEMO
    )
    spec = EndpointSpec(url=f"{addresses.inbox}/hook", event_types=["*"], description="The demo's CRM inbox")
    endpoint, secret = await endpoint_service.create_endpoint(session, agency_id, spec, keyring=keyring, actor=DEMO)
    _, token = await oauth_flow.invite_agency(session, agency_id, platform="tiktok")
    password = encryption.new_secret()[:16]
    owner = await members.add(
        session, agency_id, name="Nora North", email=AGENCY_EMAIL, role="owner",
        password_hash=await passwords.hashed(password),
    )  # fmt: skip
    desk = f"{addresses.web}/desk/join/{await members.let_in(session, owner)}"
    made = {each.lane: await _link(session, keyring, agency_id, each, addresses) for each in CLIENTS}
    connect = f"{addresses.web}/connect/{token}"
    return Demo(addresses, key, connect, desk, password, made, endpoint_id=endpoint.id), secret


async def _agency(session: AsyncSession) -> str:
    agency = await agencies.create_agency(
        session, name="North Agency", slug="north", contact_name="Nora North",
        contact_email=AGENCY_EMAIL, actor=DEMO,
    )  # fmt: skip
    await agencies.update_agency(session, agency.id, colour="#7a2e8e", actor=DEMO)
    await agencies.add_account(
        session, agency.id, platform="tiktok", account_id=AGENCY_BC, name="North Agency", actor=DEMO
    )
    return agency.id


async def _link(session: AsyncSession, keyring: Keyring, agency_id: str, new: NewClient, addresses: Addresses) -> str:
    client, _ = await clients.create_client(
        session, agency_id, actor=DEMO, name=new.name, external_id=new.external_id, contact_name=new.contact_name,
        contact_email=new.contact_email,
    )  # fmt: skip
    made, _ = await link_service.create_link(
        session, agency_id, client_id=client.id, preset="run-campaigns", keyring=keyring, actor=DEMO
    )
    return await link_service.show_address(
        session, agency_id, made.link.id, public_url=addresses.web, keyring=keyring, actor=DEMO
    )
