"""Findings of a diagnosis of a TikTok app: one line for each check, with a remedy if it failed. Pure."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from app.kit.clock import long_date
from app.kit.web.web_address import is_this_machine
from app.platforms.resources import (
    Connected,
    DiagnosticFinding,
    DiagnosticReport,
    MissingPermission,
    PlatformAccount,
    ProbeResult,
    RateLimitStatus,
    State,
)
from app.platforms.tiktok.problems import CENTERS

GUIDE = "docs/tiktok-app.md"
CALLBACK = "/callbacks/tiktok"
CONNECT = "Connect your agency: POST /api/v1/connections/invitations."
_REDIRECT = "redirect address"
_SET = "Set TIKTOK_REDIRECT_URI, or KEYTURN_PUBLIC_URL."
#: Reads that the verification of shares needs.
_NEEDED_READS = frozenset({"business centers", "ad accounts", "partners", "what a partner shares"})


def none_at_all() -> list[DiagnosticFinding]:
    """Finding if there is no app."""
    return [
        DiagnosticFinding(
            "app", "fail", "there is none: clients share by hand, and nothing can be read.",
            f"Make one in My Apps ({GUIDE}), set it with "
            "PUT /api/v1/agency/platform-apps/tiktok, or TIKTOK_APP_ID and TIKTOK_APP_SECRET.",
        )
    ]  # fmt: skip


def of(
    app_id: str, examined: DiagnosticReport, connected: Connected | None, *, account_id: str | None, for_agency: bool
) -> list[DiagnosticFinding]:
    """All findings except that of the redirect address. Without an agency there is no connection to check."""
    other = connected.app_id if connected and examined.token and connected.app_id != app_id else None
    found = [_app(app_id, examined.app, other), _app_status(examined, connected)]
    if for_agency:
        found.append(_connection(app_id, examined, connected))
        if connected is not None and connected.is_usable:
            found += [_center(examined, account_id), *_permissions(examined.lacking)]
            found += [_read(each, examined.lacking) for each in examined.reads]
    return [*found, _rate_limit(examined.rate_limit)]


def _app(app_id: str, tried: ProbeResult, of_another: str | None) -> DiagnosticFinding:
    """Finding about the app. `of_another`: the app of the token in use, if it is another one."""
    if tried.outcome == "ok":
        return DiagnosticFinding("app", "pass", f"TikTok takes app id {app_id} with its secret.", tried=tried)
    if tried.is_token_unknown:
        return DiagnosticFinding(
            "app", "cannot_tell", f"TikTok did not reject app id {app_id} or its secret, only the "
            "test token of this check.", "Connecting your agency confirms that the secret is correct.",
            tried,
        )  # fmt: skip
    if of_another is not None:
        return DiagnosticFinding(
            "app", "cannot_tell", f"the token in use is of app {of_another}, so that app {app_id} could not be tried.",
            CONNECT, tried,
        )  # fmt: skip
    if tried.is_app_refused:
        return DiagnosticFinding(
            "app", "fail", f"TikTok refuses app id {app_id} with its secret: {tried.message}",
            "Copy both again from My Apps, App detail, Basic information, and set them with "
            "PUT /api/v1/agency/platform-apps/tiktok, or TIKTOK_APP_ID and TIKTOK_APP_SECRET.", tried,
        )  # fmt: skip
    return DiagnosticFinding("app", "cannot_tell", _not_read(tried), "Try again in a minute.", tried)


def _app_status(examined: DiagnosticReport, connected: Connected | None) -> DiagnosticFinding:
    if examined.sandbox:
        return DiagnosticFinding(
            "app status", "fail", "TIKTOK_API_BASE is TikTok's sandbox, which knows no Business Center.",
            "Leave TIKTOK_API_BASE unset; to try things out use `keyturn demo`.",
        )  # fmt: skip
    if connected is not None:
        return DiagnosticFinding(
            "app status", "pass", f"approved: it was authorized on {long_date(connected.made_at)}."
        )
    return DiagnosticFinding(
        "app status", "cannot_tell", "no call shows if TikTok has approved the app; My Apps does.",
        f"Approval takes some days. Clients can share by hand meanwhile ({GUIDE}).",
    )  # fmt: skip


def _connection(app_id: str, examined: DiagnosticReport, connected: Connected | None) -> DiagnosticFinding:
    if connected is None:
        return DiagnosticFinding("agency connection", "fail", "there is none, so that nothing can be proved.", CONNECT)
    if not connected.is_usable:
        ended = f" on {long_date(connected.ended_at)}" if connected.ended_at else ""
        return DiagnosticFinding("agency connection", "fail", f"the last one ended{ended}.", CONNECT)
    if examined.token is not None and examined.token.blocker == "connection_dead":
        return DiagnosticFinding(
            "agency connection", "fail", f"TikTok no longer knows it: {examined.token.message}", CONNECT, examined.token
        )
    if connected.app_id != app_id:
        return DiagnosticFinding(
            "agency connection", "limited", f"it is live, but belongs to app {connected.app_id}.",
            f"To use app {app_id}, connect again. {CONNECT}",
        )  # fmt: skip
    return DiagnosticFinding(
        "agency connection", "pass", f"live; {connected.person} authorized on {long_date(connected.made_at)}."
    )


def _center(examined: DiagnosticReport, account_id: str | None) -> DiagnosticFinding:
    what, seen = "your Business Center", examined.account
    if account_id is None:
        return DiagnosticFinding(
            what, "fail", "none is named.", "Name it: POST /api/v1/agency/accounts.",
        )  # fmt: skip
    if seen is not None:
        return _center_seen(what, seen)
    read = next((each for each in examined.reads if each.what == "business centers"), None)
    if read is None or read.outcome != "ok":
        return DiagnosticFinding(what, "cannot_tell", "it could not be read; see the reads below.")
    return DiagnosticFinding(
        what, "fail", f"the person who connected has no Business Center {account_id}.",
        f"Connect as an Admin of it, or name the right one. {CONNECT}", read,
    )  # fmt: skip


def _center_seen(what: str, seen: PlatformAccount) -> DiagnosticFinding:
    name = f"{seen.name} ({seen.account_id})"
    if seen.problem == "not_bc_admin":
        return DiagnosticFinding(
            what, "fail", f"the person who connected is not an Admin of {name}.", f"Connect as an Admin. {CONNECT}"
        )
    if seen.problem is not None:
        shown = next((status for status, code in CENTERS.items() if code == seen.problem), "that is not ENABLE")
        return DiagnosticFinding(
            what, "fail", f"TikTok shows {name} with status {shown}.", "Open it at business.tiktok.com to see why."
        )
    return DiagnosticFinding(what, "pass", f"{name}, as ADMIN.")


def _permissions(lacking: Sequence[MissingPermission]) -> list[DiagnosticFinding]:
    if not lacking:
        return [DiagnosticFinding("permissions", "pass", "everything Keyturn can use is granted.")]
    return [
        DiagnosticFinding(
            f"permission {each.name.rpartition(' > ')[2]}", "fail" if each.is_core else "limited",
            f"missing: {each.cost}",
            f"In My Apps, Scope of permission, ask for “{each.name}” (text to paste: {GUIDE}); it takes some days. "
            "Then connect again.",
        )
        for each in lacking
    ]  # fmt: skip


def _read(tried: ProbeResult, lacking: Sequence[MissingPermission]) -> DiagnosticFinding:
    what = f"reading {tried.what}"
    if tried.outcome == "ok":
        return DiagnosticFinding(what, "pass", f"works ({tried.took_ms} ms).", tried=tried)
    if tried.outcome in ("skipped", "unavailable"):
        return DiagnosticFinding(what, "cannot_tell", _not_read(tried), tried=tried)
    status: State = "fail" if tried.what in _NEEDED_READS else "limited"
    if tried.outcome == "changed":
        return DiagnosticFinding(
            what, status, tried.message, "Look for a newer version of Keyturn, or report this answer.", tried
        )
    do = (
        "See the missing permissions above."
        if lacking
        else "Give the request id to TikTok's support, or connect again."
    )
    return DiagnosticFinding(what, status, f"TikTok refuses: {tried.message}", do, tried)


def _rate_limit(status: RateLimitStatus) -> DiagnosticFinding:
    allowed = f"{status.qps} calls a second, {status.qpm} a minute, for all processes together"
    if status.closed_for > 0:
        return DiagnosticFinding(
            "rate limit", "limited", f"TikTok said “too often”: the next call goes in {status.closed_for:.0f} s.",
            "It recovers by itself. Does something else use the same app? Set TIKTOK_QPS and TIKTOK_QPM lower.",
        )  # fmt: skip
    if status.allowed < status.qps:
        return DiagnosticFinding(
            "rate limit", "limited", f"{status.allowed} of {status.qps} calls a second, after TikTok said “too often”.",
            "It recovers by itself.",
        )  # fmt: skip
    return DiagnosticFinding("rate limit", "pass", f"{allowed}.")


def _not_read(tried: ProbeResult) -> str:
    return f"not tried: {tried.message}." if tried.outcome == "skipped" else f"TikTok did not answer: {tried.message}"


def redirect_address_finding(address: str, came_back: datetime | None) -> DiagnosticFinding:
    """Finding about the redirect address. `came_back`: the last return through it with this app.

    No call shows if it is registered: TikTok compares it letter by letter.
    """
    if wrong := _not_ours(address):
        return wrong
    what, parts = _REDIRECT, urlsplit(address)
    register = (
        f"In My Apps, register exactly {address} as advertiser redirect address: letter by letter, no slash at the end."
    )
    if is_this_machine(parts.hostname or ""):
        return DiagnosticFinding(
            what, "cannot_tell", f"{address} is an address of this machine, which TikTok often refuses.",
            f"Use a tunnel with an https address, set it as KEYTURN_PUBLIC_URL, and register its {CALLBACK}.",
        )  # fmt: skip
    if parts.scheme != "https":
        return DiagnosticFinding(what, "fail", f"{address} is not https; TikTok does not redirect there.", _SET)
    if came_back is not None:
        return DiagnosticFinding(what, "pass", f"{address}; last return on {long_date(came_back)}.", None)
    return DiagnosticFinding(
        what, "cannot_tell", f"{address}; no return through it yet.",
        f"{register} “Invalid redirect URI” at TikTok? A change takes some minutes: wait, compare, try again.",
    )  # fmt: skip


def registration_finding(address: str) -> DiagnosticFinding:
    """Advice about registering the redirect address. Plain http is no failure: the simulator takes it."""
    if wrong := _not_ours(address):
        return wrong
    words = f"register exactly {address} in My Apps; a change takes TikTok some minutes."
    if not address.startswith("https://"):
        words += " TikTok often refuses localhost: use a tunnel with an https address to try the real TikTok."
    return DiagnosticFinding(_REDIRECT, "pass", words)


def _not_ours(address: str) -> DiagnosticFinding | None:
    parts = urlsplit(address)
    if parts.path.endswith(f"{CALLBACK}/"):
        return DiagnosticFinding(
            _REDIRECT, "fail", f"{address} ends in a slash, and Keyturn's does not.", f"Remove it. {_SET}"
        )
    if not parts.path.endswith(CALLBACK) or parts.query or parts.fragment:
        return DiagnosticFinding(
            _REDIRECT, "fail", f"{address} is not one of Keyturn's.", f"It has to end in {CALLBACK}. {_SET}"
        )
    return None
