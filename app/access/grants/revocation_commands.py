"""Commands: taking access away."""

import typer

from app.access.grants import revocation
from app.access.grants.schemas import GrantView
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies

grant = typer.Typer()


@command(grant, "revoke")
async def revoke(at: Terminal, grant_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Takes one grant away; it is `ended` once a read shows that it is gone."""
    found = await agencies.chosen(at.session, agency)
    ended = await revocation.revoke_grant(at.session, found.id, grant_id, actor=at.actor)
    show.one(GrantView.model_validate(ended), as_json=as_json)
