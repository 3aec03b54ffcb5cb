"""What TikTok's return codes mean for us (https://business-api.tiktok.com/portal/docs?id=1737172488964097). Pure."""

import re
from typing import Literal

from app.platforms.tiktok import scopes

Meaning = Literal["ok", "denied", "unavailable", "limited", "unclear"]

OK = 0
#: 40016, 40100 the app, 40133 one ad account, 40132 one pixel: which limit it was is not told, all are obeyed alike.
_LIMITED = {40016, 40100, 40132, 40133}
#: A task under way, a write conflict, maintenance: nothing was done, and it passes by itself.
_LATER = {40200, 40201, 40202, 60001}
#: Accepted in part, or a duplicate of a call under way: only a look can tell.
_LOOK = {20001, 40050}
#: From here on the fault is TikTok's.
_THEIRS = 50000
_TOKEN_DEAD = {40102, 40103, 40105, 40106, 40107, 40108}
_NO_SUCH_ASSET = {40007, 40300, 40301}
GONE = 40007
_NO_PERMISSION = 40001
_INVALID = 40002
#: How a refusal reads that is about the asset, e.g. "You don't have permission to the asset(7200000000000000101)".
_ABOUT_ASSET = "permission to the asset"
#: TikTok's codes for a token that is not the app's; only a new authorization helps.
_MAY_BE_OF_ANOTHER_APP = {40000, _INVALID, 40113}
#: "app_id is inconsistent with the token's app information"; a sentence that may also mean a blocked app is no sign.
_OF_ANOTHER_APP = re.compile(
    r"^(?!.*\bblocked\b).*app_?\s?id\b.*(inconsistent|not match|mismatch).*token", re.IGNORECASE | re.DOTALL
)
#: How a refusal reads where there is no partnership, e.g. "Business Center 7000999988887777666 is not your partner."
_NO_PARTNER = re.compile(
    r"\b(no|not|non|isn't|aren't|never)\b.*\bpartner|\bpartner\w*\b.*\b(no|not|doesn't)\b", re.IGNORECASE
)


def meaning(code: int, *, write: bool) -> Meaning:
    """What a code asks of us. Where the fault is TikTok's a read is repeated, and a write is looked at."""
    if code == OK:
        return "ok"
    if code in _LIMITED:
        return "limited"
    if code in _LOOK:
        return "unclear" if write else "unavailable"
    if code in _LATER:
        return "unavailable"
    if code >= _THEIRS:
        return "unclear" if write else "unavailable"
    return "denied"


def blocker(code: int, message: str = "") -> str:
    """The blocker a refusal stands for; what names the app or the settings, or is unknown, is `app_problem`.

    40001 covers a person who is no Admin, a role too low and a permission not granted: what it means for a read with
    the agency's token only the caller knows, who finds the code in `Denied.call.code`.
    """
    if code in _TOKEN_DEAD or (code in _MAY_BE_OF_ANOTHER_APP and _OF_ANOTHER_APP.search(message)):
        return "connection_dead"
    if code == 40110:
        return "auth_code_expired"
    if code == _NO_PERMISSION:
        return "scope_not_authorized" if scopes.named_in(message) else "not_bc_admin"
    if code in _NO_SUCH_ASSET or (code == _INVALID and about_asset(code, message)):
        return "asset_not_found"
    return "app_problem"


def about_asset(code: int, message: str) -> bool:
    """True if it is this asset that was refused: then another way to read it may be open."""
    return code in (_NO_PERMISSION, _INVALID) and _ABOUT_ASSET in message.lower()


def no_partner(code: int | None, message: str) -> bool:
    """True if a refusal may mean that two Business Centers are not partners; `/bc/partner/get/` gives certainty."""
    return code in (_NO_PERMISSION, _INVALID, GONE) and _NO_PARTNER.search(message) is not None


def retry_after(code: int) -> float:
    """Seconds to wait before the first repetition; repeated trouble escalates in the budget and the schedules."""
    return 300.0 if code == 60001 else 1.0
