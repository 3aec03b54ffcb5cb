"""Assets that a person can select after authorization, and the blockers of the others. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.platforms import declarations
from app.platforms.resources import DiscoveredAssets


@dataclass(frozen=True)
class Choice:
    """One line of a list to choose from. `code`: the blocker if it cannot be chosen.

    `company`: the legal name behind an account.
    """

    id: str
    name: str
    detail: str
    can: bool
    code: str | None = None
    company: str = ""


def accounts(found: DiscoveredAssets, platform: str, agency_account_id: str = "") -> list[Choice]:
    """The client's accounts, those that can be chosen first; the agency's own cannot share with itself."""
    noun = declarations.account_noun(platform)
    choices = [
        Choice(each.account_id, each.name, f"{noun} {each.account_id}", code is None, code, each.company)
        for each in found.accounts
        for code in ["agencys_own_center" if each.account_id == agency_account_id else each.problem]
    ]
    return _sorted(choices)


def assets(found: DiscoveredAssets, platform: str, kind: str, account_id: str) -> list[Choice]:
    """The assets of one kind in an account, those that can be chosen first."""
    noun = declarations.find(platform, kind).one.capitalize()
    return _sorted(
        Choice(each.asset_id, each.name, f"{noun} {each.asset_id}", each.problem is None, each.problem)
        for each in found.of_kind(kind, account_id)
    )


def _sorted(choices: Iterable[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))
