"""Texts for clients about each status and blocker: what happened, the next actor, one next action. Pure.

They depend on the case: kind of access, lane, and state of the client's authorization. The offered action is one that
the client can take at that moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.client_portal import screens
from app.kit.i18n.message import Message, _, _n, _p, sentences
from app.platforms.port import EVENTS_WITHIN, AssetKind

#: Action of a button under a blocker: authorize at the platform, check again, choose another asset, share by hand,
#: lower the role, or confirm the Business Center that shares the asset.
Does = Literal["connect", "check", "change", "by_hand", "reduce", "take_center"]
Tone = Literal["good", "moving", "yours", "quiet"]
Held = Literal["live", "given_back", "ended", "never"]
_ANY_KIND = AssetKind("asset", "asset", "assets", (), by_api=True)

CONNECT = _("Connect with {platform}")
_CHECK_AGAIN = _("Check again")
_SHARE_NOW = _("Share it now")
_SHOW_STEPS = _("Show me the steps")
_BY_HAND_LABEL = _("Do it by hand")
_CHOOSE_ANOTHER = _("Choose another")


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
    def done(self) -> Message:
        """Label of the button under the steps."""
        return done_label(can_look=self.can_look)

    @property
    def next(self) -> Message:
        """Next step for a client who has read the blocker."""
        steps = _("Follow the steps below, then press “{button}”.", button=self.done)
        return steps if self.can_look else sentences(steps, _("{agency} then confirms that it arrived."))


@dataclass(frozen=True)
class BlockerTexts:
    """A sentence and the button under it, if there is one.

    Placeholders: `{agency}`, `{asset}`, `{bc}`, `{shared_from}` (another Business Center), `{account}` (of a pixel),
    `{role}` agreed to, `{role_seen}`, and `{lacking}`, an ability that the latter lacks. `steps`: the steps by hand
    are shown below. `screen`: the screen for another choice.
    """

    sentence: Message
    label: Message | None = None
    does: Does | None = None
    steps: bool = False
    screen: str = ""


@dataclass(frozen=True)
class StatusTexts:
    """Status of an access request: a short label, a sentence, and a tone."""

    short: Message
    sentence: Message
    tone: Tone


def done_label(*, can_look: bool) -> Message:
    """Label of the button after the steps; it promises a check only if one is possible."""
    return _("Done — check now") if can_look else _("I’ve done it")


_YOUR_TURN = _("Your turn")
_NOT_CONFIRMED_YET = _("Not confirmed yet")

STATUSES: dict[str, StatusTexts] = {
    "waiting": StatusTexts(_("Not agreed yet"), _("Nothing happens until you say yes to it."), "yours"),
    "approved": StatusTexts(_("Sending"), _("We’re doing this at {platform} now. Nothing for you to do."), "moving"),
    "awaiting_partner": StatusTexts(
        _("Sent"), _("Sent. {platform} and {agency} are taking it up — nothing for you to do."), "moving"
    ),
    "awaiting_client": StatusTexts(_YOUR_TURN, Case().next, "yours"),
    "verified": StatusTexts(_("Verified"), _("We looked at {platform}, and it is exactly as agreed."), "good"),
    "attested": StatusTexts(_("Confirmed"), _("{agency} confirmed on {confirmed} that it works."), "quiet"),
    "blocked": StatusTexts(_("Needs a hand"), _("Something is in the way."), "yours"),
    "unverifiable": StatusTexts(
        _NOT_CONFIRMED_YET, _("We sent it and couldn’t confirm it yet. {agency} takes it from here."), "quiet"
    ),
    "drifted": StatusTexts(_("Changed"), _("It was verified, and is no longer as agreed."), "yours"),
    "declined": StatusTexts(_("You said no"), _("It was not shared."), "quiet"),
    "ended": StatusTexts(_("Ended"), _("{agency} no longer asks for this."), "quiet"),
}

#: Texts for access shared by hand.
_BY_HAND: dict[str, StatusTexts] = {
    "awaiting_partner": StatusTexts(
        _("Shared"), _("You’ve shared it. {platform} and {agency} are taking it up — nothing for you to do."), "moving"
    ),
    "unverifiable": StatusTexts(
        _NOT_CONFIRMED_YET, _("{agency} will confirm it; nothing more for you to do."), "quiet"
    ),
}
_NOT_SEEN_NOW = StatusTexts(
    _("Not confirmed now"),
    _(
        "It was verified, and {agency} can’t look at {platform} at the moment. {agency} takes care of that — "
        "nothing for "
        "you to do."
    ),
    "quiet",
)
_FOLLOWS = StatusTexts(_p("status", "Next"), _("This follows as soon as {account} is shared."), "moving")
_INVITED = StatusTexts(_("Invited"), _("{asset} has to accept {platform}’s e-mail. Nothing for you to do."), "moving")
_TO_ACCEPT = StatusTexts(
    _("Sent"), _("{agency} has to accept it in its Business Center. Nothing for you to do."), "moving"
)

LEAVING = StatusTexts(_("To be removed"), _("It is to be taken away again."), "yours")
#: Short label while a blocker waits for another actor than the client.
WAITING = _("Waiting")


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
        return StatusTexts(_YOUR_TURN, case.next, "yours")
    return (_BY_HAND if case.by_hand else {}).get(status, STATUSES[status])


def of_code(code: str, case: Case) -> BlockerTexts:
    """Texts of a blocker code for the case."""
    found = BLOCKERS.get(code, UNKNOWN)
    return found if isinstance(found, BlockerTexts) else found(case)


def of_leaving(case: Case, next_actor: str | None) -> BlockerTexts:
    """Texts for access that the agency no longer wants: who removes it, and how."""
    if next_actor == "us":
        return BlockerTexts(_("{agency} no longer needs {asset}. We’re taking the access away now."))
    if next_actor != "client":
        return BlockerTexts(_("{agency} no longer needs {asset} and takes care of the rest. Nothing for you to do."))
    if case.by_hand or case.held == "live":  # it was tried with the authorization: {platform} refused
        needless = _("{agency} no longer needs {asset}.")
        return BlockerTexts(sentences(needless, _REMOVE[case.kind.key]), case.done, "check")
    return BlockerTexts(
        _("{agency} no longer needs {asset}. Connect once, and we take the access away for you."),
        _("Take it back"),
        "connect",
    )


_REMOVE_SHARED = _("In Business Center, open Users, Partners, {agency}, and remove {asset}.")
_REMOVE: Mapping[str, Message] = {
    "ad_account": _REMOVE_SHARED,
    "catalog": _REMOVE_SHARED,
    "pixel": _("In Business Center, open Users, Partners, {agency}, and remove the pixel {asset}."),
    "person": _("In Business Center, open Users, Members, {asset}, and remove the access to the ad accounts there."),
}


def _connecting(sentence: Message, label: Message) -> Callable[[Case], BlockerTexts]:
    """Texts of a blocker that only an authorization at the platform resolves; by hand, the steps."""

    def words(case: Case) -> BlockerTexts:
        by_hand = case.by_hand and not case.choosing
        return _steps(_NOT_SHARED_YET, case) if by_hand else BlockerTexts(sentence, label, "connect")

    return words


_NOT_SHARED_YET = _("{asset} isn’t shared yet.")


def _steps(gone: Message, case: Case) -> BlockerTexts:
    """Text of missing access, with the steps by hand below."""
    return BlockerTexts(sentences(gone, case.next), case.done, "check", steps=True)


def _checked_again(sentence: Message) -> Callable[[Case], BlockerTexts]:
    """Texts of a problem that the client resolves at TikTok; then a check, with an authorization if necessary."""

    def words(case: Case) -> BlockerTexts:
        if (case.by_hand or case.held == "live") and not case.choosing:
            return BlockerTexts(sentence, _CHECK_AGAIN, "check")
        return BlockerTexts(sentence, _("Look again at {platform}"), "connect")

    return words


def _other_choice(
    sentence: Message, label: Message = _CHOOSE_ANOTHER, *, then: Message | None = None
) -> Callable[[Case], BlockerTexts]:
    """Texts that offer another asset. Access proved before cannot be replaced; it is checked again (`then`)."""

    def words(case: Case) -> BlockerTexts:
        if case.kind.is_person or case.was_verified:
            return _checked_again(sentences(sentence, then) if then else sentence)(case)
        return BlockerTexts(sentence, label, "change", screen=screens.choice_of(case.kind.key, case.kind.screen))

    return words


def _or_by_hand(sentence: Message, label: Message) -> Callable[[Case], BlockerTexts]:
    """Texts of a problem that the agency fixes; the client can also share by hand."""

    def words(case: Case) -> BlockerTexts:
        if case.choosing or case.by_hand:
            return BlockerTexts(sentence)
        return BlockerTexts(sentences(sentence, _("You can also do it by hand.")), label, "by_hand")

    return words


def _not_shared(case: Case) -> BlockerTexts:
    if case.kind.is_person and case.was_verified:
        gone = _("{asset} can’t open your ad accounts any more.")
    elif case.kind.is_person:
        gone = _("{asset} isn’t invited yet.")
    elif case.was_verified:
        gone = _("{asset} is no longer shared with {agency}.")
    else:
        gone = _("{asset} isn’t shared with {agency}.")
    if case.by_hand:
        return _steps(gone, case)
    return BlockerTexts(sentences(gone, _("Connect with {platform} once, and we share it.")), _SHARE_NOW, "connect")


def _shared_elsewhere(case: Case) -> BlockerTexts:
    if case.lane != "guided" or case.was_verified or case.choosing:
        return _not_shared(case)  # the Business Center was selected from a list, or proved
    return BlockerTexts(
        _(
            "{agency} sees {asset}, shared from Business Center {shared_from}. You gave us {bc}. Is {shared_from} "
            "yours? If it isn’t, follow the steps below."
        ),
        _("Yes, it’s ours"),
        "take_center",
        steps=True,
    )


def _to_share_again(gone: Message) -> Callable[[Case], BlockerTexts]:
    """Texts of lost access that is shared again, with a new authorization or by hand."""

    def words(case: Case) -> BlockerTexts:
        if case.by_hand:
            return _steps(gone, case)
        return BlockerTexts(
            sentences(gone, _("Connect with {platform} once, and we share it again.")), _SHARE_NOW, "connect"
        )

    return words


def _without_effect(case: Case) -> BlockerTexts:
    sentence = _("{platform} accepted the request for {asset}, but it had no effect.")
    if case.by_hand:
        return _steps(sentence, case)
    return BlockerTexts(sentences(sentence, _("A few steps by hand do it.")), _SHOW_STEPS, "by_hand")


def _pixel_not_linked(case: Case) -> BlockerTexts:
    if case.was_verified:
        gone = _("The pixel {asset} is no longer connected to {account}.")
    else:
        gone = _("The pixel {asset} isn’t connected to {account}.")
    if case.by_hand:
        return _steps(gone, case)
    return BlockerTexts(
        sentences(gone, _("Connect with {platform} once, and we do it.")), _("Connect the pixel"), "connect"
    )


def _role_too_low(case: Case) -> BlockerTexts:
    if case.kind.is_person:
        head = _("{asset} has “{role_seen}”, and you agreed to “{role}”. What is missing: {lacking}.")
        hand = _("In Business Center, open Users, Members, {asset}, and choose the role you agreed to.")
    else:
        head = _("{agency} has “{role_seen}” on {asset}, and you agreed to “{role}”. What is missing: {lacking}.")
        hand = _("In Business Center, open Users, Partners, {agency}, {asset}, and choose the role you agreed to.")
    if case.by_hand or case.held == "live":  # it was tried with the authorization: {platform} refused
        return BlockerTexts(sentences(head, hand), _CHECK_AGAIN, "check")
    return BlockerTexts(
        sentences(head, _("Connect with {platform} once, and we raise it for you.")), _("Raise it"), "connect"
    )


def _role_too_high(case: Case) -> BlockerTexts:
    if case.kind.is_person:
        return BlockerTexts(
            _(
                "{asset} can do everything here already, and more than {agency} asked for: “{role_seen}”. You need "
                "not remove anything. To give less, in Business Center, open Users, Members, {asset}, and choose "
                "“{role}”."
            ),
            _CHECK_AGAIN,
            "check",
        )
    head = _("{agency} got “{role_seen}” on {asset}. “{role}” is enough.")
    if case.by_hand or not case.kind.can_be_lowered:
        hand = _("In Business Center, open Users, Partners, {agency}, remove {asset}, and share it again as “{role}”.")
        return BlockerTexts(sentences(head, hand), _CHECK_AGAIN, "check")
    lower = _("We can lower it: the access is removed and shared again, with a short gap.")
    return BlockerTexts(sentences(head, lower), _("Lower it"), "reduce")


def _connection_dead(case: Case) -> BlockerTexts:
    if case.by_hand:
        return _steps(_NOT_SHARED_YET, case)
    if case.held == "given_back":
        return BlockerTexts(
            _(
                "We gave your permission back to {platform}, as we do when nothing is left to do. Connect again, and "
                "we "
                "do what you agreed to."
            ),
            CONNECT,
            "connect",
        )
    return BlockerTexts(
        _("Our permission at {platform} has ended. What you shared stays; connect again so we can go on."),
        CONNECT,
        "connect",
    )


def _agencys_own_center(case: Case) -> BlockerTexts:
    sentence = _("This is {agency}’s own Business Center.")
    if case.choosing:
        return BlockerTexts(sentences(sentence, _("Sign in as an Admin of yours.")), _SWITCH, "connect")
    if case.was_verified:
        return _checked_again(sentences(sentence, _("Ask {agency} which one is meant.")))(case)
    return BlockerTexts(sentences(sentence, _("Choose yours.")), _CHOOSE_ANOTHER, "change", screen=screens.ACCOUNT)


_SWITCH = _("Switch")
_SILENT = _n(
    "The pixel {asset} has received nothing in the last day. Open your website once; {platform} shows it "
    "some time later. "
    "Then check again.",
    "The pixel {asset} has received nothing in the last {count} days. Open your website once; {platform} shows it some "
    "time later. Then check again.",
    EVENTS_WITHIN.days,
)

#: Text of a code without a text of its own: the agency sees the platform's reason.
UNKNOWN = BlockerTexts(
    _("{platform} didn’t take this up. {agency} sees {platform}’s reason and takes it from here."),
    _CHECK_AGAIN,
    "check",
)

BLOCKERS: Mapping[str, BlockerTexts | Callable[[Case], BlockerTexts]] = {
    "asset_not_shared": _not_shared,
    "role_too_low": _role_too_low,
    "role_higher_than_requested": _role_too_high,
    "not_bc_admin": _connecting(
        _(
            "You’re a standard member of {bc}, and only an Admin can share. Forward {agency}’s message with the link "
            "to an Admin: they go on where you stopped. Or sign in again as an Admin."
        ),
        _("Sign in as an Admin"),
    ),
    "wrong_bc_selected": _connecting(
        _("You signed in to {platform} without {bc}. Sign in as an Admin of it."), _SWITCH
    ),
    "agencys_own_center": _agencys_own_center,
    "no_business_center": _connecting(
        _(
            "This {platform} sign-in has no Business Center yet. Create one at business.tiktok.com (about 3 "
            "minutes), or "
            "sign in as somebody who has one."
        ),
        _("Look again at {platform}"),
    ),
    "bc_under_review": _checked_again(
        _("{platform} is reviewing {bc}. Sharing works when that is over; it takes some days.")
    ),
    "bc_punished": _checked_again(
        _(
            "{platform} has restricted {bc} for breaking its rules, so nothing can be shared from it. Open "
            "business.tiktok.com to see why, and ask {platform}’s support to lift it."
        )
    ),
    "bc_denied": _checked_again(
        _(
            "{platform} has not approved {bc}, so nothing can be shared from it. Open business.tiktok.com to see "
            "what is "
            "missing."
        )
    ),
    "bc_not_enabled": _checked_again(
        _("{platform} lets nothing be shared from {bc} right now. Open business.tiktok.com to see why.")
    ),
    "pixel_not_linked": _pixel_not_linked,
    "pixel_silent": BlockerTexts(_SILENT, _CHECK_AGAIN, "check"),
    "pixel_events_unread": BlockerTexts(
        _(
            "The pixel {asset} is connected. {agency} can’t read yet whether events arrive, and takes care of that. "
            "Nothing for you to do."
        )
    ),
    "ad_account_suspended": _other_choice(
        _("{platform} has suspended {asset}. Ask {platform}’s support for the reason, or choose another ad account."),
        then=_("When it is lifted, check again."),
    ),
    "ad_account_limited": _other_choice(
        _(
            "{platform} has limited what can be done in {asset}. Open it in TikTok Ads Manager to see why, or choose "
            "another ad account."
        ),
        then=_("When it is lifted, check again."),
    ),
    "ad_account_in_review": BlockerTexts(
        _("{platform} is reviewing {asset}, so it can’t be used yet. This passes by itself; nothing for you to do.")
    ),
    "ad_account_disapproved": _other_choice(
        _(
            "{platform} has not approved {asset}. Open it in TikTok Ads Manager to see why, or choose another ad "
            "account."
        ),
        then=_("When it is approved, check again."),
    ),
    "consent_cancelled": _connecting(
        _("You came back from {platform} without connecting. Nothing was shared."), _("Try again")
    ),
    "consent_not_finished": _connecting(
        _("{platform} sends you a code by e-mail. Enter it there, and you come back here."), _("Go on at {platform}")
    ),
    "auth_code_expired": _connecting(_("That took too long. One more tap."), CONNECT),
    "not_connected": _connecting(
        _("You chose to let us do it, and we aren’t connected yet. Connect with {platform} once, and we go on."),
        CONNECT,
    ),
    "connection_dead": _connection_dead,
    "scope_not_authorized": _or_by_hand(
        _("{platform} hasn’t given {agency}’s app this permission yet. {agency} takes care of that."), _SHOW_STEPS
    ),
    "app_problem": _or_by_hand(
        _("Nothing you did: {agency}’s connection to {platform} needs a fix on its side."), _BY_HAND_LABEL
    ),
    "platform_changed": _or_by_hand(
        _("Nothing you did: {platform} answered in a way that Keyturn can’t read yet. {agency} knows about it."),
        _BY_HAND_LABEL,
    ),
    "agency_must_reauthorize": BlockerTexts(_("{agency} is finishing on its side. Nothing for you to do.")),
    "account_not_ticked": _connecting(
        _("{platform} asked which accounts to include, and {asset} was left out. One more try?"),
        _("Tick it at {platform}"),
    ),
    "asset_not_found": _other_choice(_("We can’t find {asset} in {bc}."), _("Change it")),
    "asset_shared_elsewhere": _shared_elsewhere,
    "asset_owned_elsewhere": _other_choice(
        _("{asset} belongs to another Business Center, so only its owner can share it. Ask them, or choose another.")
    ),
    "asset_owned_by_person": _other_choice(
        _(
            "{asset} belongs to a person and not to {bc}, so it can’t be shared from there. Bring it into your "
            "Business Center first, or choose another."
        )
    ),
    "request_pending": _other_choice(
        _(
            "Your Business Center has asked for {asset}, and its owner has not said yes. The owner does that in "
            "TikTok Ads Manager, in the messages (the bell). Only the owner can share it with {agency}; or choose "
            "another."
        )
    ),
    "partner_declined": BlockerTexts(
        _(
            "{agency} declined the request in its Business Center. Nothing for you to do: {agency} knows, and asks "
            "again if it needs it."
        )
    ),
    "partnership_ended": _to_share_again(
        _("{agency} is no longer a partner of your Business Center, so {asset} isn’t shared.")
    ),
    "share_without_effect": _without_effect,
    "access_interrupted": _to_share_again(
        _(
            "While the role was lowered, the access to {asset} was removed, and {platform} didn’t take the new "
            "one. Right "
            "now there is no access."
        )
    ),
    "removal_refused": lambda case: BlockerTexts(
        sentences(_("{platform} didn’t let us take the access to {asset} away."), _REMOVE[case.kind.key]),
        case.done,
        "check",
    ),
    "account_missing": _other_choice(
        _("The pixel {asset} needs an ad account that is shared, and {account} isn’t part of this link any more.")
    ),
    "platform_unavailable": _or_by_hand(_("{platform} hasn’t answered for a while. We keep trying."), _BY_HAND_LABEL),
    "invitation_pending": BlockerTexts(_("{asset} has to accept {platform}’s e-mail. Nothing for you to do.")),
    "invitation_rejected": BlockerTexts(
        _("{asset} said no to the invitation. {agency} talks to them. Nothing for you to do.")
    ),
}

#: Codes that are about the Business Center itself.
ABOUT_CENTER = frozenset({"not_bc_admin", "bc_under_review", "bc_punished", "bc_denied", "bc_not_enabled"})


@dataclass(frozen=True)
class CameBack:
    """Notice after an authorization that did not connect. Placeholders: `{agency}` and `{platform}`."""

    title: Message
    sentence: Message


#: Notices by outcome.
CAME_BACK: dict[str, CameBack] = {
    "cancelled": CameBack(
        _("Nothing was shared."), _("You came back from {platform} without connecting. Try again, or do it by hand.")
    ),
    "away": CameBack(
        _("Still on your way back from {platform}?"),
        _("{platform} sends you a code by e-mail. Enter it there, and you come back here. Or start again."),
    ),
    "too_late": CameBack(_("That took too long."), _("{platform}’s answer was too old to use. One more tap does it.")),
    "scope_missing": CameBack(
        _("{agency}’s {platform} app lacks a permission."),
        _("Nothing you did, and nothing was shared. {agency} knows which one. You can go on by hand right now."),
    ),
    "app_problem": CameBack(
        _("Nothing you did."),
        _("{agency}’s connection to {platform} needs a fix on its side. You can go on by hand right now."),
    ),
    "platform_changed": CameBack(
        _("Nothing you did."),
        _(
            "{platform} answered in a way that Keyturn can’t read yet, and nothing was shared. {agency} knows "
            "about it. "
            "You can go on by hand right now."
        ),
    ),
    "busy": CameBack(_("{platform} is busy."), _("Nothing was shared. Wait a minute and try again, or do it by hand.")),
    "unknown": CameBack(
        _("That way back from {platform} is too old."), _("Nothing was shared. Press Connect with {platform} again.")
    ),
    "connect_here": CameBack(
        _("Connect in this browser first."),
        _(
            "{platform} was connected in another browser. Connect here once, and what you agree to is done in "
            "your name."
        ),
    ),
    "other_company": CameBack(
        _("This sign-in can’t use the same Business Center."),
        _("Sign in at {platform} as an Admin of the Business Center this link was started with."),
    ),
}


def came_back(outcome: str, *, agency: str, platform: str) -> CameBack | None:
    """The notice of an outcome; None for one that needs none."""
    found = CAME_BACK.get(outcome)
    if found is None:
        return None
    names = {"agency": agency, "platform": platform}
    return CameBack(found.title.fill(**names), found.sentence.fill(**names))


#: Outcomes that another authorization does not change: sharing by hand is offered first.
BY_HAND_FIRST = frozenset({"scope_missing", "app_problem", "platform_changed"})
