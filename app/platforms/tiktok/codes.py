"""What TikTok's return codes mean for us (https://business-api.tiktok.com/portal/docs?id=1737172488964097)."""

from typing import Literal

Meaning = Literal["ok", "denied", "unavailable", "limited", "unclear"]

OK = 0
_LIMITED = {40016, 40100, 40132, 40133}
_LATER = {40200, 40201, 40202, 60001}
#: Accepted in part, or a duplicate of a call under way: only a look can tell.
_LOOK = {20001, 40050}
_TOKEN_DEAD = {40102, 40103, 40105, 40106, 40107, 40108}
_NO_SUCH_ASSET = {40007, 40300, 40301}


def meaning(code: int, *, write: bool) -> Meaning:
    """What a code asks of us. From 50000 on the fault is TikTok's: a read is repeated, a write is looked at."""
    if code == OK:
        return "ok"
    if code in _LIMITED:
        return "limited"
    if code in _LOOK:
        return "unclear" if write else "unavailable"
    if code in _LATER:
        return "unavailable"
    if code >= 50000:
        return "unclear" if write else "unavailable"
    return "denied"


def blocker(code: int) -> str:
    """The blocker a refusal stands for; what names the app or the settings, or is unknown, is `app_problem`."""
    if code in _TOKEN_DEAD:
        return "connection_dead"
    if code == 40110:
        return "auth_code_expired"
    if code == 40001:
        return "not_bc_admin"
    if code in _NO_SUCH_ASSET:
        return "asset_not_found"
    return "app_problem"


def retry_after(code: int) -> float:
    """Seconds to wait before the first repetition; repeated trouble escalates in the handshake's schedule."""
    return 300.0 if code == 60001 else 1.0
