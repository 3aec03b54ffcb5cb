"""New link: a form that says first which client of that name or address there is, and what it has already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import desk, draft_preview, reminder_form
from app.dashboard.link_form import (
    CLIENT_FIELDS,
    LINKS,
    KnownClient,
    cards,
    chosen_accounts,
    impossible,
    language_choices,
    lives,
    own_accounts,
    owners,
    read_client,
    typed_accounts,
    with_links,
)
from app.dashboard.member_session import PATH, CurrentMember, MemberForm, Worker
from app.kit import clock
from app.kit.database import Session, reading
from app.kit.html import forms, render
from app.kit.html.forms import Form
from app.kit.i18n.message import Message, _
from app.links import service as link_service
from app.links.agency_accounts import AgencyAccountMissing, IdentityMissing
from app.links.presets import service as presets
from app.links.service import DEFAULT_LIFE, DEFAULT_PRESET, LinkRequest
from app.platforms import declarations
from app.services import services_of
from app.tenants.clients import service as clients

router = forms.page_router()
NEW = f"{LINKS}/new"
#: Clients that a search shows.
_FOUND = 20
#: The answer that the client is another one than those of the same name.
_ANOTHER = "new"


@dataclass(frozen=True)
class Draft:
    """The form as it was filled in. `known`: the client chosen, or those that it may be."""

    values: Mapping[str, str]
    chosen: KnownClient | None = None
    known: Sequence[KnownClient] = ()
    problems: Mapping[str, Message] = field(default_factory=dict)


@router.get(NEW)
async def new_link(
    request: Request,
    caller: Worker,
    client: str = "",
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The form for a new client, or for an existing one. `q`: seek it by its name, contact or address."""
    values = {
        "preset": DEFAULT_PRESET,
        "days": str(DEFAULT_LIFE.days),
        "requested_by": caller.member.name,
        "owner": caller.member.id,
    }
    async with reading(services_of(request).sessions) as session:
        if q is not None:
            return await _search(request, session, caller, " ".join(q.split()))
        chosen = None
        if client:
            (chosen,) = await with_links(
                session, caller.agency_id, [await clients.find(session, caller.agency_id, client)]
            )
            values["language"] = chosen.client.language or ""
        return await _page(request, session, caller, Draft(values, chosen))


@router.post(NEW)
async def make(request: Request, session: Session, caller: Worker, form: MemberForm) -> Response:
    """Make the link; or update the preview and make nothing.

    Clients of the same name or address, and active links, are shown before.
    """
    draft = await _read(session, caller, form)
    if form.line("act") == "preview":
        return await _page(request, session, caller, replace(draft, problems={}, known=()))
    told = set(form.texts("told"))
    untold = any(link.id not in told for link in draft.chosen.links) if draft.chosen else bool(draft.known)
    if draft.problems or untold:
        return await _page(request, session, caller, draft, status=422 if draft.problems else 409)
    services = services_of(request)
    values = draft.values
    try:
        async with session.begin_nested():
            if draft.chosen and values["language"] != (draft.chosen.client.language or ""):
                await clients.update_client(
                    session, caller.agency_id, draft.chosen.client.id, actor=caller.member.actor,
                    changes={"language": values["language"] or None},
                )  # fmt: skip
            made, _address = await link_service.create_or_get_link(
                session,
                caller.agency_id,
                LinkRequest(
                    preset=values["preset"],
                    client_id=draft.chosen.client.id if draft.chosen else None,
                    client={name: values[name] or None for name in CLIENT_FIELDS},
                    expires_at=clock.now() + timedelta(days=int(values["days"])),
                    requested_by=values["requested_by"] or None,
                    owner_member_id=values["owner"] or None,
                    reminder_days=reminder_form.read_days(form),
                    agency_account_ids=chosen_accounts(
                        await presets.current(session, caller.agency_id, values["preset"]),
                        typed_accounts(form),
                    ),
                ),
                keyring=services.keyring,
                public_url=services.public_url,
                actor=caller.member.actor,
            )
    except (AgencyAccountMissing, IdentityMissing) as missing:
        problems = {"preset": impossible(missing)}
        return await _page(request, session, caller, Draft(values, draft.chosen, draft.known, problems), status=422)
    return render.see_other(request, f"{LINKS}/{made.link.id}/ready")


async def _read(session: AsyncSession, caller: CurrentMember, form: Form) -> Draft:
    """The form with what it is about. Raises NotFound for a client that there is not."""
    answer = form.line("client")
    values = {
        **read_client(form),
        "client": answer,
        "page": form.line(draft_preview.PAGE),
        "preview_language": form.line(draft_preview.LANGUAGE),
        "preset": form.line("preset", most=64),
        "days": form.line("days"),
        "requested_by": form.line("requested_by", most=120),
        "owner": form.line("owner", most=100),
        "reminders": reminder_form.written(reminder_form.read_days(form)),
    }
    problems = form.problems
    if values["preset"] not in {each.slug for each in await presets.every(session, caller.agency_id)}:
        problems["preset"] = _("Choose what you need.")
    if values["owner"] and values["owner"] not in dict(await owners(session, caller.agency_id)):
        problems["owner"] = _("Choose a member of your agency.")
    if values["days"] not in dict(lives()):
        problems["days"] = _("Choose when the link ends.")
    if answer and answer != _ANOTHER:
        for name in CLIENT_FIELDS:
            if name != "language":
                problems.pop(name, None)
        found = [await clients.find(session, caller.agency_id, answer)]
        (chosen,) = await with_links(session, caller.agency_id, found)
        return Draft(values, chosen, problems=problems)
    known: Sequence[KnownClient] = ()
    if not answer and values["name"]:
        emails = [values["contact_email"]] if values["contact_email"] else []
        alike = await clients.alike(session, caller.agency_id, names=[values["name"]], emails=emails)
        known = await with_links(session, caller.agency_id, alike[:_FOUND])
    return Draft(values, known=known, problems=problems)


async def _search(request: Request, session: AsyncSession, caller: CurrentMember, words: str) -> Response:
    found = await clients.page(session, caller.agency_id, limit=_FOUND, words=words or None)
    shown = await with_links(session, caller.agency_id, list(found))
    return desk.page(
        request, caller, "find_client", here=PATH, q=words, found=shown, more=found.next_cursor is not None
    )


async def _page(
    request: Request, session: AsyncSession, caller: CurrentMember, draft: Draft, *, status: int = 200
) -> Response:
    services, agency_id = services_of(request), caller.agency_id
    accounts = await own_accounts(session, agency_id, services.platforms)
    offered = sorted(await presets.every(session, agency_id), key=lambda each: each.slug != DEFAULT_PRESET)
    values, client = draft.values, draft.chosen.client.name if draft.chosen else draft.values.get("name", "")
    preview = await draft_preview.frame(
        request, session, caller, next((each for each in offered if each.slug == values["preset"]), offered[0]),
        page=values.get("page", ""), tag=values.get("preview_language") or values.get("language", ""), client=client,
    )  # fmt: skip
    return desk.page(
        request, caller, "new_link", here=PATH, status=status, preview=preview, given=draft.values, chosen=draft.chosen,
        known=draft.known, problems=draft.problems, lives=lives(),
        cards=await cards(session, agency_id, offered, services.platforms),
        reminders=reminder_form.choices(), usual_reminders=reminder_form.usual(caller.agency),
        languages_offered=language_choices(services.languages), owners=await owners(session, agency_id),
        accounts=accounts, account=declarations.texts(services.platforms.default.key).account.noun,
    )  # fmt: skip
