"""Commands: the signing secrets of an endpoint."""

from datetime import timedelta
from typing import Annotated

import typer

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.endpoints import queries, signing_secrets
from app.webhooks.endpoints.schemas import DAY, Rotation, secret_view

endpoint = typer.Typer()


@command(endpoint, "secrets")
async def list_(at: Terminal, endpoint_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Shows the secrets that sign, the current one first. Each look is recorded."""
    found = await agencies.chosen(at.session, agency)
    rows = await signing_secrets.show_secrets(at.session, found.id, endpoint_id, actor=at.actor)
    views = [secret_view(row, queries.open_secret(at.keyring, row)) for row in rows]
    show.many(views, ["id", "secret", "expires_at", "created_at"], as_json=as_json)


@command(endpoint, "rotate-secret")
async def rotate(
    at: Terminal,
    endpoint_id: str,
    grace: Annotated[int, typer.Option(help="Seconds for which the secret before signs too.")] = DAY,
    secret: Annotated[str | None, typer.Option(help="Your own, whsec_…; else a new one is made.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also while the one before still signs.")] = False,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Gives an endpoint a new secret and prints it."""
    given = checked(Rotation, grace_seconds=grace, secret=secret, force=force)
    found = await agencies.chosen(at.session, agency)
    made, text = await signing_secrets.rotate_secret(
        at.session, found.id, endpoint_id, grace=timedelta(seconds=given.grace_seconds), given=given.secret,
        force=given.force, keyring=at.keyring, actor=at.actor,
    )  # fmt: skip
    show.one(secret_view(made, text), as_json=as_json)


@command(endpoint, "end-secret")
async def end(at: Terminal, endpoint_id: str, secret_id: str, agency: AgencyOption = None) -> None:
    """Ends one of two secrets before its time."""
    found = await agencies.chosen(at.session, agency)
    await signing_secrets.end_secret(at.session, found.id, endpoint_id, secret_id, actor=at.actor)
    show.text(f"{secret_id} is ended.")
