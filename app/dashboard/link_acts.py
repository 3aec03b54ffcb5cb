"""Forms of the page of a client's link: its contact, address, e-mail, expiry and end, and a new link; check,
attestation and removal of access; and files of the client."""

from datetime import date, datetime

from fastapi import Request
from fastapi.responses import Response

from app.access.buyers import service as buyers
from app.access.grants import service as grants
from app.access.requests import link_lifecycle
from app.access.requests import service as access_requests
from app.client_portal import client_message
from app.dashboard import link_page, reminder_form
from app.dashboard.link_answer import done, of_link
from app.dashboard.link_form import LINKS, impossible, language_problem
from app.dashboard.link_page import Opened
from app.dashboard.member_session import MemberForm, RecentManager, Viewer, Worker
from app.kit import clock
from app.kit.database import Session
from app.kit.errors import InvalidInput, NotFound
from app.kit.html import forms, render
from app.kit.i18n.message import _
from app.links import file_download, queries, reminders, service
from app.links.agency_accounts import AgencyAccountMissing, IdentityMissing
from app.services import services_of
from app.tenants.clients import service as clients

router = forms.page_router()
_HERE = f"{LINKS}/{{link_id}}"
_ACCESS = f"{_HERE}/access-requests/{{access_request_id}}"
_DAY_WRONG = _("Choose a day between the first and the last one that the field offers.")


@router.post(f"{_HERE}/reminder")
async def remind(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:
    """E-mail the client what is in the way. A form that is sent twice sends one e-mail."""
    services = services_of(request)
    await queries.load_link(session, caller.agency_id, link_id, lock=True)
    last = await link_page.last_mail(session, caller.agency_id, link_id)

    async def send() -> None:
        if form.line("last") == (last.id if last else ""):
            await client_message.send(
                session, caller.agency_id, link_id, outbox=services.outbox, platforms=services.platforms,
                actor=caller.member.actor,
            )  # fmt: skip

    return await done(request, session, caller, link_id, send, "reminded")


@router.post(f"{_HERE}/contact")
async def change_contact(
    request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm
) -> Response:
    """Change the client's contact, who gets the e-mails."""
    link = await queries.find(session, caller.agency_id, link_id)
    given = {"contact_name": form.line("contact_name"), "contact_email": form.email("contact_email")}
    if form.problems:
        opened = Opened(act="contact", given=given, problems=form.problems)
        return await link_page.show(request, session, caller, link_id, opened, code=422)

    async def change() -> None:
        await clients.update_client(
            session, caller.agency_id, link.client_id, actor=caller.member.actor,
            changes={name: value or None for name, value in given.items()},
        )  # fmt: skip

    return await done(request, session, caller, link_id, change, "contact")


@router.post(f"{_HERE}/client")
async def change_client(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:
    """Change the client's name, and the language of its pages and e-mails."""
    link = await queries.find(session, caller.agency_id, link_id)
    given = {"name": form.line("name"), "language": form.line("language", most=35)}
    if not given["name"]:
        form.problems.setdefault("name", _("Enter the name of the client."))
    if wrong := language_problem(given["language"]):
        form.problems["language"] = wrong
    if form.problems:
        opened = Opened(act="client", given=given, problems=form.problems)
        return await link_page.show(request, session, caller, link_id, opened, code=422)

    async def change() -> None:
        await clients.update_client(
            session, caller.agency_id, link.client_id, actor=caller.member.actor,
            changes={name: value or None for name, value in given.items()},
        )  # fmt: skip

    return await done(request, session, caller, link_id, change, "client")


@router.post(f"{_HERE}/owner")
async def change_owner(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:
    """Give the link to another member, or to nobody. Raises NotFound, InvalidInput."""

    async def give() -> None:
        await service.set_owner(session, caller.agency_id, link_id, form.line("owner") or None)

    return await done(request, session, caller, link_id, give, "owner")


@router.post(f"{_HERE}/reminders")
async def set_reminders(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:
    """Set the days on which the client is reminded."""
    days = reminder_form.read_days(form)
    if form.problems:
        opened = Opened(act="reminders", problems=form.problems)
        return await link_page.show(request, session, caller, link_id, opened, code=422)

    async def change() -> None:
        link = await queries.find(session, caller.agency_id, link_id)
        await reminders.set_schedule(session, caller.agency_id, link_id, days=days, time_zone=link.time_zone)

    return await done(request, session, caller, link_id, change, "reminders")


@router.post(f"{_HERE}/address")
async def show_address(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:  # noqa: ARG001
    """Show the address, which is recorded. In this answer only: it stays out of the browser's history."""
    services = services_of(request)
    address = await service.show_address(
        session, caller.agency_id, link_id, public_url=services.public_url, keyring=services.keyring,
        actor=caller.member.actor,
    )  # fmt: skip
    return await link_page.show(request, session, caller, link_id, Opened(address=address))


@router.post(f"{_HERE}/extension")
async def extend(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:
    """Extend the link until a day, at this time of day."""
    day = form.line("expires_on", most=20)
    ends = _on(day)
    if ends is not None:

        async def renew() -> None:
            await link_lifecycle.renew_link(
                session, caller.agency_id, link_id, expires_at=ends, actor=caller.member.actor
            )  # fmt: skip

        try:
            return await done(request, session, caller, link_id, renew, "extended")
        except InvalidInput:
            pass
    opened = Opened(act="extension", given={"expires_on": day}, problems={"expires_on": _DAY_WRONG})
    return await link_page.show(request, session, caller, link_id, opened, code=422)


@router.post(f"{_HERE}/revocation")
async def revoke(request: Request, session: Session, caller: RecentManager, link_id: str, form: MemberForm) -> Response:  # noqa: ARG001
    """Revoke the link at once; shared access stays shared."""

    async def end() -> None:
        await link_lifecycle.end_link(session, caller.agency_id, link_id, actor=caller.member.actor)

    return await done(request, session, caller, link_id, end, "revoked")


@router.post(f"{_HERE}/new-link")
async def make_new_link(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:  # noqa: ARG001
    """Make a new link for the same client, with the same preset and accounts. This one stays as it is."""
    old = await queries.load_link(session, caller.agency_id, link_id)
    own = {each.platform: each.agency_account_id for each in old.platforms if each.agency_account_id is not None}
    try:
        async with session.begin_nested():
            made, _token = await service.create_link(
                session, caller.agency_id, client_id=old.client.id, preset=old.preset,
                keyring=services_of(request).keyring, actor=caller.member.actor,
                requested_by=old.link.requested_by, agency_account_ids=own,
            )  # fmt: skip
    except (AgencyAccountMissing, IdentityMissing) as missing:
        return await link_page.show(
            request, session, caller, link_id, Opened(refused=(impossible(missing),)), code=missing.status
        )
    return render.see_other(request, f"{LINKS}/{made.link.id}/ready")


@router.post(f"{_ACCESS}/verification")
async def check(
    request: Request, session: Session, caller: Worker, link_id: str, access_request_id: str, form: MemberForm  # noqa: ARG001
) -> Response:  # fmt: skip
    """Check an access request now, with the rest of its link and its buyers."""
    await of_link(session, caller, link_id, access_request_id)

    async def look() -> None:
        await access_requests.check_access_request(session, caller.agency_id, access_request_id)
        await buyers.check_buyers(session, caller.agency_id, access_request_id)

    return await done(request, session, caller, link_id, look, "checked", why=access_request_id)


@router.post(f"{_ACCESS}/attestation")
async def attest(
    request: Request, session: Session, caller: Worker, link_id: str, access_request_id: str, form: MemberForm  # noqa: ARG001
) -> Response:  # fmt: skip
    """Record the member's statement that the access works."""
    await of_link(session, caller, link_id, access_request_id)

    async def state() -> None:
        await access_requests.attest(
            session, caller.agency_id, access_request_id, by=caller.member.name, actor=caller.member.actor
        )

    return await done(request, session, caller, link_id, state, "attested", why=access_request_id)


@router.post(f"{_ACCESS}/removal")
async def take_away(
    request: Request, session: Session, caller: RecentManager, link_id: str, access_request_id: str, form: MemberForm
) -> Response:
    """Take away the access that answers an access request, by its grant."""
    asked = await of_link(session, caller, link_id, access_request_id)
    grant = await grants.find(session, caller.agency_id, form.line("grant_id", most=100))
    if (grant.platform, grant.kind, grant.asset_id) != (asked.platform, asked.kind, asked.asset_id):
        raise NotFound

    async def remove() -> None:
        await grants.revoke_grant(session, caller.agency_id, grant.id, actor=caller.member.actor)

    return await done(request, session, caller, link_id, remove, "removing", why=access_request_id)


@router.get(f"{_HERE}/files/{{file_id}}")
async def get_file(request: Request, session: Session, caller: Viewer, link_id: str, file_id: str) -> Response:
    """Download a file that the client sent."""
    return await file_download.attachment(
        session, caller.agency_id, link_id, file_id, keyring=services_of(request).keyring
    )


def _on(day: str) -> datetime | None:
    """This time on a day; None if it is no day."""
    try:
        return datetime.combine(date.fromisoformat(day), clock.now().timetz())
    except ValueError:
        return None
