"""Turns of links: groups of the pipeline, icons and words of statuses, and the next step of the agency."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.access.requests.next_steps import hint
from app.kit.i18n.message import Message, Value, _
from app.links.models import AccessRequest, Link
from app.links.status import OVER, PROVED
from app.links.turns import Turn, turn_of
from app.platforms import declarations
from app.platforms.blockers import BLOCKERS

Tone = Literal["good", "wait", "bad", "info", "off"]
#: An operation of the API that a hint for programs names.
_OPERATION = re.compile(r"\s*\((?:GET|POST|PUT|PATCH|DELETE) /[^)]*\)")


@dataclass(frozen=True)
class Label:
    """A status as it is shown: icon, words and tone."""

    icon: str
    words: Message
    tone: Tone


LABELS: Mapping[Turn, Label] = {
    "agency": Label("you", _("Needs you"), "bad"),
    "drifted": Label("drifted", _("Drifted"), "bad"),
    "client": Label("client", _("Waiting for client"), "wait"),
    "platform": Label("platform", _("Waiting for the platform"), "info"),
    "verified": Label("verified", _("Verified"), "good"),
    "ended": Label("ended", _("Ended"), "off"),
}
#: Meaning of each group, for a pipeline without links.
MEANINGS: Mapping[Turn, Message] = {
    "agency": _("Somebody at your agency must act. The row says what to do."),
    "drifted": _("Access that was verified is gone or different."),
    "client": _("The client must act. The row says what is missing."),
    "platform": _("Nobody has to do anything. Keyturn looks again by itself."),
    "verified": _("Read back from your side with the agreed role, and watched every day."),
}
#: Statuses of access requests. `approved` is Keyturn's own turn.
STATUSES: Mapping[str, Label] = {
    "waiting": Label("none", _("Not agreed yet"), "off"),
    "approved": Label("us", _("Being shared"), "info"),
    "awaiting_partner": Label("platform", _("Waiting for the platform"), "info"),
    "awaiting_client": Label("client", _("Waiting for client"), "wait"),
    "verified": Label("verified", _("Verified"), "good"),
    "attested": Label("attested", _("Attested"), "info"),
    "blocked": Label("blocked", _("Blocked"), "bad"),
    "unverifiable": Label("unverifiable", _("Cannot be verified"), "bad"),
    "drifted": Label("drifted", _("Drifted"), "bad"),
    "declined": Label("ended", _("Declined"), "off"),
    "ended": Label("ended", _("Ended"), "off"),
}
#: Sentence about a link of which no access request is in the way, by its status.
_SENTENCES: Mapping[str, Message] = {
    "draft": _("The link is ready and was not sent."),
    "sent": _("The link was sent and not opened."),
    "opened": _("The client opened the link and has not begun."),
    "in_progress": _("The client has begun and not agreed yet."),
    "submitted": _("The client has agreed."),
    "completed": _("All verified."),
    "drifted": _("Access has changed since it was verified."),
    "expired": _("The link has expired."),
    "revoked": _("The link was revoked."),
}
#: Sentence about an access request that waits without a blocker.
_ABOUT_ONE: Mapping[Turn, Message] = {
    "agency": _("It is your turn: {asset}"),
    "client": _("{asset} isn’t shared yet."),
}
_NEXT: Mapping[Turn, Message] = {
    "agency": _("Send it by e-mail, or copy the address."),
    "drifted": _("Ask the client whether that was on purpose."),
    "client": _("Send the link again; it takes about 6 minutes."),
    "platform": _("Nothing to do. Keyturn looks again by itself."),
    "verified": _("Watched daily."),
    "ended": _("Make a new link if you still need access."),
}


def in_words(turn: Turn, platform: str) -> Label:
    """The label of a group; one that waits for a platform names it."""
    if turn != "platform":
        return LABELS[turn]
    return Label("platform", _("Waiting for {platform}", platform=platform), "info")


@dataclass(frozen=True)
class Situation:
    """The missing part, and the next step of the agency."""

    missing: Message
    step: Message | str


def situation(link: Link, requests: Sequence[AccessRequest]) -> Situation:
    """The situation of a link: that of the first access request that is in the way, else of the link's status."""
    if link.awaits_erasure and link.erase_by:
        return Situation(
            _("The client asks you to erase its personal data."),
            _("See what is erased and what stays, then erase it. The law gives you until {day}.", day=link.erase_by),
        )
    turn = turn_of(link.stage, link.next_actor)
    if link.stage == "closed":
        return Situation(_("Every access was declined or has ended."), _NEXT[turn])
    open_ones = [each for each in requests if each.status not in PROVED | OVER]
    for each in open_ones:
        if blocker := BLOCKERS.get(each.code or ""):
            return Situation(_("{summary}: {asset}", summary=blocker.summary, asset=name_of(each)), plain(blocker.hint))
    for each in open_ones if turn in _ABOUT_ONE else ():
        if each.next_actor == turn and (step := hint(each.status, None, manual=each.is_manual, kind=each.kind)):
            return Situation(_ABOUT_ONE[turn].fill(asset=name_of(each)), plain(step))
    return Situation(_SENTENCES[link.status], _NEXT[turn])


def plain(text: str) -> str:
    """A hint without the operations of the API in parentheses."""
    return _OPERATION.sub("", text)


def name_of(request: AccessRequest) -> Value:
    """The asset by name, else by number, else its kind."""
    if request.asset_name or request.asset_id:
        return request.asset_name or request.asset_id or ""
    return declarations.find(request.platform, request.kind).texts.title(1)
