"""Blockers of assets that a client cannot share, by platform. Pure."""

from collections.abc import Mapping
from typing import Protocol

from app.platforms.resources import AdAccount, BusinessCenterInfo, Pixel
from app.platforms.tiktok import problems as tiktok


class Problems(Protocol):
    """Meaning of a platform's statuses: a blocker code, or None if the asset can be shared."""

    def of_center(self, center: BusinessCenterInfo) -> str | None: ...

    def of_account(self, account: AdAccount) -> str | None: ...

    def of_pixel(self, pixel: Pixel) -> str | None: ...

    def of_verification(self, status: str) -> str | None: ...

    def permissions_named_in(self, message: str) -> tuple[str, ...]: ...


BY_PLATFORM: Mapping[str, Problems] = {"tiktok": tiktok}


def of_center(platform: str, center: BusinessCenterInfo) -> str | None:
    """Blocker code if the person who authorized can share nothing from a Business Center, else None."""
    return BY_PLATFORM[platform].of_center(center)


def of_account(platform: str, account: AdAccount) -> str | None:
    """Blocker code if an ad account cannot be shared from its Business Center, else None."""
    return BY_PLATFORM[platform].of_account(account)


def of_pixel(platform: str, pixel: Pixel) -> str | None:
    """Blocker code if a pixel cannot be linked from its Business Center, else None."""
    return BY_PLATFORM[platform].of_pixel(pixel)


def of_verification(platform: str, status: str) -> str | None:
    """Code of a company that the platform has not verified, else None."""
    return BY_PLATFORM[platform].of_verification(status)


def permissions_named_in(platform: str, message: str) -> tuple[str, ...]:
    """The permissions that a platform's refusal names."""
    return BY_PLATFORM[platform].permissions_named_in(message) if platform in BY_PLATFORM else ()
