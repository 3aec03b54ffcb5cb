"""Assets that a person can select after authorization, and the blockers of the others. Pure."""

from dataclasses import dataclass

from app.platforms import problems
from app.platforms.resources import DiscoveredAssets


@dataclass(frozen=True)
class Choice:
    """One line of a list to choose from. `code`: the blocker if it cannot be chosen.

    `company`: the legal name behind a Business Center.
    """

    id: str
    name: str
    detail: str
    can: bool
    code: str | None = None
    company: str = ""


def business_centers(found: DiscoveredAssets, platform: str, agency_account_id: str = "") -> list[Choice]:
    """Business Centers, those that can be chosen first; the agency's own cannot share with itself."""
    choices = [
        Choice(
            center.account_id, center.name, f"Business Center {center.account_id}", code is None, code, center.company
        )
        for center in found.business_centers
        for code in [
            "agencys_own_center" if center.account_id == agency_account_id else problems.of_center(platform, center)
        ]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))


def accounts(found: DiscoveredAssets, platform: str, account_id: str) -> list[Choice]:
    """The ad accounts of one Business Center, those that can be chosen first."""
    choices = [
        Choice(account.asset_id, account.name, f"Ad account {account.asset_id}", code is None, code)
        for account in found.accounts
        if account.account_id == account_id
        for code in [problems.of_account(platform, account)]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))


def pixels(found: DiscoveredAssets, platform: str, account_id: str) -> list[Choice]:
    """The pixels of one Business Center, those that can be chosen first."""
    choices = [
        Choice(pixel.code, pixel.name, f"Pixel {pixel.code}", code is None, code)
        for pixel in found.pixels
        if pixel.account_id == account_id
        for code in [problems.of_pixel(platform, pixel)]
    ]
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))
