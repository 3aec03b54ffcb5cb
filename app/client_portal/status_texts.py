"""Texts for clients about each status and blocker: what happened, the next actor, one next action. Pure.

They depend on the case: kind of access, lane, and state of the client's authorization. The offered action is one that
the client can take at that moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.client_portal import screens
from app.kit.i18n.message import Message, _, _n, _p, sentences
from app.platforms import declarations
from app.platforms.client_texts import ClientTexts
from app.platforms.port import EVENTS_WITHIN, AssetKind

#: Action of a button under a blocker: authorize at the platform, check again, choose another asset, share by hand,
#: lower the role, or confirm the account that shares the asset.
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
    `can_look`: the result can be read at the platform; otherwise the agency confirms it. `texts`: the platform's words.
    `in_message`: the texts are for a message that leads to the page, so they point to nothing on it.
    """

    kind: AssetKind = _ANY_KIND
    lane: str | None = "connected"
    held: Held = "never"
    was_verified: bool = False
    choosing: bool = False
    can_connect: bool = True
    can_look: bool = True
    texts: ClientTexts = ClientTexts()
    in_message: bool = False

    @property
    def by_hand(self) -> bool:
        """True if people share it: everything in the guided lane or without an app, else kinds that no API shares."""
        return self.lane == "guided" or not self.can_connect or not self.kind.by_api

    def own(self, code: str) -> Message:
        """The platform's own sentence about a blocker, else the neutral one."""
        return self.texts.sentences.get(code) or SENTENCES[code]

    @property
    def done(self) -> Message:
        """Label of the button under the steps."""
        return done_label(can_look=self.can_look)

    @property
    def next(self) -> Message:
        """Next step for a client who has read the blocker."""
        if self.in_message:
            return _("The link shows the steps.")
        steps = _("Follow the steps below, then press “{button}”.", button=self.done)
        return steps if self.can_look else sentences(steps, _("{agency} then confirms that it arrived."))


@dataclass(frozen=True)
class BlockerTexts:
    """A sentence and the button under it, if there is one.

    Placeholders: `{agency}`, `{asset}`, `{bc}`, `{shared_from}` (another account), `{account}` (of a pixel),
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
        return StatusTexts(_("Sent"), case.own("to_accept"), "moving")
    if status == "unverifiable" and case.was_verified:
        return _NOT_SEEN_NOW
    if status == "awaiting_client" or (status == "approved" and case.by_hand):
        if case.in_message:
            return StatusTexts(_YOUR_TURN, sentences(_NOT_SHARED_YET, case.next), "yours")
        return StatusTexts(_YOUR_TURN, case.next, "yours")
    return (_BY_HAND if case.by_hand else {}).get(status, STATUSES[status])


def of_code(code: str, case: Case) -> BlockerTexts:
    """Texts of a blocker code for the case."""
    if code not in BLOCKER_TEXTS:
        return UNKNOWN
    return BLOCKER_TEXTS[code](case, case.own(code) if code in SENTENCES else UNKNOWN.sentence)


def of_leaving(case: Case, next_actor: str | None) -> BlockerTexts:
    """Texts for access that the agency no longer wants: who removes it, and how."""
    if next_actor == "us":
        return BlockerTexts(_("{agency} no longer needs {asset}. We’re taking the access away now."))
    if next_actor != "client":
        return BlockerTexts(_("{agency} no longer needs {asset} and takes care of the rest. Nothing for you to do."))
    if case.by_hand or case.held == "live":  # it was tried with the authorization: {platform} refused
        needless = _("{agency} no longer needs {asset}.")
        return BlockerTexts(sentences(needless, case.kind.texts.remove), case.done, "check")
    return BlockerTexts(
        _("{agency} no longer needs {asset}. Connect once, and we take the access away for you."),
        _("Take it back"),
        "connect",
    )


#: Texts of a blocker for a case, with the sentence of its code.
Words = Callable[[Case, Message], BlockerTexts]


def _said(label: Message | None = None, does: Does | None = None) -> Words:
    """The sentence alone, or with a button."""
    return lambda _case, sentence: BlockerTexts(sentence, label, does)


def _connecting(label: Message) -> Words:
    """Texts of a blocker that only an authorization at the platform resolves; by hand, the steps."""

    def words(case: Case, sentence: Message) -> BlockerTexts:
        by_hand = case.by_hand and not case.choosing
        return _steps(_NOT_SHARED_YET, case) if by_hand else BlockerTexts(sentence, label, "connect")

    return words


_NOT_SHARED_YET = _("{asset} isn’t shared yet.")


def _steps(gone: Message, case: Case) -> BlockerTexts:
    """Text of missing access, with the steps by hand below."""
    return BlockerTexts(sentences(gone, case.next), case.done, "check", steps=True)


def _checked_again(case: Case, sentence: Message) -> BlockerTexts:
    """Texts of a problem that the client resolves at the platform; then a check, authorized again if necessary."""
    if (case.by_hand or case.held == "live") and not case.choosing:
        return BlockerTexts(sentence, _CHECK_AGAIN, "check")
    return BlockerTexts(sentence, _("Look again at {platform}"), "connect")


def _other_choice(label: Message = _CHOOSE_ANOTHER, *, then: Message | None = None) -> Words:
    """Texts that offer another asset. Access proved before cannot be replaced; it is checked again (`then`)."""

    def words(case: Case, sentence: Message) -> BlockerTexts:
        if case.kind.is_person or case.was_verified:
            return _checked_again(case, sentences(sentence, then) if then else sentence)
        return BlockerTexts(sentence, label, "change", screen=screens.ASSETS)

    return words


def _or_by_hand(label: Message) -> Words:
    """Texts of a problem that the agency fixes; the client can also share by hand."""

    def words(case: Case, sentence: Message) -> BlockerTexts:
        if case.choosing or case.by_hand:
            return BlockerTexts(sentence)
        return BlockerTexts(sentences(sentence, _("You can also do it by hand.")), label, "by_hand")

    return words


def _not_shared(case: Case, _sentence: Message | None = None) -> BlockerTexts:
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


def _shared_elsewhere(case: Case, sentence: Message) -> BlockerTexts:
    if case.lane != "guided" or case.was_verified or case.choosing:
        return _not_shared(case)  # the account was selected from a list, or proved
    return BlockerTexts(sentence, _("Yes, it’s ours"), "take_center", steps=True)


def _to_share_again(case: Case, gone: Message) -> BlockerTexts:
    """Texts of lost access that is shared again, with a new authorization or by hand."""
    if case.by_hand:
        return _steps(gone, case)
    return BlockerTexts(
        sentences(gone, _("Connect with {platform} once, and we share it again.")), _SHARE_NOW, "connect"
    )


def _without_effect(case: Case, sentence: Message) -> BlockerTexts:
    if case.by_hand:
        return _steps(sentence, case)
    return BlockerTexts(sentences(sentence, _("A few steps by hand do it.")), _SHOW_STEPS, "by_hand")


def _pixel_not_linked(case: Case, _sentence: Message) -> BlockerTexts:
    if case.was_verified:
        gone = _("The pixel {asset} is no longer connected to {account}.")
    else:
        gone = _("The pixel {asset} isn’t connected to {account}.")
    if case.by_hand:
        return _steps(gone, case)
    return BlockerTexts(
        sentences(gone, _("Connect with {platform} once, and we do it.")), _("Connect the pixel"), "connect"
    )


def _role_too_low(case: Case, _sentence: Message) -> BlockerTexts:
    if case.kind.is_person:
        head = _("{asset} has “{role_seen}”, and you agreed to “{role}”. What is missing: {lacking}.")
    else:
        head = _("{agency} has “{role_seen}” on {asset}, and you agreed to “{role}”. What is missing: {lacking}.")
    if case.by_hand or case.held == "live":  # it was tried with the authorization: {platform} refused
        return BlockerTexts(sentences(head, case.kind.texts.raise_role), _CHECK_AGAIN, "check")
    return BlockerTexts(
        sentences(head, _("Connect with {platform} once, and we raise it for you.")), _("Raise it"), "connect"
    )


def _role_too_high(case: Case, _sentence: Message) -> BlockerTexts:
    if case.kind.is_person:
        more = _(
            "{asset} can do everything here already, and more than {agency} asked for: “{role_seen}”. You need not "
            "remove anything."
        )
        return BlockerTexts(sentences(more, case.kind.texts.lower_role), _CHECK_AGAIN, "check")
    head = _("{agency} got “{role_seen}” on {asset}. “{role}” is enough.")
    if case.by_hand or not case.kind.can_be_lowered:
        return BlockerTexts(sentences(head, case.kind.texts.lower_role), _CHECK_AGAIN, "check")
    lower = _("We can lower it: the access is removed and shared again, with a short gap.")
    return BlockerTexts(sentences(head, lower), _("Lower it"), "reduce")


def _connection_dead(case: Case, sentence: Message) -> BlockerTexts:
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
    return BlockerTexts(sentence, CONNECT, "connect")


def _agencys_own_account(case: Case, sentence: Message) -> BlockerTexts:
    if case.choosing:
        return BlockerTexts(sentences(sentence, _("Sign in as an Admin of yours.")), _SWITCH, "connect")
    if case.was_verified:
        return _checked_again(case, sentences(sentence, _("Ask {agency} which one is meant.")))
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

#: Sentences by blocker code, and `to_accept` of a status. A platform may have words of its own for each; codes
#: without a sentence have several, by case.
SENTENCES: Mapping[str, Message] = {
    "to_accept": _("{agency} has to accept it at {platform}. Nothing for you to do."),
    "not_bc_admin": _(
        "You’re a standard member of {bc}, and only an Admin can share. Forward {agency}’s message with the link to an "
        "Admin: they continue where you stopped. Or sign in again as an Admin."
    ),
    "wrong_bc_selected": _("You signed in to {platform} without {bc}. Sign in as an Admin of it."),
    "agencys_own_center": _("This is {agency}’s own account."),
    "no_business_center": _(
        "This {platform} sign-in has no account that can share. Sign in as somebody who has one."
    ),
    "bc_under_review": _("{platform} is reviewing {bc}. Sharing works when that is over; it takes some days."),
    "bc_punished": _(
        "{platform} has restricted {bc} for breaking its rules, so nothing can be shared from it. Ask {platform}’s "
        "support to lift it."
    ),
    "bc_denied": _(
        "{platform} has not approved {bc}, so nothing can be shared from it. Look there to see what is missing."
    ),
    "bc_not_enabled": _("{platform} lets nothing be shared from {bc} right now. Look there to see why."),
    "pixel_silent": _SILENT,
    "pixel_events_unread": _(
        "The pixel {asset} is connected. {agency} can’t read yet whether events arrive, and takes care of that. "
        "Nothing for you to do."
    ),
    "ad_account_suspended": _(
        "{platform} has suspended {asset}. Ask {platform}’s support for the reason, or choose another ad account."
    ),
    "ad_account_limited": _(
        "{platform} has limited what can be done in {asset}. Look there to see why, or choose another ad account."
    ),
    "ad_account_in_review": _(
        "{platform} is reviewing {asset}, so it can’t be used yet. This passes by itself; nothing for you to do."
    ),
    "ad_account_disapproved": _(
        "{platform} has not approved {asset}. Look there to see why, or choose another ad account."
    ),
    "consent_cancelled": _("You came back from {platform} without connecting. Nothing was shared."),
    "consent_not_finished": _("{platform} sends you a code by e-mail. Enter it there, and you come back here."),
    "auth_code_expired": _("That took too long. One more tap."),
    "not_connected": _(
        "You chose to let us do it, and we aren’t connected yet. Connect with {platform} once, and we continue."
    ),
    "connection_dead": _(
        "Our permission at {platform} has ended. What you shared stays; connect again so we can continue."
    ),
    "scope_not_authorized": _(
        "{platform} hasn’t given {agency}’s app this permission yet. {agency} takes care of that."
    ),
    "app_problem": _("Nothing you did: {agency}’s connection to {platform} needs a fix on its side."),
    "platform_changed": _(
        "Nothing you did: {platform} answered in a way that Keyturn can’t read yet. {agency} knows about it."
    ),
    "agency_must_reauthorize": _("{agency} is finishing on its side. Nothing for you to do."),
    "account_not_ticked": _(
        "{platform} asked which accounts to include, and {asset} was left out. One more try?"
    ),
    "asset_not_found": _("We can’t find {asset} in {bc}."),
    "asset_shared_elsewhere": _(
        "{agency} sees {asset}, shared from the account {shared_from}. You gave us {bc}. Is {shared_from} yours? If it "
        "isn’t, follow the steps below."
    ),
    "asset_owned_elsewhere": _(
        "{asset} belongs to another account, so only its owner can share it. Ask them, or choose another."
    ),
    "asset_owned_by_person": _(
        "{asset} belongs to a person and not to {bc}, so it can’t be shared from there. Move it there first, or choose "
        "another."
    ),
    "request_pending": _(
        "You have asked for {asset}, and its owner has not said yes. Only the owner can share it with {agency}; or "
        "choose another."
    ),
    "partner_declined": _(
        "{agency} declined the request. Nothing for you to do: {agency} knows, and asks again if it needs it."
    ),
    "partnership_ended": _("{agency} is no longer a partner of your account, so {asset} isn’t shared."),
    "share_without_effect": _("{platform} accepted the request for {asset}, but it had no effect."),
    "access_interrupted": _(
        "While the role was lowered, the access to {asset} was removed, and {platform} didn’t take the new one. Right "
        "now there is no access."
    ),
    "removal_refused": _("{platform} didn’t let us take the access to {asset} away."),
    "account_missing": _(
        "The pixel {asset} needs an ad account that is shared, and {account} isn’t part of this link any more."
    ),
    "platform_unavailable": _("{platform} hasn’t answered for a while. We keep trying."),
    "tt_account_already_linked": _(
        "This account is linked to another business login. Log out there and choose another account, or ask who linked "
        "it."
    ),
    "invitation_pending": _("{asset} has to accept {platform}’s e-mail. Nothing for you to do."),
    "invitation_rejected": _("{asset} said no to the invitation. {agency} talks to them. Nothing for you to do."),
}  # fmt: skip

BLOCKER_TEXTS: Mapping[str, Words] = {
    "asset_not_shared": _not_shared,
    "role_too_low": _role_too_low,
    "role_higher_than_requested": _role_too_high,
    "not_bc_admin": _connecting(_("Sign in as an Admin")),
    "wrong_bc_selected": _connecting(_SWITCH),
    "agencys_own_center": _agencys_own_account,
    "no_business_center": _connecting(_("Look again at {platform}")),
    **dict.fromkeys(("bc_under_review", "bc_punished", "bc_denied", "bc_not_enabled"), _checked_again),
    "pixel_not_linked": _pixel_not_linked,
    "pixel_silent": _said(_CHECK_AGAIN, "check"),
    **dict.fromkeys(
        ("ad_account_suspended", "ad_account_limited"), _other_choice(then=_("When it is lifted, check again."))
    ),
    "ad_account_disapproved": _other_choice(then=_("When it is approved, check again.")),
    "consent_cancelled": _connecting(_("Try again")),
    "consent_not_finished": _connecting(_("Continue at {platform}")),
    "auth_code_expired": _connecting(CONNECT),
    "not_connected": _connecting(CONNECT),
    "connection_dead": _connection_dead,
    "scope_not_authorized": _or_by_hand(_SHOW_STEPS),
    **dict.fromkeys(("app_problem", "platform_changed", "platform_unavailable"), _or_by_hand(_BY_HAND_LABEL)),
    "account_not_ticked": _connecting(_("Tick it at {platform}")),
    "asset_not_found": _other_choice(_("Change it")),
    "asset_shared_elsewhere": _shared_elsewhere,
    **dict.fromkeys(
        ("asset_owned_elsewhere", "asset_owned_by_person", "request_pending", "account_missing"), _other_choice()
    ),
    **dict.fromkeys(("partnership_ended", "access_interrupted"), _to_share_again),
    "share_without_effect": _without_effect,
    "removal_refused": lambda case, sentence: BlockerTexts(
        sentences(sentence, case.kind.texts.remove), case.done, "check"
    ),
    **dict.fromkeys(
        (
            "pixel_events_unread", "ad_account_in_review", "agency_must_reauthorize", "partner_declined",
            "invitation_pending", "invitation_rejected", "tt_account_already_linked",
        ),
        _said(),
    ),
}  # fmt: skip

#: Codes that are about the client's account itself.
ABOUT_ACCOUNT = frozenset({"not_bc_admin", "bc_under_review", "bc_punished", "bc_denied", "bc_not_enabled"})


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
        _("Nothing you did, and nothing was shared. {agency} knows which one. You can continue by hand right now."),
    ),
    "app_problem": CameBack(
        _("Nothing you did."),
        _("{agency}’s connection to {platform} needs a fix on its side. You can continue by hand right now."),
    ),
    "platform_changed": CameBack(
        _("Nothing you did."),
        _(
            "{platform} answered in a way that Keyturn can’t read yet, and nothing was shared. {agency} knows "
            "about it. "
            "You can continue by hand right now."
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
    "other_company": CameBack(_("This sign-in can’t use the account of this link."), ClientTexts.other_company),
}


def came_back(outcome: str, *, agency: str, platform: str) -> CameBack | None:
    """The notice of an outcome at a platform, by its key; None for one that needs none."""
    found = CAME_BACK.get(outcome)
    if found is None:
        return None
    names = {"agency": agency, "platform": declarations.name(platform)}
    sentence = declarations.texts(platform).other_company if outcome == "other_company" else found.sentence
    return CameBack(found.title.fill(**names), sentence.fill(**names))


#: Outcomes that another authorization does not change: sharing by hand is offered first.
BY_HAND_FIRST = frozenset({"scope_missing", "app_problem", "platform_changed"})
