"""Meaning of TikTok's return codes (https://business-api.tiktok.com/portal/docs?id=1737172488964097). Pure."""

import re
from typing import Literal

from app.platforms.tiktok import scopes

Meaning = Literal["ok", "denied", "unavailable", "limited", "unclear"]

OK = 0
#: 40016, 40100 the app, 40133 one ad account, 40132 one pixel: TikTok does not say which limit was hit; all are treated
#: alike.
_LIMITED = {40016, 40100, 40132, 40133}
#: A task in progress, a write conflict, maintenance: nothing was done, and the condition is temporary.
_LATER = {40200, 40201, 40202, 60001}
#: Accepted in part, or a duplicate of a call in progress: only a read can tell.
_LOOK = {20001, 40050}
#: Codes from here on are TikTok's own failures.
_THEIRS = 50000
_TOKEN_DEAD = {40102, 40103, 40105, 40106, 40107, 40108}
_NO_SUCH_ASSET = {40007, 40300, 40301}
GONE = 40007
#: Refusals of an unknown token, and of an app or its secret.
NO_SUCH_TOKEN = 40105
WRONG_APP = frozenset({40101, 40113, 40115, 40116, 40117, 40119, 40124, 40125})
_NO_PERMISSION = 40001
_INVALID = 40002
#: Message of a refusal about the asset, e.g. "You don't have permission to the asset(7200000000000000101)".
_ABOUT_ASSET = "permission to the asset"
#: Codes for an invalid token, except those about the app; only a new authorization helps.
_MAY_BE_OF_ANOTHER_APP = {40000, _INVALID, 40113}
#: "app_id is inconsistent with the token's app information"; a message that may also mean a blocked app does not count.
_OF_ANOTHER_APP = re.compile(
    r"^(?!.*\bblocked\b).*app_?\s?id\b.*(inconsistent|not match|mismatch).*token", re.IGNORECASE | re.DOTALL
)
#: Message of a refusal without partnership, e.g. "Business Center 7000999988887777666 is not your partner."
_NO_PARTNER = re.compile(
    r"\b(no|not|non|isn't|aren't|never)\b.*\bpartner|\bpartner\w*\b.*\b(no|not|doesn't)\b", re.IGNORECASE
)


def meaning(code: int, *, write: bool) -> Meaning:
    """Failure class of a code. If TikTok is at fault, a read is repeated and a write is verified by a read."""
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
    """Blocker of a refusal; `app_problem` for unknown codes and those about the app or its settings.

    40001 covers a person who is not Admin, a role too low and a permission not granted. Only the caller knows its
    meaning for a read with the agency's token, and finds the code in `Denied.call.code`.
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
    """True if this asset was refused, so that another way to read it may work."""
    return code in (_NO_PERMISSION, _INVALID) and _ABOUT_ASSET in message.lower()


def no_partner(code: int | None, message: str) -> bool:
    """True if a refusal may mean that two Business Centers are not partners; `/bc/partner/get/` confirms it."""
    return code in (_NO_PERMISSION, _INVALID, GONE) and _NO_PARTNER.search(message) is not None


def retry_after(code: int) -> float:
    """Seconds to wait before the first retry; the rate limiter and the schedules increase it after repeated
    failures.
    """
    return 300.0 if code == 60001 else 1.0
