"""Looking: what each side's token shows of the shares between client and agency."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from app.access.connections import queries as connections
from app.access.connections.model import Connection
from app.access.handshakes.model import Handshake
from app.access.handshakes.queries import Situation
from app.access.handshakes.world import Seen, Side, Unread
from app.access.tools import Tools
from app.platforms.port import Call, Changed, Denied, Keep, Shares, Unavailable, Unclear


@dataclass
class Look:
    """One look at both sides, with the calls it took and whether we were told to slow down."""

    seen: Seen = field(default_factory=lambda: Seen(Side(), Side()))
    calls: dict[str, list[Call]] = field(default_factory=lambda: {"agency": [], "client": []})
    limited: bool = False


async def observe(tools: Tools, handshake: Handshake, situation: Situation) -> Look:
    """Reads the agency's side, and the client's where we hold its token. No transaction is open meanwhile."""
    look = Look()
    platform = tools.platforms[handshake.platform]
    ours, theirs = handshake.agency_bc_id, handshake.bc_id

    async def received(token: str, keep: Keep) -> Shares:
        return await platform.shared_to(token, bc_id=ours, partner_id=theirs, keep=keep)

    async def given(token: str, keep: Keep) -> Shares:
        return await platform.shared_by(token, bc_id=theirs, partner_id=ours, keep=keep)

    agency = await _side(tools, situation.agency, received, look, "agency")
    client = await _side(tools, situation.client, given, look, "client")
    look.seen = Seen(
        client=client,
        agency=agency,
        owned=_owned(situation.client, theirs),
        client_can_write=situation.client is not None and situation.client.state == "live",
    )
    return look


async def _side(
    tools: Tools,
    connection: Connection | None,
    read: Callable[[str, Keep], Awaitable[Shares]],
    look: Look,
    name: str,
) -> Side:
    if connection is None or connection.state == "revoked":
        return Side(why_not=Unread.NO_TOKEN)
    if connection.state == "dead":
        return Side(why_not=Unread.DEAD, blocker="connection_dead")
    try:
        return Side(shares=await read(connections.token(connection, tools.vault), look.calls[name].append))
    except Denied as refused:
        dead = refused.blocker == "connection_dead"
        return Side(why_not=Unread.DEAD if dead else Unread.DENIED, blocker=refused.blocker)
    except Unavailable as away:
        look.limited = look.limited or away.limited
        return Side(why_not=Unread.UNAVAILABLE)
    except (Unclear, Changed):
        return Side(why_not=Unread.UNAVAILABLE)


def _owned(connection: Connection | None, bc_id: str) -> dict[str, bool]:
    if connection is None:
        return {}
    accounts = connections.found(connection).accounts
    return {account.asset_id: account.owned for account in accounts if account.bc_id == bc_id}
