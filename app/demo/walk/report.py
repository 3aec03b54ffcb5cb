"""What a walk came to, as a line for people and as figures for programs. Pure."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Report:
    """Counts at the end of a walk. `received` and `good` count distinct webhook ids."""

    asks: int
    verified: int
    connected: int
    guided: int
    events: int
    delivered: int
    good: int
    requests: int
    second_shares: int
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether every ask is verified, every webhook arrived well signed, and nothing was shared twice."""
        whole = self.verified == self.asks > 0 and self.delivered == self.good == self.events > 0
        return whole and self.second_shares == 0

    def line(self) -> str:
        """The last line of a walk."""
        return (
            f"verified {self.verified}/{self.asks} asks (connected {self.connected}, guided {self.guided}) · "
            f"webhooks {self.delivered}/{self.events} delivered, {self.good}/{self.events} signatures good · "
            f"{self.seconds:.1f} s"
        )

    def figures(self) -> dict[str, Any]:
        """The same as one JSON object."""
        return {
            "ok": self.is_good, "asks": self.asks, "verified": self.verified, "connected": self.connected,
            "guided": self.guided, "events": self.events, "delivered": self.delivered, "signatures_good": self.good,
            "requests": self.requests, "second_shares": self.second_shares, "seconds": round(self.seconds, 2),
        }  # fmt: skip
