"""Forms of the contacts that the agency adds to a client, on the page of its link."""

from typing import Any, get_args

from fastapi import Request
from fastapi.responses import Response

from app.dashboard import link_page
from app.dashboard.link_answer import Write, done
from app.dashboard.link_form import LINKS
from app.dashboard.link_page import Opened
from app.dashboard.member_session import CurrentMember, MemberForm, Worker
from app.kit.database import Session
from app.kit.html import forms
from app.kit.html.forms import Form
from app.kit.i18n.message import _
from app.links import queries
from app.tenants.clients import contacts
from app.tenants.clients.models import ContactRole

router = forms.page_router()
_CONTACTS = f"{LINKS}/{{link_id}}/contacts"


@router.post(_CONTACTS)
async def add_contact(request: Request, session: Session, caller: Worker, link_id: str, form: MemberForm) -> Response:
    """Add a contact to the link's client."""
    link = await queries.find(session, caller.agency_id, link_id)
    opened = Opened(act="new-contact", given=_read(form), problems=form.problems)

    async def add() -> None:
        await contacts.add_contact(
            session, caller.agency_id, link.client_id, actor=caller.member.actor, **_columns(opened)
        )

    return await _written(request, session, caller, link_id, opened, add, "contact-added")


@router.post(f"{_CONTACTS}/{{contact_id}}")
async def change_contact(
    request: Request, session: Session, caller: Worker, link_id: str, contact_id: str, form: MemberForm
) -> Response:
    """Change a contact that the agency added."""
    link = await queries.find(session, caller.agency_id, link_id)
    await contacts.find(session, caller.agency_id, link.client_id, contact_id)
    opened = Opened(act="edit-contact", about=contact_id, given=_read(form), problems=form.problems)

    async def change() -> None:
        await contacts.change_contact(
            session, caller.agency_id, link.client_id, contact_id, actor=caller.member.actor, changes=_columns(opened)
        )

    return await _written(request, session, caller, link_id, opened, change, "contact-changed")


@router.post(f"{_CONTACTS}/{{contact_id}}/removal")
async def remove_contact(
    request: Request, session: Session, caller: Worker, link_id: str, contact_id: str, form: MemberForm  # noqa: ARG001
) -> Response:  # fmt: skip
    """Remove a contact that the agency added."""
    link = await queries.find(session, caller.agency_id, link_id)

    async def remove() -> None:
        await contacts.remove_contact(session, caller.agency_id, link.client_id, contact_id, actor=caller.member.actor)

    return await done(request, session, caller, link_id, remove, "contact-removed")


async def _written(
    request: Request, session: Session, caller: CurrentMember, link_id: str, opened: Opened, write: Write, news: str
) -> Response:
    """As `done`; the page with the form if some of its fields are wrong."""
    if opened.problems:
        return await link_page.show(request, session, caller, link_id, opened, code=422)
    return await done(request, session, caller, link_id, write, news, kept=opened)


def _read(form: Form) -> dict[str, str]:
    """The fields of a contact. What is wrong with them is in the form's problems."""
    role, name, email = form.line("role", most=16), form.line("name"), form.email("email")
    if role not in get_args(ContactRole):
        form.problems["role"] = _("Choose a role from the list.")
    if not name:
        form.problems.setdefault("name", _("Enter a name."))
    return {"role": role, "name": name, "email": email}


def _columns(opened: Opened) -> dict[str, Any]:
    return {name: value or None for name, value in opened.given.items()}
