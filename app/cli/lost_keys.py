"""Consequences of a lost key: what is marked as ended, and what people have to do again."""

import asyncio
from collections.abc import Sequence

from app import installation
from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.kit.actor import Actor, acting_as
from app.kit.database import make_engine, make_sessions
from app.kit.encryption import Keyring
from app.kit.keyring_check import UndecryptableValue
from app.settings import Settings
from app.tenants.agencies import service as agencies

_ACTOR = Actor("system", "cli")


def give_up(chosen: Settings, lost: Sequence[UndecryptableValue]) -> list[str]:
    """Mark connections dead whose token is lost, and return what people have to do, with one-time addresses."""
    return [*installation.remedies(lost), *asyncio.run(_give_up(chosen))]


async def _give_up(chosen: Settings) -> list[str]:
    engine = make_engine(chosen.database_url, kept=False)
    lines = []
    try:
        with acting_as(_ACTOR):
            async with make_sessions(engine).begin() as session:
                ended = await connections.give_up_unreadable(session, Keyring.from_text(chosen.secret_keys))
                own = dict.fromkeys((each.agency_id, each.platform) for each in ended if each.side == "agency")
                for agency_id, platform in own:
                    agency = await agencies.find(session, agency_id)
                    _, token = await oauth_flow.invite_agency(session, agency_id, platform=platform)
                    address = oauth_flow.invitation_address(chosen.public_url, token)
                    lines.append(f"{agency.name} connects {platform} again, within two days: {address}")
    finally:
        await engine.dispose()
    return lines
