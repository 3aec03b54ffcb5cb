"""Webhooks: the endpoints with their health, one endpoint with its settings and secrets, and the event catalogue."""

import json
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response

from app.dashboard import turns, webhook_form, webhook_words
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, RecentManager, Viewer
from app.dashboard.webhook_form import EndpointFields
from app.dashboard.webhook_frame import DAY, HERE, Said, attempt, page, tab
from app.events import catalog, rendering
from app.kit import clock
from app.kit.database import Session, reading
from app.kit.errors import InvalidInput, NotFound
from app.kit.html import forms, render
from app.kit.i18n.message import Message
from app.kit.web.headers import etag
from app.services import services_of
from app.webhooks.destinations.catalog import CATALOG, make_destinations
from app.webhooks.endpoints import (
    installation,
    lifecycle,
    queries,
    service,
    signing_secrets,
    stats,
    verification,
    warnings,
)
from app.webhooks.endpoints.service import EndpointChanged, TooManyEndpoints
from app.webhooks.message import DestinationType
from app.webhooks.replays import service as replays

router = forms.page_router()
_ACTIONS = ("pause", "resume", "enable", "disable")
#: Seconds during which the previous secret also signs.
_GRACES = (0, 3600, 86_400, 604_800)


@router.get(HERE)
async def endpoints(request: Request, caller: Viewer, said: Said = "") -> Response:
    """Every endpoint with its status, health and deliveries of the last 24 hours."""
    async with reading(services_of(request).sessions) as session:
        rows = await stats.summaries(session, caller.agency_id, since=clock.now() - DAY)
    rows.sort(key=lambda row: not webhook_words.is_troubled(row))
    troubled = sum(map(webhook_words.is_troubled, rows))
    waiting = sum(row.open for row in rows)
    return page(request, caller, "list", rows=rows, troubled=troubled, waiting=waiting, said=said)


@router.get(f"{HERE}/events")
async def event_catalogue(
    request: Request, caller: Viewer, type: Annotated[str, Query(max_length=128)] = ""
) -> Response:
    """The event types; one of them with an example of its body."""
    kind = catalog.FOR_CRMS.get(type)
    if type and kind is None:
        raise NotFound
    example = json.dumps(rendering.example_body(kind), ensure_ascii=False, indent=2) if kind else ""
    return page(
        request, caller, "events", groups=webhook_form.GROUPS, kind=kind, example=example,
        versions=list(rendering.VERSIONS),
    )  # fmt: skip


@router.get(f"{HERE}/new")
async def new_endpoint_page(
    request: Request, caller: Manager, destination: Annotated[str, Query(max_length=32)] = ""
) -> Response:
    """The choice of a destination, then its form."""
    if destination and destination not in webhook_words.DESTINATIONS:
        raise NotFound
    fields = webhook_form.defaults(destination) if destination else None
    return page(request, caller, "new", destination=destination, fields=fields, problems={}, **_choices())


@router.post(f"{HERE}/new")
async def create_endpoint(
    request: Request, session: Session, caller: Manager, form: MemberForm, destination: DestinationType
) -> Response:
    """Make an endpoint."""
    if destination not in webhook_words.DESTINATIONS:
        raise NotFound
    services = services_of(request)
    fields = webhook_form.typed(form)
    try:
        given = webhook_form.new_endpoint(destination, fields)
        spec = await service.vetted_spec(given, services.egress)
        endpoint, _secret = await service.create_endpoint(
            session, caller.agency_id, spec, keyring=services.keyring, actor=caller.member.actor,
            verify=services.verify_endpoints,
        )  # fmt: skip
    except InvalidInput as refused:
        problems = form.problems | webhook_form.problems_of(refused, destination)
        return page(
            request, caller, "new", status=422, destination=destination, fields=fields, problems=problems, **_choices()
        )
    except TooManyEndpoints as refused:
        await session.rollback()
        return render.see_other(request, f"{HERE}?said={refused.code}")
    said = "created" if CATALOG[destination].shows_secret else "connected"
    return render.see_other(request, f"{HERE}/{endpoint.id}?said={said}")


@router.get(f"{HERE}/{{endpoint_id}}")
async def endpoint_page(request: Request, caller: Viewer, endpoint_id: str, said: Said = "") -> Response:
    """One endpoint: its health, and the form of its settings."""
    return await _settings(request, caller, endpoint_id, said=said)


@router.post(f"{HERE}/{{endpoint_id}}")
async def change_endpoint(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str
) -> Response:
    """Save the settings, unless somebody else changed them since the page was opened."""
    services = services_of(request)
    endpoint = await queries.find(session, caller.agency_id, endpoint_id)
    fields = webhook_form.typed(form)
    try:
        changes = await service.vetted_changes(webhook_form.change(endpoint, fields), services.egress)
        await service.change_endpoint(
            session, caller.agency_id, endpoint_id, changes, if_match=form.text("version"), keyring=services.keyring,
            actor=caller.member.actor, verify=services.verify_endpoints,
        )  # fmt: skip
    except InvalidInput as refused:
        problems = form.problems | webhook_form.problems_of(refused, endpoint.destination)
    except EndpointChanged:
        problems = {"version": webhook_form.PROBLEMS["version"]}
    else:
        return render.see_other(request, f"{HERE}/{endpoint_id}?said=saved")
    await session.rollback()
    return await _settings(request, caller, endpoint_id, fields=fields, problems=problems)


@router.post(f"{HERE}/{{endpoint_id}}/status")
async def change_status(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str
) -> Response:
    """Pause, resume, enable or disable an endpoint."""
    action, agency_id, actor = form.text("action"), caller.agency_id, caller.member.actor
    if action not in _ACTIONS:
        raise NotFound

    async def act() -> None:
        if action == "pause":
            await lifecycle.pause(session, agency_id, endpoint_id, actor=actor)
        elif action == "resume":
            await lifecycle.resume(session, agency_id, endpoint_id, actor=actor)
        elif action == "disable":
            await lifecycle.disable(session, agency_id, endpoint_id, reason="user", actor=actor)
        else:
            await replays.activate(session, agency_id, endpoint_id, None, rate_per_second=10, actor=actor)

    return await attempt(request, session, f"{HERE}/{endpoint_id}", action, act)


@router.post(f"{HERE}/{{endpoint_id}}/test")
async def send_test(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str
) -> Response:
    """Send the example of an event type to this endpoint, and open the delivery."""
    made: list[str] = []

    async def act() -> None:
        await queries.check_opens(session, services_of(request).keyring, caller.agency_id, endpoint_id)
        delivery_id = await verification.send_test(
            session, caller.agency_id, endpoint_id, event_type=form.text("event_type"), actor=caller.member.actor,
            public_url=services_of(request).public_url,
        )  # fmt: skip
        made.append(delivery_id)

    answer = await attempt(request, session, f"{HERE}/{endpoint_id}", "", act)
    return render.see_other(request, f"{HERE}/{endpoint_id}/deliveries?delivery={made[0]}") if made else answer


@router.post(f"{HERE}/{{endpoint_id}}/verification")
async def send_challenge(
    request: Request, session: Session, caller: Manager, form: MemberForm, endpoint_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Send a challenge to the receiver and check its answer."""
    services, actor = services_of(request), caller.member.actor

    async def act() -> None:
        asked = await verification.begin_verification(
            session, caller.agency_id, endpoint_id, keyring=services.keyring, actor=actor
        )
        await session.commit()  # nothing is held while the receiver thinks
        answer = await services.egress.post(
            asked.challenge.url, headers=asked.headers, body=asked.body, seconds=asked.challenge.seconds
        )
        _endpoint, failed = await verification.complete_verification(session, asked.challenge, answer, actor=actor)
        if failed:
            await session.commit()  # that it failed is recorded all the same
            raise failed

    return await attempt(request, session, f"{HERE}/{endpoint_id}", "verified", act)


@router.post(f"{HERE}/{{endpoint_id}}/installation")
async def install(request: Request, caller: Manager, form: MemberForm, endpoint_id: str) -> Response:  # noqa: ARG001
    """Create the properties that the HubSpot account does not have."""
    services = services_of(request)
    result = await installation.install(
        services.sessions, caller.agency_id, endpoint_id, keyring=services.keyring, egress=services.egress,
        destinations=make_destinations(hubspot_base=services.hubspot_api_base),
    )  # fmt: skip
    said = "installed" if result.done else "not_installed"
    return render.see_other(request, f"{HERE}/{endpoint_id}?said={said}")


@router.get(f"{HERE}/{{endpoint_id}}/secret")
async def secrets_page(request: Request, caller: Viewer, endpoint_id: str, said: Said = "") -> Response:
    """The signing secrets, without their values."""
    return await _secrets(request, caller, endpoint_id, said=said)


@router.post(f"{HERE}/{{endpoint_id}}/secret")
async def show_secrets(
    request: Request, session: Session, caller: RecentManager, form: MemberForm, endpoint_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Show the values of the signing secrets once; the access is recorded."""
    rows = await signing_secrets.show_secrets(session, caller.agency_id, endpoint_id, actor=caller.member.actor)
    keyring = services_of(request).keyring
    values = {row.id: queries.open_secret(keyring, row) for row in rows}
    await session.commit()
    return await _secrets(request, caller, endpoint_id, values=values)


@router.post(f"{HERE}/{{endpoint_id}}/secret/rotation")
async def rotate_secret(
    request: Request, session: Session, caller: RecentManager, form: MemberForm, endpoint_id: str
) -> Response:
    """Make a new signing secret and show it; the previous one also signs for a while."""
    grace = form.text("grace")
    if grace not in map(str, _GRACES):
        raise NotFound
    values: dict[str, str] = {}

    async def act() -> None:
        made, text = await signing_secrets.rotate_secret(
            session, caller.agency_id, endpoint_id, grace=timedelta(seconds=int(grace)),
            keyring=services_of(request).keyring, actor=caller.member.actor,
        )  # fmt: skip
        values[made.id] = text
        await session.commit()

    answer = await attempt(request, session, f"{HERE}/{endpoint_id}/secret", "", act)
    return await _secrets(request, caller, endpoint_id, values=values) if values else answer


@router.post(f"{HERE}/{{endpoint_id}}/secret/{{secret_id}}/end")
async def end_secret(
    request: Request, session: Session, caller: RecentManager, form: MemberForm, endpoint_id: str, secret_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Revoke one of two signing secrets."""

    async def act() -> None:
        await signing_secrets.end_secret(
            session, caller.agency_id, endpoint_id, secret_id, actor=caller.member.actor
        )  # fmt: skip

    return await attempt(request, session, f"{HERE}/{endpoint_id}/secret", "ended", act)


@router.get(f"{HERE}/{{endpoint_id}}/deletion")
async def deletion_page(request: Request, caller: Manager, endpoint_id: str) -> Response:
    """The question before an endpoint is deleted."""
    return page(request, caller, "deletion", **await tab(request, caller, endpoint_id, "settings"))


@router.post(f"{HERE}/{{endpoint_id}}/deletion")
async def delete_endpoint(
    request: Request, session: Session, caller: RecentManager, form: MemberForm, endpoint_id: str  # noqa: ARG001
) -> Response:  # fmt: skip
    """Delete an endpoint; its open deliveries are cancelled."""
    await service.delete_endpoint(session, caller.agency_id, endpoint_id, actor=caller.member.actor)
    return render.see_other(request, f"{HERE}?said=deleted")


async def _settings(
    request: Request,
    caller: CurrentMember,
    endpoint_id: str,
    *,
    fields: EndpointFields | None = None,
    problems: dict[str, Message] | None = None,
    said: str = "",
) -> Response:
    head = await tab(request, caller, endpoint_id, "settings")
    endpoint, keyring = head["endpoint"], services_of(request).keyring
    async with reading(services_of(request).sessions) as session:
        doubts = await warnings.warnings_for(session, endpoint)
    options = queries.open_options(keyring, endpoint)
    if fields is None:
        fields = webhook_form.of_endpoint(endpoint, options, list(queries.open_headers(keyring, endpoint)))
    return page(
        request, caller, "settings", status=422 if problems else 200, said=said, fields=fields,
        problems=problems or {}, destination=endpoint.destination, version=etag(endpoint.version),
        doubts=[turns.plain(each) for each in doubts], **head, **_choices(),
    )  # fmt: skip


async def _secrets(
    request: Request, caller: CurrentMember, endpoint_id: str, *, values: dict[str, str] | None = None, said: str = ""
) -> Response:
    head = await tab(request, caller, endpoint_id, "secret")
    async with reading(services_of(request).sessions) as session:
        rows = await queries.live_secrets(session, caller.agency_id, endpoint_id)
    return page(request, caller, "secret", secrets=rows, values=values or {}, said=said, graces=_GRACES, **head)


def _choices() -> dict[str, Any]:
    """The choices in the fields of an endpoint."""
    return {
        "groups": webhook_form.GROUPS, "staged": webhook_form.STAGED, "noted": webhook_form.NOTED,
        "stages": webhook_form.STAGES, "types_known": set(catalog.FOR_CRMS), "own_policy": webhook_form.OWN_POLICY,
        "patterns_known": {group.pattern for group in webhook_form.GROUPS},
    }  # fmt: skip
