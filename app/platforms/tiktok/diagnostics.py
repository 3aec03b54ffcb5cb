"""Diagnostics of app, token, permissions and each kind of read, with a few read-only calls."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from app.kit import clock
from app.platforms.port import Access, App, Denied, PlatformFailure, Priority, RecordedCall
from app.platforms.resources import (
    BusinessCenterInfo,
    DiagnosticReport,
    MissingPermission,
    ProbeResult,
    RateLimitStatus,
)
from app.platforms.tiktok import responses, scopes
from app.platforms.tiktok.client import oauth, probes
from app.platforms.tiktok.client.requests import Wire

#: A token that nobody has: if the refusal is about it, and not about the app, app id and secret are accepted.
_NOBODYS = "keyturn-examines-app-id-and-secret"
_DEAD = "connection_dead"
_SANDBOX = "sandbox-ads.tiktok.com"
_READS = ("business centers", "ad accounts", "partners", "what a partner shares", "pixels", "members",
            "who can open an ad account", "change log")  # fmt: skip
Row = TypeVar("Row")


async def examine(wire: Wire, app: App, access: Access | None, granted: Sequence[int], bc_id: str) -> DiagnosticReport:
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
        center=center,
        lacking=tuple(
            MissingPermission(each.name, each.cost, scopes.needed_by(each.name))
            for each in (scopes.lacking(granted) if access else ())
        ),
        room=await _room(wire, app),
    )


async def _with_token(
    wire: Wire, app: App, access: Access, bc_id: str, trial: "_Trial"
) -> tuple[ProbeResult, BusinessCenterInfo | None]:
    """Try each kind of read once; later calls use the results of earlier ones."""
    ticked = await trial.run("app", lambda keep: oauth.advertisers(wire, app, access, keep))
    first = trial.tried.pop()
    if first.blocker == _DEAD:
        trial.skip_all("TikTok no longer knows the token")
        return first, None
    rows = await trial.run("business centers", lambda keep: probes.business_centers(wire, access, keep))
    own = next((row for row in rows or () if row.bc_info.bc_id == bc_id), None)
    held = await trial.run("ad accounts", lambda keep: probes.ad_accounts(wire, access, bc_id, keep)) or []
    known = await trial.run("partners", lambda keep: probes.partners(wire, access, bc_id, keep))
    if known:
        partner = known[0].bc_id
        await trial.run("what a partner shares", lambda keep: probes.shared_to(wire, access, bc_id, partner, keep))
    else:
        trial.skip("what a partner shares", "no partner is seen yet to try it on")
    included = [row.advertiser_id for row in ticked.rows] if ticked else []
    if included:
        await trial.run("pixels", lambda keep: probes.pixels(wire, access, included[0], keep))
    else:
        trial.skip("pixels", "no ad account was ticked when connecting")
    await trial.run("members", lambda keep: probes.members(wire, access, bc_id, keep))
    if held:
        account = held[0].asset_id
        await trial.run("who can open an ad account", lambda keep: probes.holders(wire, access, bc_id, account, keep))
    else:
        trial.skip("who can open an ad account", "no ad account is seen yet to try it on")
    today = clock.now().date()
    await trial.run("change log", lambda keep: probes.changes(wire, access, bc_id, today, keep))
    return first, _center(own) if own else None


async def _app_alone(wire: Wire, app: App) -> ProbeResult:
    """Revoke an invented token: if the secret is wrong, TikTok refuses the secret, otherwise the token."""
    trial = _Trial()
    nobodys = Access(_NOBODYS, app.app_id, Priority.LOOKING)
    await trial.run("app", lambda keep: oauth.revoke_token(wire, app, nobodys.token, keep))
    return trial.tried[0]


async def _room(wire: Wire, app: App) -> RateLimitStatus:
    limits = wire.budget.limits
    left, now = await wire.budget.look(app.app_id)
    allowed = limits.qps if left.reduced_to is None else min(left.reduced_to, limits.qps)
    return RateLimitStatus(limits.qps, limits.qpm, allowed, max(0, left.closed_until - now) / 1000)


def _center(row: responses.BcRow) -> BusinessCenterInfo:
    info = row.bc_info
    return BusinessCenterInfo(
        info.bc_id,
        info.name or info.bc_id,
        row.user_role,
        info.status or "",
        info.verification_status or "",
        info.registered_area or "",
    )


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
                what, call.outcome, call.message, call.operation, call.code, call.request_id, call.took_ms, blocker
            )
        )
