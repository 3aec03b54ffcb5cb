"""Result of a walk, as lines for people and as figures for programs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asks:
    """Number of access requests by result: those verified by a read, and those confirmed by people."""

    readable: int
    verified: int
    connected: int
    guided: int
    custom: int
    attested: int


@dataclass(frozen=True)
class Webhooks:
    """Deliveries that were owed; what arrived, by distinct ids, and in how many requests."""

    events: int
    delivered: int
    good: int
    requests: int


@dataclass(frozen=True)
class Report:
    """Counts at the end of a walk. `calls`: to TikTok, by client."""

    access_requests: Asks
    webhooks: Webhooks
    #: ad accounts that a named buyer has to be able to open, and can
    openings: int
    open: int
    found: int
    wanted_found: int
    taken_away: bool
    second_shares: int
    calls: Mapping[str, int]
    seconds: float

    @property
    def is_good(self) -> bool:
        """True if all was proved, every webhook arrived well signed, and nothing was shared twice."""
        access_requests, webhooks = self.access_requests, self.webhooks
        return (
            access_requests.verified == access_requests.readable > 0
            and access_requests.attested == access_requests.custom > 0
            and webhooks.delivered == webhooks.good == webhooks.events > 0
            and self.open == self.openings > 0
            and self.found == self.wanted_found
            and self.taken_away
            and self.second_shares == 0
        )

    def line(self) -> str:
        """The last line of a walk."""
        access_requests, webhooks = self.access_requests, self.webhooks
        return (
            f"verified {access_requests.verified}/{access_requests.readable} access requests (connected "
            f"{access_requests.connected}, guided {access_requests.guided}), "
            f"attested {access_requests.attested}/{access_requests.custom} · "
            f"webhooks {webhooks.delivered}/{webhooks.events} delivered, "
            f"{webhooks.good}/{webhooks.events} signatures good · {self.seconds:.1f} s"
        )

    def figures(self) -> dict[str, Any]:
        """The same as one JSON object."""
        access_requests, webhooks = self.access_requests, self.webhooks
        return {
            "ok": self.is_good,
            "access_requests": access_requests.readable + access_requests.custom,
            "verified": access_requests.verified,
            "connected": access_requests.connected,
            "guided": access_requests.guided,
            "attested": access_requests.attested,
            "events": webhooks.events,
            "delivered": webhooks.delivered,
            "signatures_good": webhooks.good,
            "requests": webhooks.requests,
            "buyers_to_open": self.openings,
            "buyers_open": self.open,
            "grants_found": self.found,
            "taken_away": self.taken_away,
            "second_shares": self.second_shares,
            "platform_calls": dict(self.calls),
            "seconds": round(self.seconds, 2),
        }
