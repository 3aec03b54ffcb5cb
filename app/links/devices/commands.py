"""Commands: a code for a client's new device."""

import typer

from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.links.devices import service
from app.links.devices.schemas import DeviceCodeView
from app.tenants.agencies import queries as agencies

link = typer.Typer()


@command(link, "device-code")
async def device_code(at: Terminal, link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Makes a code for a client who opens the link on a new device; say it by telephone."""
    found = await agencies.chosen(at.session, agency)
    made, code = await service.make_code(at.session, found.id, link_id, keyring=at.keyring, actor=at.actor)
    show.one(DeviceCodeView(link_id=link_id, code=code, expires_at=made.expires_at), as_json=as_json)
