"""Rows of existing access: what was read, and the next step of the agency."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.access.existing_access.service import FINDINGS, Finding, FoundAccess
from app.access.grants.models import Grant
from app.dashboard.link_form import LINKS
from app.dashboard.member_session import PATH as DESK
from app.dashboard.member_session import CurrentMember
from app.kit.i18n.message import Message, Value, _, _n
from app.platforms.port import ConnectedPlatform
from app.tenants.clients.models import Client

PATH = f"{DESK}/access"
Shown = Finding | Literal["none", "all"]
_BEING_REMOVED = _("{role}, being removed")
#: Access that somebody else than Keyturn takes away.
_REMOVALS: Mapping[str, Message] = {
    "client": _("{role}, the client takes it away"),
    "agency": _("{role}, you take it away by hand"),
}


@dataclass(frozen=True)
class AccessRow:
    """One access: client, asset, sentence about it, the start of its state, and the next step.

    `address`: where the form or the message of that step is; `removal`: where it is taken away. Empty: not for this
    member.
    """

    client: Client
    asset: Value
    kind: Message
    sentence: Value
    since: datetime
    step: Message
    address: str
    removal: str


def access_row(found: FoundAccess, shown: Shown, platform: ConnectedPlatform, caller: CurrentMember) -> AccessRow:
    """The row of an access in a list of one finding, for a member."""
    grant = found.grant
    about = shown if shown in FINDINGS else next(iter(found.findings), None)
    step, address = _step(found, about if caller.may("member") else None)
    removable = "unlinked" in found.findings and caller.may("manager")
    return AccessRow(
        client=found.client, asset=grant.asset_name or grant.asset_id, kind=grant.asset_kind.texts.title(1),
        sentence=_sentence(found, about, platform), since=grant.drifted_at or grant.verified_at, step=step,
        address=address if found.access_request or caller.may("member") else "",
        removal=f"{PATH}/grants/{grant.id}/removal" if removable else "",
    )  # fmt: skip


def _sentence(found: FoundAccess, about: str | None, platform: ConnectedPlatform) -> Value:
    grant, asked = found.grant, found.access_request
    role = _role(grant, grant.role, platform)
    if about == "drifted":
        if asked is None or asked.role_seen is None:
            return _("Was {role}, is no longer shared", role=role)
        return _("Was {before}, is {role}", before=role, role=_role(grant, asked.role_seen, platform))
    if about == "closed":
        return _n(
            "{role}; {count} buyer, who cannot open it yet",
            "{role}; {count} buyers, none can open it yet",
            found.buyers,
            role=role,
        )
    if about == "wide" and asked is not None:
        seen = _role(grant, asked.role_seen or grant.role, platform)
        return _("{role}; {wanted} was agreed", role=seen, wanted=_role(grant, asked.role, platform))
    if about == "wide":
        return _("{role}: full control", role=role)
    if grant.status == "revoking":
        return _REMOVALS.get(grant.next_actor or "", _BEING_REMOVED).fill(role=role)
    return role


def _step(found: FoundAccess, about: str | None) -> tuple[Message, str]:
    """The next step, and the address where the form or the message for it is open."""
    asked = found.access_request
    if asked is None:
        return _("Make a link"), f"{LINKS}/new?client={found.client.id}"
    link = f"{LINKS}/{asked.link_id}"
    if about == "wide":
        return _("Ask for a smaller role"), f"{link}?why={asked.id}&act=role&about={asked.id}#act"
    if about == "closed":
        return _("Set the buyers"), f"{link}?act=buyers#act"
    if about == "drifted":
        return _("Write to the client"), f"{link}?why={asked.id}#message-title"
    return _("Open the link"), link


def _role(grant: Grant, role: str, platform: ConnectedPlatform) -> Value:
    """The role by its name in the platform's menus; one that is not known, as the platform writes it."""
    try:
        return platform.role_words(grant.kind, role).menu
    except KeyError:
        return role
