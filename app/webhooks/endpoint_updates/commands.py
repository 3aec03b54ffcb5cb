"""Commands: changing an endpoint, and its end."""

from typing import Annotated, Any

import typer

from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.tenants.agencies import queries as agencies
from app.webhooks.endpoints import service
from app.webhooks.endpoints import warnings as advice
from app.webhooks.endpoints.schemas import EndpointChange, WrittenEndpoint, endpoint_view
from app.webhooks.endpoints.terminal_options import pairs, rate

endpoint = typer.Typer()


@command(endpoint, "update", does="PATCH /api/v1/webhooks/endpoints/{endpoint_id}")
async def update(
    at: Terminal,
    endpoint_id: str,
    url: Annotated[str | None, typer.Option(help="https, a public host.")] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", help="All it is to get; several times for more.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    link: Annotated[str | None, typer.Option(help="Only events of this link; empty: of all.")] = None,
    preset: Annotated[str | None, typer.Option(help="Only events of this preset; empty: of all.")] = None,
    mode: Annotated[str | None, typer.Option(help="full, thin or flat.")] = None,
    personal: Annotated[bool | None, typer.Option(help="Names and e-mail addresses in bodies.")] = None,
    retry: Annotated[str | None, typer.Option(help="standard, fast, patient or none.")] = None,
    ordering: Annotated[str | None, typer.Option(help="none or by_subject.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="How many may be in flight, 1 to 20.")] = None,
    limit: Annotated[str | None, typer.Option("--rate", help="10/1 is ten a second; empty: no limit.")] = None,
    timeout_ms: Annotated[int | None, typer.Option("--timeout", help="Milliseconds, 1000 to 30000.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="Name=value, all of them; empty: none.")] = None,
    metadata: Annotated[list[str] | None, typer.Option(help="Name=value, all of them; empty: none.")] = None,
    enabled: Annotated[bool | None, typer.Option(help="Whether anything is sent.")] = None,
    if_match: Annotated[str | None, typer.Option(help="The version you saw.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Changes what is named and leaves the rest."""
    named: dict[str, Any] = {
        "url": url, "event_types": type_, "description": description, "payload_mode": mode, "personal": personal,
        "retry_policy": retry, "ordering": ordering, "concurrency": concurrency, "timeout_ms": timeout_ms,
        "headers": pairs(header), "metadata": pairs(metadata), "enabled": enabled,
    }  # fmt: skip
    given = {name: value for name, value in named.items() if value is not None}
    if limit is not None:
        given["rate_limit"] = rate(limit)
    if link is not None or preset is not None:
        given["filter"] = {"link_id": link or None, "preset": preset or None}
    changes = await service.vetted_changes(checked(EndpointChange, **given), at.egress)
    found = await agencies.chosen(at.session, agency)
    row = await service.change_endpoint(
        at.session, found.id, endpoint_id, changes, if_match=f'"{if_match}"' if if_match else None, keyring=at.keyring,
        actor=at.actor, verify=at.verify_endpoints,
    )  # fmt: skip
    warnings = await advice.warnings_for(at.session, row, named=changes.get("event_types"))
    show.one(WrittenEndpoint(**dict(endpoint_view(row, at.keyring)), warnings=warnings), as_json=as_json)


@command(endpoint, "delete")
async def delete(at: Terminal, endpoint_id: str, agency: AgencyOption = None) -> None:
    """Ends an endpoint; what is pending for it is cancelled."""
    found = await agencies.chosen(at.session, agency)
    await service.delete_endpoint(at.session, found.id, endpoint_id, actor=at.actor)
    show.text(f"{endpoint_id} is deleted.")
