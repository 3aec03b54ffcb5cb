"""Command: having an endpoint prove itself."""

import typer

from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.endpoints import verification
from app.webhooks.endpoints.schemas import endpoint_view

endpoint = typer.Typer()


@command(endpoint, "verify", does="POST /api/v1/webhooks/endpoints/{endpoint_id}/verification")
async def verify(at: Terminal, endpoint_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Sends a challenge to an endpoint and looks for it in the answer."""
    found = await agencies.chosen(at.session, agency)
    asked = await verification.begin_verification(at.session, found.id, endpoint_id, keyring=at.keyring, actor=at.actor)
    await at.session.commit()  # nothing is held while the receiver thinks
    answer = await at.egress.post(
        asked.challenge.url, headers=asked.headers, body=asked.body, seconds=asked.challenge.seconds
    )
    row, failed = await verification.complete_verification(at.session, asked.challenge, answer, actor=at.actor)
    if failed:
        await at.session.commit()  # that it failed is recorded all the same
        raise failed
    show.one(endpoint_view(row, at.keyring), as_json=as_json, only=["id", "url", "status", "verified"])
