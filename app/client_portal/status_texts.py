"""Texts for clients about each status and blocker: what happened, the next actor, one next action. Pure.

They depend on the case: kind of access, lane, and state of the client's authorization. The offered action is one that
the client can take at that moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.client_portal import screens
from app.platforms.port import EVENTS_WITHIN, AssetKind

#: Action of a button under a blocker: authorize at the platform, check again, choose another asset, share by hand,
#: lower the role, or confirm the Business Center that shares the asset.
Does = Literal["connect", "check", "change", "by_hand", "reduce", "take_center"]
Tone = Literal["good", "moving", "yours", "quiet"]
Held = Literal["live", "given_back", "ended", "never"]
_ANY_KIND = AssetKind("asset", "asset", "assets", (), by_api=True)


@dataclass(frozen=True)
class Case:
    """Properties of an access request on which its texts depend.

    `was_verified`: it was proved before, so the client cannot choose another. `choosing`: it is an item of a list to
    choose from, and nothing is agreed yet. `can_connect`: there is an app that the client can authorize.
    `can_look`: the result can be read at the platform; otherwise the agency confirms it.
    """

    kind: AssetKind = _ANY_KIND
    lane: str | None = "connected"
    held: Held = "never"
    was_verified: bool = False
    choosing: bool = False
    can_connect: bool = True
    can_look: bool = True

    @property
    def by_hand(self) -> bool:
        """True if people share it: everything in the guided lane or without an app, else kinds that no API shares."""
        return self.lane == "guided" or not self.can_connect or not self.kind.by_api

    @property
    def done(self) -> str:
        """Label of the button under the steps."""
        return done_label(can_look=self.can_look)

    @property
    def next(self) -> str:
        """Next step for a client who has read the blocker."""
        then = "" if self.can_look else " {agency} then confirms that it arrived."
        return f"Follow the steps below, then press “{self.done}”.{then}"


@dataclass(frozen=True)
class BlockerTexts:
    """A sentence and the button under it, if there is one.

    Placeholders: `{agency}`, `{asset}`, `{bc}`, `{shared_from}` (another Business Center), `{account}` (of a pixel),
    `{role}` agreed to, `{role_seen}`, and `{lacking}`, an ability that the latter lacks. `steps`: the steps by hand
    are shown below. `screen`: the screen for another choice.
    """

    sentence: str
    label: str | None = None
    does: Does | None = None
    steps: bool = False
    screen: str = ""


@dataclass(frozen=True)
class StatusTexts:
    """Status of an access request: a short label, a sentence, and a tone."""

    short: str
    sentence: str
    tone: Tone


def done_label(*, can_look: bool) -> str:
    """Label of the button after the steps; it promises a check only if one is possible."""
    return "Done — check now" if can_look else "I’ve done it"


_NEXT = Case().next

STATUSES: dict[str, StatusTexts] = {
    "waiting": StatusTexts("Not agreed yet", "Nothing happens until you say yes to it.", "yours"),
    "approved": StatusTexts("Sending", "We’re doing this at TikTok now. Nothing for you to do.", "moving"),
    "awaiting_partner": StatusTexts(
        "Sent", "Sent. TikTok and {agency} are taking it up — nothing for you to do.", "moving"
    ),
    "awaiting_client": StatusTexts("Your turn", _NEXT, "yours"),
    "verified": StatusTexts("Verified", "We looked at TikTok, and it is exactly as agreed.", "good"),
    "attested": StatusTexts(
        "Confirmed",
        "{agency} confirmed on {confirmed} that it works.",
        "quiet",
    ),
    "blocked": StatusTexts("Needs a hand", "Something is in the way.", "yours"),
    "unverifiable": StatusTexts(
        "Not confirmed yet", "We sent it and couldn’t confirm it yet. {agency} takes it from here.", "quiet"
    ),
    "drifted": StatusTexts("Changed", "It was verified, and is no longer as agreed.", "yours"),
    "declined": StatusTexts("You said no", "It was not shared.", "quiet"),
    "ended": StatusTexts("Ended", "{agency} no longer asks for this.", "quiet"),
}

#: Texts for access shared by hand.
_BY_HAND: dict[str, StatusTexts] = {
    "awaiting_partner": StatusTexts(
        "Shared", "You’ve shared it. TikTok and {agency} are taking it up — nothing for you to do.", "moving"
    ),
    "unverifiable": StatusTexts(
        "Not confirmed yet",
        "{agency} will confirm it; nothing more for you to do.",
        "quiet",
    ),
}
_NOT_SEEN_NOW = StatusTexts(
    "Not confirmed now",
    "It was verified, and {agency} can’t look at TikTok at the moment. {agency} takes care of that — nothing for you "
    "to do.",
    "quiet",
)
_FOLLOWS = StatusTexts("Next", "This follows as soon as {account} is shared.", "moving")
_INVITED = StatusTexts("Invited", "{asset} has to accept TikTok’s e-mail. Nothing for you to do.", "moving")
_TO_ACCEPT = StatusTexts("Sent", "{agency} has to accept it in its Business Center. Nothing for you to do.", "moving")

LEAVING = StatusTexts("To be removed", "It is to be taken away again.", "yours")


def of_status(status: str, case: Case, next_actor: str | None = None) -> StatusTexts:
    """Texts of a status for the case and the next actor."""
    if status == "approved" and case.kind.through and next_actor not in (None, "us"):
        return _FOLLOWS
    if status == "awaiting_partner" and case.kind.is_person:
        return _INVITED
    if status == "awaiting_partner" and next_actor == "agency":
        return _TO_ACCEPT
    if status == "unverifiable" and case.was_verified:
        return _NOT_SEEN_NOW
    if status == "awaiting_client" or (status == "approved" and case.by_hand):
        return StatusTexts("Your turn", case.next, "yours")
    return (_BY_HAND if case.by_hand else {}).get(status, STATUSES[status])


def of_code(code: str, case: Case) -> BlockerTexts:
    """Texts of a blocker code for the case."""
    found = BLOCKERS.get(code, UNKNOWN)
    return found if isinstance(found, BlockerTexts) else found(case)


def of_leaving(case: Case, next_actor: str | None) -> BlockerTexts:
    """Texts for access that the agency no longer wants: who removes it, and how."""
    if next_actor == "us":
        return BlockerTexts("{agency} no longer needs {asset}. We’re taking the access away now.")
    if next_actor != "client":
        return BlockerTexts("{agency} no longer needs {asset} and takes care of the rest. Nothing for you to do.")
    if case.by_hand or case.held == "live":  # it was tried with the authorization: TikTok refused
        return BlockerTexts("{agency} no longer needs {asset}. " + _REMOVE[case.kind.key], case.done, "check")
    return BlockerTexts(
        "{agency} no longer needs {asset}. Connect once, and we take the access away for you.",
        "Take it back",
        "connect",
    )


_PARTNERS = "In Business Center, open Users, Partners, {agency}"
_MEMBERS = "In Business Center, open Users, Members, {asset}"
_REMOVE: Mapping[str, str] = {
    "ad_account": f"{_PARTNERS}, and remove {{asset}}.",
    "catalog": f"{_PARTNERS}, and remove {{asset}}.",
    "pixel": f"{_PARTNERS}, and remove the pixel {{asset}}.",
    "person": f"{_MEMBERS}, and remove the access to the ad accounts there.",
}


def _connecting(sentence: str, label: str) -> Callable[[Case], BlockerTexts]:
    """Texts of a blocker that only an authorization at the platform resolves; by hand, the steps."""

    def words(case: Case) -> BlockerTexts:
        by_hand = case.by_hand and not case.choosing
        return _steps("{asset} isn’t shared yet.", case) if by_hand else BlockerTexts(sentence, label, "connect")

    return words


def _steps(gone: str, case: Case) -> BlockerTexts:
    """Text of missing access, with the steps by hand below."""
    return BlockerTexts(f"{gone} {case.next}", case.done, "check", steps=True)


def _checked_again(sentence: str) -> Callable[[Case], BlockerTexts]:
    """Texts of a problem that the client resolves at TikTok; then a check, with an authorization if necessary."""

    def words(case: Case) -> BlockerTexts:
        if (case.by_hand or case.held == "live") and not case.choosing:
            return BlockerTexts(sentence, "Check again", "check")
        return BlockerTexts(sentence, "Look again at TikTok", "connect")

    return words


def _other_choice(sentence: str, label: str = "Choose another", *, then: str = "") -> Callable[[Case], BlockerTexts]:
    """Texts that offer another asset. Access proved before cannot be replaced; it is checked again (`then`)."""

    def words(case: Case) -> BlockerTexts:
        if case.kind.is_person or case.was_verified:
            return _checked_again(f"{sentence} {then}".strip())(case)
        return BlockerTexts(sentence, label, "change", screen=screens.choice_of(case.kind.key, case.kind.screen))

    return words


def _or_by_hand(sentence: str, label: str) -> Callable[[Case], BlockerTexts]:
    """Texts of a problem that the agency fixes; the client can also share by hand."""

    def words(case: Case) -> BlockerTexts:
        if case.choosing or case.by_hand:
            return BlockerTexts(sentence)
        return BlockerTexts(f"{sentence} You can also do it by hand.", label, "by_hand")

    return words


def _not_shared(case: Case) -> BlockerTexts:
    if case.kind.is_person:
        gone = "{asset} can’t open your ad accounts any more." if case.was_verified else "{asset} isn’t invited yet."
    else:
        gone = f"{{asset}} {'is no longer' if case.was_verified else 'isn’t'} shared with {{agency}}."
    if case.by_hand:
        return _steps(gone, case)
    return BlockerTexts(f"{gone} Connect with TikTok once, and we share it.", "Share it now", "connect")


def _shared_elsewhere(case: Case) -> BlockerTexts:
    if case.lane != "guided" or case.was_verified or case.choosing:
        return _not_shared(case)  # the Business Center was selected from a list, or proved
    return BlockerTexts(
        "{agency} sees {asset}, shared from Business Center {shared_from}. You gave us {bc}. Is {shared_from} yours? "
        "If it isn’t, follow the steps below.",
        "Yes, it’s ours",
        "take_center",
        steps=True,
    )


def _to_share_again(gone: str) -> Callable[[Case], BlockerTexts]:
    """Texts of lost access that is shared again, with a new authorization or by hand."""

    def words(case: Case) -> BlockerTexts:
        if case.by_hand:
            return _steps(gone, case)
        return BlockerTexts(f"{gone} Connect with TikTok once, and we share it again.", "Share it now", "connect")

    return words


def _without_effect(case: Case) -> BlockerTexts:
    sentence = "TikTok accepted the request for {asset}, but it had no effect."
    if case.by_hand:
        return _steps(sentence, case)
    return BlockerTexts(f"{sentence} A few steps by hand do it.", "Show me the steps", "by_hand")


def _pixel_not_linked(case: Case) -> BlockerTexts:
    gone = f"The pixel {{asset}} {'is no longer' if case.was_verified else 'isn’t'} connected to {{account}}."
    if case.by_hand:
        return _steps(gone, case)
    return BlockerTexts(f"{gone} Connect with TikTok once, and we do it.", "Connect the pixel", "connect")


def _role_too_low(case: Case) -> BlockerTexts:
    if case.kind.is_person:
        head = "{asset} has “{role_seen}”, and you agreed to “{role}”. With that they can’t {lacking}."
        hand = f"{_MEMBERS}, and choose the role you agreed to."
    else:
        head = "{agency} has “{role_seen}” on {asset}, and you agreed to “{role}”. With that it can’t {lacking}."
        hand = f"{_PARTNERS}, {{asset}}, and choose the role you agreed to."
    if case.by_hand or case.held == "live":  # it was tried with the authorization: TikTok refused
        return BlockerTexts(f"{head} {hand}", "Check again", "check")
    return BlockerTexts(f"{head} Connect with TikTok once, and we raise it for you.", "Raise it", "connect")


def _role_too_high(case: Case) -> BlockerTexts:
    if case.kind.is_person:
        return BlockerTexts(
            "{asset} can do everything here already, and more than {agency} asked for: “{role_seen}”. You need not "
            f"remove anything. To give less, {_MEMBERS[0].lower()}{_MEMBERS[1:]}, and choose “{{role}}”.",
            "Check again",
            "check",
        )
    head = "{agency} got “{role_seen}” on {asset}. “{role}” is enough."
    if case.by_hand or not case.kind.can_be_lowered:
        hand = f"{_PARTNERS}, remove {{asset}}, and share it again as “{{role}}”."
        return BlockerTexts(f"{head} {hand}", "Check again", "check")
    return BlockerTexts(
        f"{head} We can lower it: the access is removed and shared again, with a short gap.", "Lower it", "reduce"
    )


def _connection_dead(case: Case) -> BlockerTexts:
    if case.by_hand:
        return _steps("{asset} isn’t shared yet.", case)
    if case.held == "given_back":
        return BlockerTexts(
            "We gave your permission back to TikTok, as we do when nothing is left to do. Connect again, and we do "
            "what you agreed to.",
            "Connect with TikTok",
            "connect",
        )
    return BlockerTexts(
        "Our permission at TikTok has ended. What you shared stays; connect again so we can go on.",
        "Connect with TikTok",
        "connect",
    )


def _agencys_own_center(case: Case) -> BlockerTexts:
    sentence = "This is {agency}’s own Business Center."
    if case.choosing:
        return BlockerTexts(f"{sentence} Sign in as an Admin of yours.", "Switch", "connect")
    if case.was_verified:
        return _checked_again(f"{sentence} Ask {{agency}} which one is meant.")(case)
    return BlockerTexts(f"{sentence} Choose yours.", "Choose another", "change", screen=screens.ACCOUNT)


_SILENT = (
    f"The pixel {{asset}} has received nothing in the last {EVENTS_WITHIN.days} days. Open your website once; TikTok "
    "shows it some time later. Then check again."
)

#: Text of a code without a text of its own: the agency sees the platform's reason.
UNKNOWN = BlockerTexts(
    "TikTok didn’t take this up. {agency} sees TikTok’s reason and takes it from here.",
    "Check again",
    "check",
)

BLOCKERS: Mapping[str, BlockerTexts | Callable[[Case], BlockerTexts]] = {
    "asset_not_shared": _not_shared,
    "role_too_low": _role_too_low,
    "role_higher_than_requested": _role_too_high,
    "not_bc_admin": _connecting(
        "You’re a standard member of {bc}, and only an Admin can share. Forward {agency}’s message with "
        "the link to an Admin: they go on where you stopped. Or sign in again as an Admin.",
        "Sign in as an Admin",
    ),
    "wrong_bc_selected": _connecting("You signed in to TikTok without {bc}. Sign in as an Admin of it.", "Switch"),
    "agencys_own_center": _agencys_own_center,
    "no_business_center": _connecting(
        "This TikTok sign-in has no Business Center yet. Create one at business.tiktok.com (about 3 "
        "minutes), or sign in as somebody who has one.",
        "Look again at TikTok",
    ),
    "bc_under_review": _checked_again("TikTok is reviewing {bc}. Sharing works when that is over; it takes some days."),
    "bc_punished": _checked_again(
        "TikTok has restricted {bc} for breaking its rules, so nothing can be shared from it. Open business.tiktok.com "
        "to see why, and ask TikTok’s support to lift it."
    ),
    "bc_denied": _checked_again(
        "TikTok has not approved {bc}, so nothing can be shared from it. Open business.tiktok.com to see what is "
        "missing."
    ),
    "bc_not_enabled": _checked_again(
        "TikTok lets nothing be shared from {bc} right now. Open business.tiktok.com to see why."
    ),
    "pixel_not_linked": _pixel_not_linked,
    "pixel_silent": BlockerTexts(_SILENT, "Check again", "check"),
    "pixel_events_unread": BlockerTexts(
        "The pixel {asset} is connected. {agency} can’t read yet whether events arrive, and takes care of that. "
        "Nothing for you to do."
    ),
    "ad_account_suspended": _other_choice(
        "TikTok has suspended {asset}. Ask TikTok’s support for the reason, or choose another ad account.",
        then="When it is lifted, check again.",
    ),
    "ad_account_limited": _other_choice(
        "TikTok has limited what can be done in {asset}. Open it in TikTok Ads Manager to see why, or choose another "
        "ad "
        "account.",
        then="When it is lifted, check again.",
    ),
    "ad_account_in_review": BlockerTexts(
        "TikTok is reviewing {asset}, so it can’t be used yet. This passes by itself; nothing for you to do."
    ),
    "ad_account_disapproved": _other_choice(
        "TikTok has not approved {asset}. Open it in TikTok Ads Manager to see why, or choose another ad account.",
        then="When it is approved, check again.",
    ),
    "consent_cancelled": _connecting("You came back from TikTok without connecting. Nothing was shared.", "Try again"),
    "consent_not_finished": _connecting(
        "TikTok sends you a code by e-mail. Enter it there, and you come back here.", "Go on at TikTok"
    ),
    "auth_code_expired": _connecting("That took too long. One more tap.", "Connect with TikTok"),
    "not_connected": _connecting(
        "You chose to let us do it, and we aren’t connected yet. Connect with TikTok once, and we go on.",
        "Connect with TikTok",
    ),
    "connection_dead": _connection_dead,
    "scope_not_authorized": _or_by_hand(
        "TikTok hasn’t given {agency}’s app this permission yet. {agency} takes care of that.", "Show me the steps"
    ),
    "app_problem": _or_by_hand(
        "Nothing you did: {agency}’s connection to TikTok needs a fix on its side.", "Do it by hand"
    ),
    "platform_changed": _or_by_hand(
        "Nothing you did: TikTok answered in a way that Keyturn can’t read yet. {agency} knows about it.",
        "Do it by hand",
    ),
    "agency_must_reauthorize": BlockerTexts("{agency} is finishing on its side. Nothing for you to do."),
    "account_not_ticked": _connecting(
        "TikTok asked which accounts to include, and {asset} was left out. One more try?", "Tick it at TikTok"
    ),
    "asset_not_found": _other_choice("We can’t find {asset} in {bc}.", "Change it"),
    "asset_shared_elsewhere": _shared_elsewhere,
    "asset_owned_elsewhere": _other_choice(
        "{asset} belongs to another Business Center, so only its owner can share it. Ask them, or choose another."
    ),
    "asset_owned_by_person": _other_choice(
        "{asset} belongs to a person and not to {bc}, so it can’t be shared from there. Bring it into your Business "
        "Center first, or choose another."
    ),
    "request_pending": _other_choice(
        "Your Business Center has asked for {asset}, and its owner has not said yes. The owner does that in TikTok Ads "
        "Manager, in the messages (the bell). Only the owner can share it with {agency}; or choose another."
    ),
    "partner_declined": BlockerTexts(
        "{agency} declined the request in its Business Center. Nothing for you to do: {agency} knows, and asks again "
        "if "
        "it needs it."
    ),
    "partnership_ended": _to_share_again(
        "{agency} is no longer a partner of your Business Center, so {asset} isn’t shared."
    ),
    "share_without_effect": _without_effect,
    "access_interrupted": _to_share_again(
        "While the role was lowered, the access to {asset} was removed, and TikTok didn’t take the new one. Right now "
        "there is no access."
    ),
    "removal_refused": lambda case: BlockerTexts(
        f"TikTok didn’t let us take the access to {{asset}} away. {_REMOVE[case.kind.key]}", case.done, "check"
    ),
    "account_missing": _other_choice(
        "The pixel {asset} needs an ad account that is shared, and {account} isn’t part of this link any more."
    ),
    "platform_unavailable": _or_by_hand("TikTok hasn’t answered for a while. We keep trying.", "Do it by hand"),
    "invitation_pending": BlockerTexts("{asset} has to accept TikTok’s e-mail. Nothing for you to do."),
    "invitation_rejected": BlockerTexts(
        "{asset} said no to the invitation. {agency} talks to them. Nothing for you to do."
    ),
}

#: Codes that are about the Business Center itself.
ABOUT_CENTER = frozenset({"not_bc_admin", "bc_under_review", "bc_punished", "bc_denied", "bc_not_enabled"})


#: Title and sentence after an authorization that did not connect.
CAME_BACK: dict[str, tuple[str, str]] = {
    "cancelled": (
        "Nothing was shared.",
        "You came back from TikTok without connecting. Try again, or do it by hand.",
    ),
    "away": (
        "Still on your way back from TikTok?",
        "TikTok sends you a code by e-mail. Enter it there, and you come back here. Or start again.",
    ),
    "too_late": ("That took too long.", "TikTok’s answer was too old to use. One more tap does it."),
    "scope_missing": (
        "{agency}’s TikTok app lacks a permission.",
        "Nothing you did, and nothing was shared. {agency} knows which one. You can go on by hand right now.",
    ),
    "app_problem": (
        "Nothing you did.",
        "{agency}’s connection to TikTok needs a fix on its side. You can go on by hand right now.",
    ),
    "platform_changed": (
        "Nothing you did.",
        "TikTok answered in a way that Keyturn can’t read yet, and nothing was shared. {agency} knows about it. You "
        "can go on by hand right now.",
    ),
    "busy": ("TikTok is busy.", "Nothing was shared. Wait a minute and try again, or do it by hand."),
    "unknown": (
        "That way back from TikTok is too old.",
        "Nothing was shared. Press Connect with TikTok again.",
    ),
    "connect_here": (
        "Connect in this browser first.",
        "TikTok was connected in another browser. Connect here once, and what you agree to is done in your name.",
    ),
    "other_company": (
        "This sign-in can’t use the same Business Center.",
        "Sign in at TikTok as an Admin of the Business Center this link was started with.",
    ),
}

#: Outcomes that another authorization does not change: sharing by hand is offered first.
BY_HAND_FIRST = frozenset({"scope_missing", "app_problem", "platform_changed"})
