"""Commands: access requests with their evidence, and the ends of links."""

from datetime import timedelta
from typing import Annotated

import typer

from app.access import call_recorder
from app.access.buyers import queries as buyers
from app.access.buyers import service as buyer_access
from app.access.requests import lifecycle, service
from app.access.requests.schemas import AccessRequestDetail, AccessRequestEvidence, Attestation
from app.kit import clock
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.links import queries as links
from app.links.schemas import LinkView
from app.tenants.agencies import queries as agencies

access_request = typer.Typer()
link = typer.Typer()

_SHOWN = [
    "id", "status", "code", "next_actor", "hint", "kind", "asset_id", "asset_name", "role", "role_seen", "seen_by",
    "verified_at", "client_attested_by", "attested_by",
]  # fmt: skip


@command(link, "extend")
async def extend(
    at: Terminal,
    link_id: str,
    days: Annotated[int, typer.Option(min=1, max=90, help="It lives as many days from now.")] = 14,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Gives a link more time; an expired one lives again."""
    found = await agencies.chosen(at.session, agency)
    until = clock.now() + timedelta(days=days)
    renewed = await lifecycle.renew_link(at.session, found.id, link_id, expires_at=until, actor=at.actor)
    show.one(LinkView.of(renewed, await links.turn(at.session, found.id, renewed)), as_json=as_json)


@command(link, "revoke")
async def revoke(at: Terminal, link_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Ends a link at once; what was shared stays shared."""
    found = await agencies.chosen(at.session, agency)
    ended = await lifecycle.end_link(at.session, found.id, link_id, actor=at.actor)
    show.one(LinkView.of(ended, await links.turn(at.session, found.id, ended)), as_json=as_json)


@command(access_request, "show")
async def show_(at: Terminal, access_request_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Why an access request is what it is, and the last platform calls it rests on."""
    found = await agencies.chosen(at.session, agency)
    row = await links.access_request(at.session, found.id, access_request_id)
    handshakes = await service.handshake_ids(at.session, found.id, access_request_id)
    last = await call_recorder.page(at.session, found.id, handshakes, limit=5, before=None)
    view = AccessRequestEvidence.with_calls(
        row, last, await buyers.of_access_request(at.session, found.id, access_request_id)
    )
    show.one(view, as_json=as_json, only=_SHOWN)
    if not as_json:
        columns = [
            "started_at",
            "operation",
            "purpose",
            "side",
            "outcome",
            "code",
            "message",
            "platform_request_id",
        ]
        show.text("The last platform calls with the platform:")
        show.many(view.calls, columns, as_json=False)
        show.text("Who can open it:")
        show.many(view.buyers, ["email", "role", "status", "code", "seen_at", "hint"], as_json=False)


@command(access_request, "verify", does="POST /api/v1/access-requests/{access_request_id}/verification")
async def verify(at: Terminal, access_request_id: str, agency: AgencyOption = None, as_json: Json = False) -> None:
    """Looks at the platform now; a worker does it in a moment."""
    found = await agencies.chosen(at.session, agency)
    row = await service.check_access_request(at.session, found.id, access_request_id)
    await buyer_access.check_buyers(at.session, found.id, access_request_id)
    show.one(AccessRequestDetail.of(row), as_json=as_json, only=_SHOWN)


@command(access_request, "attest", does="POST /api/v1/access-requests/{access_request_id}/attestation")
async def attest(
    at: Terminal,
    access_request_id: str,
    by: Annotated[str, typer.Option(help="Who says so, by name.")],
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Takes a person's word where nothing can be read."""
    said = checked(Attestation, by=by)
    found = await agencies.chosen(at.session, agency)
    row = await service.attest(at.session, found.id, access_request_id, by=said.by, actor=at.actor)
    show.one(AccessRequestDetail.of(row), as_json=as_json, only=_SHOWN)
