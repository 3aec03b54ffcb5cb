"""Forms of the page of a client's link that ask for something else: another role, a person, buyers, a device code."""

from fastapi import Request
from fastapi.responses import Response

from app.access.buyers import service as buyers
from app.access.buyers.service import NamedBuyer, RoleAboveRequested
from app.access.requests import people
from app.access.requests import service as access_requests
from app.access.requests.schemas import NewRole
from app.dashboard import link_page, preset_form
from app.dashboard.link_answer import done, of_link
from app.dashboard.link_form import LINKS, read_buyers, typed_accounts
from app.dashboard.link_page import Opened
from app.dashboard.member_session import MemberForm, Worker
from app.kit.database import Session
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.html import forms
from app.kit.i18n.message import _
from app.links import access_changes, devices
from app.links.agency_accounts import AgencyAccountMissing, IdentityMissing
from app.links.own_platforms import service as own_platforms
from app.links.presets.preset import PresetAccessRequest
from app.platforms.roles import WORKING_ROLES
from app.services import services_of

router = forms.page_router()
_HERE = f"{LINKS}/{{link_id}}"


@router.post(f"{_HERE}/device-code")
async def make_code(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:  # noqa: ARG001
    """Make a code for a new device of the client, and show it: in this answer only."""
    try:
        made, code = await devices.make_code(
            session, caller.agency_id, link_id, keyring=services_of(request).keyring, actor=caller.member.actor
        )
    except NotFound:
        raise
    except AppError as refused:
        opened = Opened(refused=refused.sentences)
        return await link_page.show(request, session, caller, link_id, opened, code=refused.status)
    opened = Opened(device_code=(f"{code[:3]} {code[3:]}", made.expires_at))
    return await link_page.show(request, session, caller, link_id, opened)


@router.post(f"{_HERE}/access-requests/{{access_request_id}}/role")
async def ask_for_role(
    request: Request, session: Session, caller: Worker, link_id: str, access_request_id: str, form: MemberForm
) -> Response:
    """Ask for another role: a higher one waits for the client, a lower one is set now."""
    asked = await of_link(session, caller, link_id, access_request_id)
    role, reason = form.line("role", most=64), form.asked("reason", most=500)
    if role not in asked.asset_kind.roles:
        form.problems.setdefault("role", _("Choose a role from the list."))

    async def change() -> None:
        await access_requests.change_role(
            session, caller.agency_id, access_request_id, NewRole(role=role, reason=reason or None),
            platforms=services_of(request).platforms, actor=caller.member.actor,
        )  # fmt: skip

    if not form.problems:
        try:
            return await done(request, session, caller, link_id, change, "role", why=access_request_id)
        except InvalidInput as refused:
            if "reason" in refused.fields:
                form.problems["reason"] = _("Give the reason for a higher role; the client reads it before the yes.")
            else:
                form.problems["role"] = _("This role cannot be asked for beside the others of this link.")
    opened = Opened(
        act="role", about=access_request_id, given={"role": role, "reason": reason}, problems=form.problems
    )  # fmt: skip
    return await link_page.show(request, session, caller, link_id, opened, code=422)


@router.post(f"{_HERE}/access-requests")
async def request_access(
    request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm
) -> Response:
    """Ask the client for one more access. Nothing is shared before its yes."""
    what, reason = form.line("what"), form.asked("reason", most=500)
    platform, _slash, rest = what.partition("/")
    kind, _slash, role = rest.partition("/")
    wanted = PresetAccessRequest(platform, kind, role, reason, required=form.ticked("required"))
    platforms = await own_platforms.requestable(session, caller.agency_id, services_of(request).platforms)
    if not preset_form.is_choice(what, platforms):
        form.problems["what"] = preset_form.PROBLEMS["platform"]
    if not reason:
        form.problems.setdefault("reason", preset_form.PROBLEMS["reason"])

    async def ask() -> None:
        try:
            await access_changes.add_access_request(
                session, caller.agency_id, link_id, wanted, platforms=services_of(request).platforms,
                actor=caller.member.actor, agency_account_id=typed_accounts(form).get(platform),
            )  # fmt: skip
        except (AgencyAccountMissing, IdentityMissing) as missing:
            raise InvalidInput(fields={"account": missing.detail}) from missing

    opened = Opened(
        act="new-access", given={"what": what, "reason": reason, "optional": "" if wanted.required else "yes"},
        problems=form.problems,
    )  # fmt: skip
    if not form.problems:
        try:
            return await done(request, session, caller, link_id, ask, "access", kept=opened)
        except InvalidInput as refused:
            form.problems.update(preset_form.problems_of_access(refused))
    return await link_page.show(request, session, caller, link_id, opened, code=422)


@router.post(f"{_HERE}/people")
async def request_person(
    request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm
) -> Response:
    """Ask the client to invite a person of the agency to the link's ad accounts."""
    given = {"email": form.email("email"), "role": form.line("role", most=64), "reason": form.asked("reason", most=500)}
    if not given["email"]:
        form.problems.setdefault("email", _("Enter the e-mail address of the person."))
    if given["role"] not in WORKING_ROLES:
        form.problems["role"] = _("Choose a role from the list.")
    if not given["reason"]:
        form.problems.setdefault("reason", _("Say why; the client reads it before the yes."))
    opened = Opened(act="new-person", given=given, problems=form.problems)
    if form.problems:
        return await link_page.show(request, session, caller, link_id, opened, code=422)

    async def ask() -> None:
        await people.request_person(
            session, caller.agency_id, link_id, platforms=services_of(request).platforms, actor=caller.member.actor,
            **given,
        )  # fmt: skip

    news = "person-freemail" if people.warning(given["email"]) else "person"
    try:
        return await done(request, session, caller, link_id, ask, news, kept=opened)
    except InvalidInput as refused:  # the panel says why nobody can be asked for
        return await link_page.show(request, session, caller, link_id, Opened(act="new-person"), code=refused.status)


@router.post(f"{_HERE}/access-requests/{{access_request_id}}/withdrawal")
async def withdraw_person(
    request: Request, session: Session, caller: Worker, link_id: str, access_request_id: str, form: MemberForm  # noqa: ARG001
) -> Response:  # fmt: skip
    """Withdraw the request for a person before the client has agreed; later its access is taken away."""
    if (await of_link(session, caller, link_id, access_request_id)).approved_at is not None:
        raise NotFound

    async def withdraw() -> None:
        await people.withdraw_person(session, caller.agency_id, link_id, access_request_id, actor=caller.member.actor)

    return await done(request, session, caller, link_id, withdraw, "withdrawn")


@router.post(f"{_HERE}/buyers")
async def set_buyers(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:
    """Replace the buyers of the link, or remove its own list so that those of the Business Center count again."""
    lines = read_buyers(form)
    named = [NamedBuyer(email, role) for email, role in lines]

    async def write() -> None:
        if form.ticked("unset"):
            await buyers.unset_for_link(session, caller.agency_id, link_id, actor=caller.member.actor)
        else:
            await buyers.set_for_link(session, caller.agency_id, link_id, named, actor=caller.member.actor)

    if not form.problems:
        try:
            news = "no-buyers" if form.ticked("unset") else "buyers"
            return await done(request, session, caller, link_id, write, news)
        except RoleAboveRequested:
            form.problems["buyers"] = _("No buyer can have a higher role than the client is asked to give.")
        except InvalidInput:
            form.problems["buyers"] = _("Name each person once.")
    opened = Opened(act="buyers", lines=lines, problems=form.problems)
    return await link_page.show(request, session, caller, link_id, opened, code=422)
