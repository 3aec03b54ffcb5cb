"""Diagnostics of app, token, permissions and each kind of read, with a few read-only calls."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlsplit

from app.kit import clock
from app.platforms.port import Access, App, Denied, PlatformFailure, Priority, RecordCall, RecordedCall
from app.platforms.resources import (
    DiagnosticReport,
    MissingPermission,
    PlatformAccount,
    ProbeResult,
    RateLimitStatus,
)
from app.platforms.tiktok import discovery, errors, operations, responses, scopes
from app.platforms.tiktok.client import Wire, get
from app.platforms.tiktok.kinds import AD_ACCOUNT

#: A token that nobody has: if the refusal is about it, and not about the app, app id and secret are accepted.
_NOBODYS = "keyturn-examines-app-id-and-secret"
_DEAD = "connection_dead"
_SANDBOX = "sandbox-ads.tiktok.com"
_READS = ("business centers", "ad accounts", "partners", "what a partner shares", "pixels", "members",
            "who can open an ad account", "change log")  # fmt: skip
#: Business Centers are searched by id in this many rows; for other lists a few rows are enough.
MOST_CENTERS, FEW = 50, 10
Row = TypeVar("Row")
Item = TypeVar("Item", bound=responses.ResponseShape)


async def examine(wire: Wire, app: App, access: Access | None, granted: Sequence[str], bc_id: str) -> DiagnosticReport:
    """Nine calls with a token (two if TikTok no longer knows it), and one without."""
    trial = _Trial()
    center, first = None, None
    if access is None:
        trial.skip_all("there is no token to try it with")
    else:
        first, center = await _with_token(wire, app, access, bc_id, trial)
    alone = first is None or first.blocker == _DEAD
    return DiagnosticReport(
        sandbox=urlsplit(wire.base).hostname == _SANDBOX,
        app=await _app_alone(wire, app) if alone or first is None else first,
        token=first,
        reads=tuple(trial.tried),
        account=center,
        lacking=tuple(
            MissingPermission(each.name, each.cost, needed_by, is_core=AD_ACCOUNT.key in needed_by)
            for each in (scopes.lacking(granted) if access else ())
            for needed_by in [scopes.needed_by(each.name)]
        ),
        rate_limit=await _rate_limit(wire, app),
    )


async def _with_token(
    wire: Wire, app: App, access: Access, bc_id: str, trial: "_Trial"
) -> tuple[ProbeResult, PlatformAccount | None]:
    """Try each kind of read once; later calls use the results of earlier ones."""
    ticked = await trial.run("app", lambda record: operations.advertisers(wire, app, access, record))
    first = trial.tried.pop()
    if first.blocker == _DEAD:
        trial.skip_all("TikTok no longer knows the token")
        return first, None
    rows = await trial.run("business centers", lambda record: _probe_business_centers(wire, access, record))
    own = next((row for row in rows or () if row.bc_info.bc_id == bc_id), None)
    held = await trial.run("ad accounts", lambda record: _probe_ad_accounts(wire, access, bc_id, record)) or []
    known = await trial.run("partners", lambda record: _probe_partners(wire, access, bc_id, record))
    if known:
        partner = known[0].bc_id
        await trial.run("what a partner shares", lambda record: _probe_shared_to(wire, access, bc_id, partner, record))
    else:
        trial.skip("what a partner shares", "no partner is seen yet to try it on")
    included = [row.advertiser_id for row in ticked.rows] if ticked else []
    if included:
        await trial.run("pixels", lambda record: _probe_pixels(wire, access, included[0], record))
    else:
        trial.skip("pixels", "no ad account was ticked when connecting")
    await trial.run("members", lambda record: _probe_members(wire, access, bc_id, record))
    if held:
        account = held[0].asset_id
        await trial.run(
            "who can open an ad account", lambda record: _probe_holders(wire, access, bc_id, account, record)
        )
    else:
        trial.skip("who can open an ad account", "no ad account is seen yet to try it on")
    today = clock.now().date()
    await trial.run("change log", lambda record: _probe_changes(wire, access, bc_id, today, record))
    return first, discovery.business_center(own) if own else None


async def _app_alone(wire: Wire, app: App) -> ProbeResult:
    """Revoke an invented token: if the secret is wrong, TikTok refuses the secret, otherwise the token."""
    trial = _Trial()
    nobodys = Access(_NOBODYS, app.app_id, Priority.INTERACTIVE)
    await trial.run("app", lambda record: operations.revoke_token(wire, app, nobodys.token, record))
    return trial.tried[0]


async def _rate_limit(wire: Wire, app: App) -> RateLimitStatus:
    limits = wire.rate_limiter.limits
    left, now = await wire.rate_limiter.look(app.app_id)
    allowed = limits.qps if left.reduced_to is None else min(left.reduced_to, limits.qps)
    return RateLimitStatus(limits.qps, limits.qpm, allowed, max(0, left.closed_until - now) / 1000)


@dataclass
class _Trial:
    """Results so far."""

    tried: list[ProbeResult] = field(default_factory=list)

    async def run(self, what: str, read: Callable[[Callable[[RecordedCall], None]], Awaitable[Row]]) -> Row | None:
        """Make a call and record its result; return the response, or None."""
        calls: list[RecordedCall] = []
        try:
            answer = await read(calls.append)
        except PlatformFailure as failure:
            blocker = failure.blocker if isinstance(failure, Denied) else None
            self._note(what, failure.call, blocker)
            return None
        self._note(what, calls[-1], None)
        return answer

    def skip(self, what: str, why: str) -> None:
        """Record a call that was not made."""
        self.tried.append(ProbeResult(what, "skipped", why))

    def skip_all(self, why: str) -> None:
        """Record that no read was tried."""
        for what in _READS:
            self.skip(what, why)

    def _note(self, what: str, call: RecordedCall, blocker: str | None) -> None:
        self.tried.append(
            ProbeResult(
                what,
                call.outcome,
                call.message,
                call.operation,
                call.code,
                call.request_id,
                call.took_ms,
                blocker,
                is_token_unknown=call.code == errors.NO_SUCH_TOKEN,
                is_app_refused=call.code in errors.WRONG_APP,
            )
        )


async def _probe_business_centers(wire: Wire, access: Access, record: RecordCall) -> list[responses.BcRow]:
    """`GET /bc/get/`."""
    return await _first_page(wire, access, "bc/get/", {}, responses.BcRow, record, size=MOST_CENTERS)


async def _probe_ad_accounts(wire: Wire, access: Access, bc_id: str, record: RecordCall) -> list[responses.AdminAsset]:
    """`GET /bc/asset/admin/get/`."""
    query = {"bc_id": bc_id, "asset_type": "ADVERTISER"}
    return await _first_page(wire, access, "bc/asset/admin/get/", query, responses.AdminAsset, record)


async def _probe_partners(wire: Wire, access: Access, bc_id: str, record: RecordCall) -> list[responses.PartnerRow]:
    """`GET /bc/partner/get/`."""
    return await _first_page(wire, access, "bc/partner/get/", {"bc_id": bc_id}, responses.PartnerRow, record)


async def _probe_shared_to(
    wire: Wire, access: Access, bc_id: str, partner_id: str, record: RecordCall
) -> list[responses.SharedAdvertiser]:
    """`GET /bc/partner/asset/get/`, assets that the partner shares."""
    query = {"bc_id": bc_id, "partner_id": partner_id, "asset_type": "ADVERTISER", "share_type": "SHARED"}
    return await _first_page(wire, access, "bc/partner/asset/get/", query, responses.SharedAdvertiser, record)


async def _probe_pixels(wire: Wire, access: Access, account_id: str, record: RecordCall) -> list[responses.PixelRow]:
    """`GET /pixel/list/`."""
    return await _first_page(wire, access, "pixel/list/", {"advertiser_id": account_id}, responses.PixelRow, record)


async def _probe_members(wire: Wire, access: Access, bc_id: str, record: RecordCall) -> list[responses.MemberRow]:
    """`GET /bc/member/get/`."""
    return await _first_page(wire, access, "bc/member/get/", {"bc_id": bc_id}, responses.MemberRow, record)


async def _probe_holders(
    wire: Wire, access: Access, bc_id: str, account_id: str, record: RecordCall
) -> list[responses.HolderRow]:
    """`GET /bc/asset/member/get/`."""
    query = {"bc_id": bc_id, "asset_type": "ADVERTISER", "asset_id": account_id}
    return await _first_page(wire, access, "bc/asset/member/get/", query, responses.HolderRow, record)


async def _probe_changes(
    wire: Wire, access: Access, bc_id: str, today: date, record: RecordCall
) -> list[responses.ChangeRow]:
    """`GET /changelog/get/`, today's."""
    query = {
        "bc_id": bc_id, "page": 1, "page_size": FEW,
        "filtering": {"start_date": today.isoformat(), "end_date": today.isoformat(), "activity_type": "ACCOUNT"},
    }  # fmt: skip
    return (await get(wire, access, "changelog/get/", query, responses.ChangeLog, record)).changelog_list


async def _first_page(
    wire: Wire,
    access: Access,
    path: str,
    query: dict[str, Any],
    row: type[Item],
    record: RecordCall,
    *,
    size: int = FEW,
) -> list[Item]:
    page = {**query, "page": 1, "page_size": size}
    return (await get(wire, access, path, page, responses.PageOf[row], record)).rows  # type: ignore[valid-type]  # known when called
