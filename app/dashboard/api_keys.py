"""API keys of the agency: the list, a new one with chosen scopes, and the end of one."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response

from app.dashboard import desk
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember, Manager, MemberForm, RecentManager
from app.dashboard.turns import Label
from app.kit import clock
from app.kit.database import Session, reading
from app.kit.html import forms, render
from app.kit.i18n.message import Message, _, _n, _p
from app.kit.web.paging import before, pack
from app.services import services_of
from app.tenants.api_keys import service as api_keys
from app.tenants.api_keys.scopes import AS_OWNER, SCOPES
from app.tenants.api_keys.service import ApiKey

router = forms.page_router()
PATH = f"{DESK}/keys"
_MANY, _LONGEST_NAME = 50, 120
#: Days until a new key expires, by the value of the field; empty: it does not expire.
_LIVES: Mapping[str, int | None] = {"": None, "30": 30, "90": 90, "365": 365}
_NO_NAME = _("Say what will use the key.")
_NO_SCOPE = _("Tick at least one thing that the key may do.")
_NO_LIFE = _("Choose one of the times.")


@router.get(PATH)
async def keys(
    request: Request, caller: Manager, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    """Keys, newest first, revoked and expired ones included."""
    last = before(cursor, "key")
    async with reading(services_of(request).sessions) as session:
        found = await api_keys.page(session, caller.agency_id, limit=_MANY + 1, before=last)
        makers = await api_keys.makers(session, caller.agency_id, found)
    return desk.page(
        request, caller, "keys", here=PATH, makers=makers, rows=[(each, _status(each)) for each in found[:_MANY]],
        more=f"{PATH}?cursor={pack(found[_MANY - 1].id)}" if len(found) > _MANY else None,
    )  # fmt: skip


@router.get(f"{PATH}/new")
async def new_key(request: Request, caller: Manager) -> Response:
    """The form of a new key."""
    return _form_page(request, caller, {"name": "", "life": "365"}, [], {})


@router.post(f"{PATH}/new")
async def make_key(request: Request, session: Session, caller: RecentManager, form: MemberForm) -> Response:
    """Make a key, and show its value: this once, so the page is not to be loaded again."""
    name, life, scopes = form.line("name", most=_LONGEST_NAME), form.text("life"), form.texts("scopes")
    if not name:
        form.problems.setdefault("name", _NO_NAME)
    if not scopes or not _givable(caller).keys() >= set(scopes):
        form.problems["scopes"] = _NO_SCOPE
    if life not in _LIVES:
        form.problems["life"] = _NO_LIFE
    if form.problems:
        return _form_page(request, caller, {"name": name, "life": life}, scopes, form.problems)
    days = _LIVES[life]
    key, value = await api_keys.create_key(
        session, caller.agency_id, name=name, scopes=scopes,
        expires_at=clock.now() + timedelta(days=days) if days else None, actor=caller.member.actor,
    )  # fmt: skip
    return desk.page(request, caller, "new_key", here=PATH, key=key, value=value)


@router.get(f"{PATH}/{{key_id}}/revocation")
async def confirm_revocation(request: Request, caller: Manager, key_id: str) -> Response:
    """The question before a key is revoked, with its last use."""
    async with reading(services_of(request).sessions) as session:
        key = await api_keys.find(session, caller.agency_id, key_id)
    return desk.page(request, caller, "revoke_key", here=PATH, key=key, status_of_key=_status(key))


@router.post(f"{PATH}/{{key_id}}/revocation")
async def revoke_key(
    request: Request, session: Session, caller: RecentManager, key_id: str, form: MemberForm  # noqa: ARG001
) -> Response:  # fmt: skip
    """Revoke a key immediately."""
    await api_keys.revoke_key(session, caller.agency_id, key_id, actor=caller.member.actor)
    return render.see_other(request, PATH)


def _givable(caller: CurrentMember) -> Mapping[str, Message]:
    """The scopes that a member may give to a key."""
    return {scope: words for scope, words in SCOPES.items() if scope != AS_OWNER or caller.may("owner")}


def _status(key: ApiKey) -> Label:
    if key.revoked_at is not None:
        return Label("ended", _p("API key", "Revoked"), "off")
    if key.expires_at is not None and key.expires_at <= clock.now():
        return Label("ended", _p("API key", "Expired"), "off")
    return Label("verified", _p("API key", "Works"), "good")


def _form_page(
    request: Request,
    caller: CurrentMember,
    given: Mapping[str, str],
    scopes: Sequence[str],
    problems: Mapping[str, Message],
) -> Response:
    lives: list[tuple[str, Any]] = [
        (value, _n("After {count} day", "After {count} days", days) if days else _("Never"))
        for value, days in _LIVES.items()
    ]
    return desk.page(
        request, caller, "key_form", here=PATH, status=422 if problems else 200, given=given, ticked=scopes,
        problems=problems, scopes=_givable(caller), lives=lives,
    )  # fmt: skip
