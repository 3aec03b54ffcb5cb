"""Lines of a screen: choices, access requests with their status, actions for the client, and the summary."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from app.access.connections.selectable_assets import Choice
from app.client_portal import status_texts
from app.client_portal.status_texts import Case, Does, Held, Tone
from app.kit.i18n.message import Message, Text, Value, _
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest, LinkPlatform
from app.links.status import OVER, PROVED
from app.platforms import declarations
from app.platforms.port import Platform


@dataclass(frozen=True)
class ChoiceLine:
    """One line of a list to choose from. `why`: reason if it cannot be chosen; `label`: button beside it."""

    id: str
    name: str
    detail: Message
    can: bool
    why: Message | None
    label: Message | None
    does: Does | None


@dataclass(frozen=True)
class Mark:
    """One stage an access request passes through."""

    label: Message
    status: Literal["done", "now", "todo", "stuck"]


@dataclass(frozen=True)
class AccessRequestRow:
    """Row of one access request with its status."""

    id: str
    name: str
    detail: Message
    role: Text
    short: Message
    sentence: Message
    tone: Tone
    marks: tuple[Mark, ...]
    since: datetime
    label: Message | None
    does: Does | None
    #: the screen for another choice
    screen: str
    #: True if the steps by hand apply
    steps: bool
    #: another account that shares the asset
    shared_from: str
    #: display name of its platform
    platform: str


def names(aggregate: LinkAggregate, here: LinkPlatform, asset: str = "") -> dict[str, Value]:
    """Values of the placeholders in texts."""
    return {
        "agency": aggregate.agency.name,
        "bc": center(here),
        "asset": asset,
        "platform": declarations.name(here.platform),
    }


def center(here: LinkPlatform) -> Text:
    """The client's account by name, else by its number."""
    if here.client_account_name:
        return here.client_account_name
    if here.client_account_id:
        return account_with_number(here.platform, here.client_account_id)
    return declarations.texts(here.platform).account.noun


def of_choice(choice: Choice, aggregate: LinkAggregate, here: LinkPlatform, kind: str | None = None) -> ChoiceLine:
    """The line of a choice: of the client's account at the platform, or of an asset of a kind."""
    case = Case(lane=here.lane, held="live", choosing=True, texts=declarations.texts(here.platform))
    if kind is not None:
        case = replace(case, kind=declarations.find(here.platform, kind))
    blocker = status_texts.of_code(choice.code, case) if choice.code else None
    about = names(aggregate, here, choice.name) | (
        {"bc": choice.name} if choice.code in status_texts.ABOUT_ACCOUNT else {}
    )
    return ChoiceLine(
        choice.id, choice.name, _choice_detail(choice, here.platform, kind), choice.can,
        why=blocker.sentence.fill(**about) if blocker else None,
        label=blocker.label.fill(**about) if blocker and blocker.label else None,
        does=blocker.does if blocker else None,
    )  # fmt: skip


def _choice_detail(choice: Choice, platform: str, kind: str | None) -> Message:
    """Its kind and number."""
    if kind is None:
        return account_with_number(platform, choice.id)
    return _("{kind} {number}", kind=declarations.find(platform, kind).texts.title(1), number=choice.id)


def account_with_number(platform: str, account_id: str) -> Message:
    """`Business Center 7000999988887777666`."""
    return _("{account} {number}", account=declarations.texts(platform).account.noun, number=account_id)


def of_access_request(
    access_request: AccessRequest,
    aggregate: LinkAggregate,
    platform: Platform,
    held: Held = "never",
    *,
    can_connect: bool = True,
    can_look: bool = True,
    in_message: bool = False,
) -> AccessRequestRow:
    """The row of an access request: its status, or the blocker. `held`: state of the client's authorization.

    `in_message`: its sentence is for a message to the client, not for the page.
    """
    case = Case(
        access_request.asset_kind,
        aggregate.on(platform.key).lane,
        held,
        was_verified=access_request.verified_at is not None,
        can_connect=can_connect,
        can_look=can_look,
        texts=declarations.texts(platform.key),
        in_message=in_message,
    )
    leaves = access_request.unwanted_at is not None and access_request.status not in OVER
    said = (
        status_texts.LEAVING
        if leaves
        else status_texts.of_status(access_request.status, case, access_request.next_actor)
    )
    blocker = _blocker(access_request, case)
    theirs = blocker is not None and access_request.next_actor != "client"
    called, title = (
        access_request.person_email or access_request.asset_id or "",
        access_request.asset_kind.texts.title(1),
    )
    about = _names(access_request, aggregate, platform)
    return AccessRequestRow(
        id=access_request.id,
        name=access_request.asset_name or called,
        detail=_("{kind} {number}", kind=title, number=called) if access_request.asset_name else title,
        role=platform.role_words(access_request.kind, access_request.role).label,
        short=status_texts.WAITING if theirs else said.short,
        sentence=(blocker.sentence if blocker else said.sentence).fill(**about),
        tone="moving" if theirs else said.tone,
        marks=marks(access_request, case),
        since=access_request.status_since,
        label=blocker.label.fill(**about) if blocker and blocker.label else None,
        does=blocker.does if blocker else None,
        screen=f"{platform.key}/{blocker.screen}" if blocker and blocker.screen else "",
        steps=blocker.steps if blocker else case.by_hand and access_request.status in ("approved", "awaiting_client"),
        shared_from=access_request.shared_from_account_id or "",
        platform=platform.name,
    )


def _names(access_request: AccessRequest, aggregate: LinkAggregate, platform: Platform) -> dict[str, Value]:
    seen = platform.role_words(access_request.kind, access_request.role_seen) if access_request.role_seen else None
    return {
        **names(
            aggregate,
            aggregate.on(platform.key),
            access_request.asset_name or access_request.person_email or access_request.asset_id or "",
        ),
        "role": platform.role_words(access_request.kind, access_request.role).label,
        "role_seen": seen.label if seen else _("another role"),
        "lacking": seen.cannot[0] if seen else _("part of it"),
        "account": _account(access_request, aggregate),
        "confirmed": access_request.attested_at or access_request.status_since,
        "shared_from": access_request.shared_from_account_id or "",
    }


def _account(access_request: AccessRequest, aggregate: LinkAggregate) -> Text:
    """The ad account of a pixel, by name or number."""
    if access_request.parent_asset_id is None:
        return _("Ad account")
    account = next(
        (
            each
            for each in aggregate.access_requests
            if (each.platform, each.asset_id) == (access_request.platform, access_request.parent_asset_id)
        ),
        None,
    )
    return (account.asset_name if account else None) or access_request.parent_asset_id


def _blocker(access_request: AccessRequest, case: Case) -> status_texts.BlockerTexts | None:
    """Blocker of the access request, or of its removal, with its button."""
    if access_request.unwanted_at is not None and access_request.status not in OVER:
        return status_texts.of_leaving(case, access_request.next_actor)
    if not access_request.code or access_request.status not in ("blocked", "drifted"):
        return None
    return status_texts.of_code(access_request.code, case)


def marks(access_request: AccessRequest, case: Case) -> tuple[Mark, ...]:
    """Stages sent, accepted and verified: done if observed, else now or to do. Where nothing can be read, the agency
    confirms instead.

    None for access requests that are over, or that a person confirmed: their stages cannot be observed.
    """
    if access_request.status in OVER or access_request.status == "attested":
        return ()
    is_read = case.can_look or access_request.status == "verified"
    done, now = _reached(access_request, case)
    reached, ahead = (_("Shared"), _("Share it")) if case.by_hand else (_("Sent"), _("Sending"))
    first = reached if done else ahead
    labels = (first, _("Accepted"), _("Verified")) if is_read else (first, _("Confirmed"))
    statuses: list[Literal["done", "now", "todo", "stuck"]] = ["done"] * min(done, len(labels))
    if done < len(labels):
        statuses.append("stuck" if access_request.status in ("blocked", "drifted") else "now" if now else "todo")
    statuses += ["todo"] * (len(labels) - len(statuses))
    return tuple(Mark(label, at) for label, at in zip(labels, statuses, strict=True))


def _reached(access_request: AccessRequest, case: Case) -> tuple[int, bool]:
    """Number of stages done, and whether the next one is in progress. A stage counts if it was seen or sent,
    or if the client says that it was shared and it cannot be read."""
    if access_request.status == "verified":
        return 3, False
    seen = {"agency": 2, "client": 1}.get(access_request.seen_by or "", 0)
    if access_request.status == "unverifiable" or (access_request.status == "awaiting_partner" and not case.by_hand):
        seen = max(seen, 1)  # it went out, or the client says so
    return seen, access_request.status in ("approved", "awaiting_client", "awaiting_partner")


@dataclass(frozen=True)
class Fix:
    """One action of the client, and the rows that it resolves."""

    does: Does
    label: Message
    screen: str
    access_request: str
    lines: tuple[AccessRequestRow, ...]


def fixes(lines: Sequence[AccessRequestRow]) -> list[Fix]:
    """Actions that wait for the client, each once with all its rows."""
    by_action: dict[tuple[Does, str, str], list[AccessRequestRow]] = {}
    for line in lines:
        if line.tone == "yours" and line.does and line.label:
            one = {"reduce": line.id, "take_center": line.shared_from}.get(line.does, "")
            by_action.setdefault((line.does, line.screen, one), []).append(line)
    return [
        Fix(does, _label(does, those), screen, those[0].id, tuple(those))
        for (does, screen, _), those in by_action.items()
    ]


def _label(does: Does, lines: Sequence[AccessRequestRow]) -> Message:
    labels = [line.label for line in lines if line.label]
    if does != "connect" or len(set(labels)) == 1:
        return labels[0]
    return status_texts.CONNECT.fill(platform=lines[0].platform)


@dataclass(frozen=True)
class Summary:
    """Summary of all access requests of a link."""

    done: int
    total: int
    all_verified: bool
    waiting_for: str | None
    when: datetime | None

    @property
    def all_done(self) -> bool:
        """True if every access request is proved."""
        return self.total > 0 and self.done == self.total


#: Order in which actors are named if several must act.
_TURNS = ("client", "us", "platform", "agency")


def summary(aggregate: LinkAggregate) -> Summary:
    """Count the proved access requests and name the next actor; by hand, the client is next right after the consent."""
    by_hand = {each.platform for each in aggregate.platforms if each.lane == "guided"}
    counted = [
        access_request
        for access_request in aggregate.access_requests
        if access_request.status not in OVER and access_request.is_chosen
    ]
    proved = [
        access_request
        for access_request in counted
        if access_request.status in PROVED and access_request.unwanted_at is None
    ]
    actors = {
        "client"
        if access_request.platform in by_hand and access_request.status == "approved"
        else access_request.next_actor
        for access_request in counted
        if access_request not in proved
    }
    return Summary(
        done=len(proved),
        total=len(counted),
        all_verified=all(access_request.status == "verified" for access_request in counted),
        waiting_for=next((actor for actor in _TURNS if actor in actors), None),
        when=max((access_request.verified_at for access_request in proved if access_request.verified_at), default=None),
    )
