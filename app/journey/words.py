"""What clients read of each state and blocker: what happened, whose turn it is, the one next thing to do."""

from dataclasses import dataclass
from typing import Literal

#: What a button under a blocker does: trip to the platform, look again, another choice, the steps by hand.
Does = Literal["connect", "check", "change", "by_hand", "reduce"]
Tone = Literal["good", "moving", "yours", "quiet"]


@dataclass(frozen=True)
class Blocker:
    """A sentence with `{agency}`, `{asset}` and `{bc}`, and the button under it, if there is one."""

    sentence: str
    label: str | None = None
    does: Does | None = None


@dataclass(frozen=True)
class StateWords:
    """An ask's state in one word, in one sentence, and how loud it is."""

    short: str
    sentence: str
    tone: Tone


_NEXT = "Follow the steps below, then press “Done — check now”."

STATES: dict[str, StateWords] = {
    "waiting": StateWords("Not agreed yet", "Nothing happens until you say yes to it.", "yours"),
    "approved": StateWords("Sending", "We’re sending this to TikTok now. Nothing for you to do.", "moving"),
    "awaiting_partner": StateWords(
        "Sent", "Sent. TikTok and {agency} are taking it up — nothing for you to do.", "moving"
    ),
    "awaiting_client": StateWords("Your turn", "TikTok is waiting for you.", "yours"),
    "verified": StateWords("Verified", "We looked at TikTok, and it is exactly as agreed.", "good"),
    "attested": StateWords(
        "Confirmed",
        "{agency} says it works. We’ll verify it ourselves as soon as TikTok lets us look.",
        "quiet",
    ),
    "blocked": StateWords("Needs a hand", "Something is in the way.", "yours"),
    "unverifiable": StateWords(
        "Not confirmed yet", "Shared, but we couldn’t confirm it yet. {agency} takes it from here.", "quiet"
    ),
    "drifted": StateWords("Changed", "It was verified, and is no longer as agreed.", "yours"),
    "declined": StateWords("You said no", "It was not shared.", "quiet"),
    "ended": StateWords("Ended", "{agency} no longer asks for this.", "quiet"),
}

#: Where the guided lane says it otherwise.
_GUIDED: dict[str, StateWords] = {
    "approved": StateWords("Your turn", _NEXT, "yours"),
    "awaiting_client": StateWords("Your turn", _NEXT, "yours"),
    "awaiting_partner": StateWords(
        "Shared", "You’ve shared it. TikTok and {agency} are taking it up — nothing for you to do.", "moving"
    ),
    "unverifiable": StateWords(
        "Not confirmed yet",
        "We can’t look at TikTok yet. {agency} checks on its side and takes it from here.",
        "quiet",
    ),
}

#: Where a role is too high and only the client can lower it.
LOWER_BY_HAND = Blocker(
    "{agency} got more on {asset} than it asked for. In Business Center, open Users, Partners, {agency}, remove "
    "{asset}, and share it again in the role you agreed to.",
    "Check again",
    "check",
)

LEAVING = StateWords("To be removed", "It is to be taken away again.", "yours")

#: What is said of access the agency no longer wants: by whom it is taken away, and how.
LEAVES = Blocker("{agency} no longer needs {asset}. We’re taking the access away now.")
LEAVES_BY_TRIP = Blocker(
    "{agency} no longer needs {asset}. Connect once, and we take the access away for you.", "Take it back", "connect"
)
LEAVES_BY_HAND = Blocker(
    "{agency} no longer needs {asset}. In Business Center, open Users, Partners, {agency}, and remove it.",
    "Done — check now",
    "check",
)

#: Said of a code that has no words of its own: whatever it is, the agency sees the platform's reason.
UNKNOWN = Blocker(
    "TikTok didn’t take this up. {agency} sees TikTok’s reason and takes it from here.",
    "Check again",
    "check",
)

_REVIEWED = "TikTok is reviewing {asset}, so it can’t be used yet. This is usually not something we can speed up."

BLOCKERS: dict[str, Blocker] = {
    "asset_not_shared": Blocker(
        "Your Business Center is linked, but {asset} isn’t shared with {agency}.", "Share it now", "connect"
    ),
    "role_too_low": Blocker(
        "{agency} can see {asset}, but not run ads in it yet. In Business Center, open Users, Partners, "
        "{agency}, and raise the role to the one you agreed to.",
        "Check again",
        "check",
    ),
    "role_higher_than_requested": Blocker(
        "{agency} got more on {asset} than it asked for. We can lower it to what you agreed to: the access is "
        "removed and shared anew, with a short gap.",
        "Lower it",
        "reduce",
    ),
    "not_bc_admin": Blocker(
        "You’re a standard member of {bc}, and only an Admin can share. Forward {agency}’s message with "
        "the link to an Admin: they go on where you stopped. Or sign in again as an Admin.",
        "Sign in as an Admin",
        "connect",
    ),
    "wrong_bc_selected": Blocker("You signed in to another Business Center than {bc}.", "Switch", "connect"),
    "agencys_own_center": Blocker(
        "This is {agency}’s own Business Center. Sign in as an Admin of yours.", "Switch", "connect"
    ),
    "wrong_account": Blocker("You’re signed in to TikTok as a different person.", "Switch", "connect"),
    "no_business_center": Blocker(
        "This TikTok sign-in has no Business Center yet. Create one at business.tiktok.com (about 3 "
        "minutes), or sign in as somebody who has one.",
        "Look again at TikTok",
        "connect",
    ),
    "pixel_not_linked": Blocker("The pixel isn’t connected to {asset}.", "Check again", "check"),
    "pixel_silent": Blocker(
        "The pixel has sent nothing in 24 hours. Open your website once, then check again.",
        "Check again",
        "check",
    ),
    "ad_account_suspended": Blocker(
        "TikTok has suspended {asset}. Ask TikTok’s support for the reason; until then choose another account."
    ),
    "ad_account_in_review": Blocker(_REVIEWED),
    "ad_account_disapproved": Blocker(
        "TikTok has not approved {asset}. Open it in TikTok Ads Manager to see why; until then choose another account."
    ),
    "tt_account_already_linked": Blocker(
        "{asset} is linked to another business sign-in. Log out, choose another, or ask who linked it.",
        "Check again",
        "check",
    ),
    "consent_cancelled": Blocker("Nothing was shared.", "Try again", "connect"),
    "auth_code_expired": Blocker("That took too long. One more tap.", "Connect with TikTok", "connect"),
    "scope_not_authorised": Blocker(
        "We can’t do this automatically: TikTok hasn’t given {agency}’s app this permission. A few "
        "steps by hand do it.",
        "Show me the steps",
        "by_hand",
    ),
    "rate_limited": Blocker("TikTok is busy; we’ll keep trying. Nothing for you to do."),
    "unverifiable": Blocker("Shared, but we couldn’t confirm it yet. {agency} takes it from here."),
    "account_not_ticked": Blocker(
        "TikTok asked which accounts to include, and {asset} was left out. One more try?",
        "Tick it at TikTok",
        "connect",
    ),
    "asset_not_found": Blocker("We can’t find {asset} in {bc}. Check the number?", "Change it", "change"),
    "consent_not_finished": Blocker(
        "TikTok sends you a code by e-mail. Enter it there, and you come back here.",
        "Go on at TikTok",
        "connect",
    ),
    "not_connected": Blocker(
        "You chose to let us do it, and we aren’t connected yet. Connect with TikTok once, and we go on.",
        "Connect with TikTok",
        "connect",
    ),
    "connection_dead": Blocker(
        "Our permission at TikTok has ended. What you shared stays; connect once more so we can go on.",
        "Connect with TikTok",
        "connect",
    ),
    "app_problem": Blocker(
        "Nothing you did. {agency}’s connection to TikTok needs a fix; you can also do it by hand.",
        "Do it by hand",
        "by_hand",
    ),
    "agency_must_reauthorise": Blocker("Nothing to do for you. {agency} is finishing on its side."),
    "bc_not_enabled": Blocker(
        "TikTok has {bc} under review; sharing works again when that is over.",
        "Look again at TikTok",
        "connect",
    ),
    "asset_owned_elsewhere": Blocker(
        "{asset} belongs to another Business Center, so only its owner can share it. Ask them, or choose another.",
        "Choose another",
        "change",
    ),
    "invitation_rejected": Blocker(
        "{asset} said no to your invitation. Nothing for you to do: {agency} talks to them.", "Check again", "check"
    ),
    "pixel_events_unread": Blocker(
        "The pixel {asset} is connected. {agency} can’t read yet whether events arrive, and takes care of that. "
        "Nothing for you to do."
    ),
    "partner_declined": Blocker(
        "{agency} declined the request for {asset} in its Business Center, or it was removed there. Nothing for you to "
        "do: {agency} asks again if it still needs it."
    ),
    "partnership_ended": Blocker(
        "{agency} is no longer a partner of your Business Center, so {asset} isn’t shared any more.",
        "Share it now",
        "connect",
    ),
    "share_without_effect": Blocker(
        "TikTok accepted the request to share {asset}, and nothing came of it. A few steps by hand do it.",
        "Show me the steps",
        "by_hand",
    ),
    "access_interrupted": Blocker(
        "While the role was lowered, {agency}’s access to {asset} was removed, and TikTok didn’t take the new share. "
        "Right now {agency} has no access.",
        "Share it now",
        "connect",
    ),
    "removal_refused": Blocker(
        "TikTok didn’t let us remove {agency}’s access to {asset}. In Business Center, open Users, Partners, {agency}, "
        "and remove it there.",
        "Done — check now",
        "check",
    ),
    "account_missing": Blocker(
        "The pixel {asset} needs its ad account to be shared first, and that isn’t part of this link any more.",
        "Choose another",
        "change",
    ),
    "platform_unavailable": Blocker(
        "TikTok hasn’t answered for a while. We keep trying; you can also do it by hand.", "Do it by hand", "by_hand"
    ),
    "request_pending": Blocker(
        "A request for {asset} is already waiting in your Business Center: open Users, then Partners, and approve it.",
        "Check again",
        "check",
    ),
}


#: Codes that are about the Business Center itself.
ABOUT_CENTER = frozenset({"not_bc_admin", "bc_not_enabled"})

#: What the screen says after a trip to the platform that did not connect: a title, and a sentence.
CAME_BACK: dict[str, tuple[str, str]] = {
    "cancelled": (
        "Nothing was shared.",
        "You came back from TikTok without connecting. Try again, or do it by hand.",
    ),
    "away": (
        "Still on your way back from TikTok?",
        "TikTok sends you a code by e-mail. Enter it there, and you come back here. Or set out once more.",
    ),
    "too_late": ("That took too long.", "TikTok’s answer was too old to use. One more tap does it."),
    "scope_missing": (
        "TikTok didn’t give all permissions this needs.",
        "Nothing was shared. Try once more and leave everything ticked, or do it by hand.",
    ),
    "app_problem": (
        "Nothing you did.",
        "{agency}’s connection to TikTok needs a fix on its side. You can go on by hand right now.",
    ),
    "busy": ("TikTok is busy.", "Nothing was shared. Wait a minute and try again, or do it by hand."),
    "unknown": (
        "This way back was used already.",
        "Nothing was shared. Press Connect with TikTok once more.",
    ),
}


def of_state(state: str, lane: str | None) -> StateWords:
    """The words of a state in a lane."""
    return (_GUIDED if lane == "guided" else {}).get(state, STATES[state])


def of_code(code: str) -> Blocker:
    """The words of a blocker."""
    return BLOCKERS.get(code, UNKNOWN)
