"""One of everything that has an id, for an agency of the world."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.grants.models import Grant
from app.access.imports.models import Import
from app.access.kickoffs.models import Kickoff
from app.access.partners.models import Partner
from app.audit import sealer, seals
from app.events.models import Event
from app.kit import clock, ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links import queries as links
from app.links.models import IntakeFile
from app.links.own_platforms import service as own_platforms
from app.links.own_platforms.schemas import EXAMPLE, OwnPlatformFields
from app.links.public_links.service import create_public_link
from app.links.questions import file_place as file_place
from app.mail.service import Mail
from app.platforms.resources import DiscoveredAssets
from app.tenants.agencies import domains
from app.tenants.agencies import service as agencies
from app.tenants.clients import contacts
from app.tenants.members import service as members
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints.service import EndpointSpec, create_endpoint
from app.webhooks.endpoints.verification import send_test
from app.webhooks.replays.service import Selection
from app.webhooks.replays.service import start as start_replay
from tests.world import PUBLIC_URL, TESTS, Corner

OWN_PLATFORM = OwnPlatformFields(**EXAMPLE).definition("en", ("en",))


async def of(sessions: Sessions, keyring: Keyring, corner: Corner) -> dict[str, str]:
    """Ids by the names that parameters of addresses have."""
    agency_id = corner.agency_id
    async with sessions.begin() as session:
        public_link, _ = await create_public_link(session, agency_id, preset="prospect", keyring=keyring, actor=TESTS)
        file_id = ids.new("file")
        file = IntakeFile(
            agency_id=agency_id, id=file_id, link_id=corner.link_id, key="plan", name="plan.txt",
            media_type="text/plain", size=4, sha256=b"x" * 32,
            content_encrypted=keyring.encrypt_bytes(b"plan", bound_to=file_place(agency_id, file_id)),
        )  # fmt: skip
        (access_request,) = await links.access_requests(session, agency_id, corner.link_id)
        (center,) = await agencies.accounts(session, agency_id, "tiktok")
        grant = Grant(
            agency_id=agency_id,
            id=ids.new("grant"),
            client_id=corner.client_id,
            access_request_id=access_request.id,
            platform="tiktok",
            kind="ad_account",
            asset_id="7200000000000000101",
            client_account_id="7111222233334444555",
            agency_account_id=corner.account_id,
            role="OPERATOR",
            seen_by="agency",
        )
        connection_id = ids.new("connection")
        place = connections.token_place(agency_id, connection_id)
        connection = Connection(
            agency_id=agency_id, id=connection_id, platform="tiktok", side="agency", app_id="7400000000000000001",
            scopes=["100", "153"],
            token_encrypted=keyring.encrypt("a-token", bound_to=place), person="Nora North",
            found=connections.discovered_columns(DiscoveredAssets("Nora North", accounts=(), assets=())),
        )  # fmt: skip
        mails = [
            Mail(
                agency_id=agency_id, id=ids.new("mail"), kind=kind, about_id=corner.link_id, language="en",
                to_email="ana@maisonlune.example", sent_at=func.now(),
            )
            for kind in ("invitation", "reminder")
        ]  # fmt: skip
        kickoff = Kickoff(
            agency_id=agency_id, id=ids.new("kickoff"), link_id=corner.link_id, ran_by="Ana Agent", took_ms=1,
            launch_ready=False, checks=[], actor_kind=TESTS.kind, actor_id=TESTS.id,
        )  # fmt: skip
        looked = Import(
            agency_id=agency_id,
            id=ids.new("import"),
            platform="tiktok",
            agency_account_id=corner.account_id,
            reason="connected",
        )
        session.add_all([file, grant, connection, *mails, kickoff, looked])
        await session.flush()
        partner = Partner(
            agency_id=agency_id, id=ids.new("partner"), platform="tiktok", agency_account_id=corner.account_id,
            account_id="7111222233334444555", name="Maison Lune", import_id=looked.id,
        )  # fmt: skip
        session.add(partner)
        domain = await domains.add(session, agency_id, f"access.{corner.slug}.example", actor=TESTS)
        contact = await contacts.add_contact(
            session, agency_id, corner.client_id, role="billing", name="Ida Berg", email=None, actor=TESTS
        )
        own_platform = await own_platforms.create(session, agency_id, f"own_{corner.slug}", OWN_PLATFORM, actor=TESTS)
        webhooks = await _webhooks(session, keyring, agency_id)
        newest = select(Event.id).where(Event.agency_id == agency_id).limit(1)
        found = {
            "link_id": corner.link_id,
            "client_id": corner.client_id,
            "key_id": corner.key_id,
            "access_request_id": access_request.id,
            "account_row_id": center.id,
            "grant_id": grant.id,
            "connection_id": connection_id,
            "domain_id": domain.id,
            "contact_id": contact.id,
            "import_id": looked.id,
            "platform_key": own_platform.key,
            "partner_id": partner.id,
            **webhooks,
            **await _members(session, agency_id),
            "kickoff_id": kickoff.id,
            "public_link_id": public_link.id,
            "file_id": file_id,
            "event_id": (await session.scalars(newest)).one(),
        }
    await sealer.seal_all(sessions, keyring)
    async with sessions() as session:
        seal = await seals.newest(session, agency_id)
        assert seal is not None
        return {**found, "seal": seal.printed}


async def _members(session: AsyncSession, agency_id: str) -> dict[str, str]:
    member = await members.add(
        session, agency_id, name="Bo", email="bo@agency.example", role="viewer", password_hash="$argon2id$hash"
    )
    invited, _ = await members.invite(session, agency_id, email="eve@agency.example", role="viewer")
    await members.sign_in(session, member)
    (opened,) = await members.sessions_of(session, agency_id, member.id)
    return {"member_id": member.id, "invitation_id": invited.id, "session_id": opened.id}


async def _webhooks(session: AsyncSession, keyring: Keyring, agency_id: str) -> dict[str, str]:
    wish = EndpointSpec(url="https://hooks.example.com/in", event_types=["*"])
    endpoint, _ = await create_endpoint(session, agency_id, wish, keyring=keyring, actor=TESTS)
    hook, _ = await create_endpoint(
        session, agency_id, replace(wish, destination="rest_hook"), keyring=keyring, actor=TESTS
    )
    (secret,) = await endpoints.live_secrets(session, agency_id, endpoint.id)
    delivery_id = await send_test(
        session, agency_id, endpoint.id, event_type="link.opened", actor=TESTS, public_url=PUBLIC_URL
    )
    now = clock.now()
    replay = await start_replay(
        session, agency_id, endpoint.id, Selection("all", now - timedelta(hours=1), now), rate_per_second=1,
        actor=TESTS,
    )  # fmt: skip
    return {
        "endpoint_id": endpoint.id, "hook_id": hook.id, "secret_id": secret.id, "delivery_id": delivery_id,
        "replay_id": replay.id,
    }  # fmt: skip
