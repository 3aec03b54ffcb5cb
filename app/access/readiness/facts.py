"""What the checklist is drawn up from: the client's answers, what was found at the platform, and its word. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from app.platforms.resources import AdAccount, BusinessCenterInfo, DiscoveredAssets, Pixel

#: What a client can say of each thing that a machine may not be able to read.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "verification": ("yes", "later"),
    "two_factor": ("yes", "later"),
    "currency": ("yes", "later"),
    "time_zone": ("yes", "later"),
    "payment": ("own", "plan", "later"),
    "pixel": ("yes", "later"),
    "events_api": ("yes", "no", "later"),
    "ownership": ("yes", "later"),
}
#: What is put off is not done.
LATER = "later"


@dataclass(frozen=True)
class ReadinessReply:
    """An answer as given; `note` where it needs more than a tick."""

    answer: str
    note: str = ""


@dataclass(frozen=True)
class ClientStatement:
    """The client's word on one thing: what, by whom, when; `note` where the answer needs more than a tick."""

    answer: str
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class RequestedAsset:
    """An asset an ask names; `verified_at` when it was last read back as agreed, if it is now."""

    asset_id: str
    verified_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """All that is known of one link; `found` is what the client's connection showed at `found_at`.

    `pixel_codes`, `markets` and `emails` are None where the client was not asked or did not answer yet; `approver`
    is the name of whoever decides. `kinds` are the kinds of assets asked for.
    """

    today: date
    kinds: frozenset[str] = frozenset({"ad_account"})
    bc_id: str | None = None
    accounts: tuple[RequestedAsset, ...] = ()
    pixels: tuple[RequestedAsset, ...] = ()
    pixel_codes: tuple[str, ...] | None = None
    markets: tuple[str, ...] | None = None
    emails: tuple[str, ...] | None = None
    approver: str | None = None
    told_at: datetime | None = None
    found: DiscoveredAssets | None = None
    found_at: datetime | None = None
    said: Mapping[str, ClientStatement] = field(default_factory=dict)

    @property
    def center(self) -> BusinessCenterInfo | None:
        """The Business Center named, where the connection saw it; the only one there is, where none was named yet."""
        seen = self.found.business_centers if self.found else ()
        if self.bc_id is None:
            return seen[0] if len(seen) == 1 else None
        return next((each for each in seen if each.bc_id == self.bc_id), None)

    @property
    def held(self) -> tuple[AdAccount, ...] | None:
        """Every ad account of that Business Center; None where its list could not be read."""
        center = self.center
        if self.found is None or center is None or not center.usable:
            return None
        return tuple(account for account in self.found.accounts if account.bc_id == center.bc_id)

    @property
    def pixels_held(self) -> tuple[Pixel, ...]:
        """Every pixel that the platform lists in that Business Center."""
        center = self.center
        if self.found is None or center is None:
            return ()
        return tuple(pixel for pixel in self.found.pixels if pixel.bc_id == center.bc_id)
