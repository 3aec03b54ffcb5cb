"""Assets that a person can select after authorization, and the blockers of the others. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.platforms.resources import DiscoveredAssets


@dataclass(frozen=True)
class Choice:
    """One line of a list to choose from. `code`: the blocker if it cannot be chosen.

    `company`: the legal name behind an account.
    """

    id: str
    name: str
    can: bool
    code: str | None = None
    company: str = ""


def accounts(found: DiscoveredAssets, agency_account_id: str = "") -> list[Choice]:
    """The client's accounts, those that can be chosen first; the agency's own cannot share with itself."""
    choices = [
        Choice(each.account_id, each.name, code is None, code, each.company)
        for each in found.accounts
        for code in ["agencys_own_center" if each.account_id == agency_account_id else each.problem]
    ]
    return _sorted(choices)


def only_account(found: DiscoveredAssets, agency_account_id: str = "") -> Choice | None:
    """The one account that can be chosen; None if there is none, or a choice."""
    can = [choice for choice in accounts(found, agency_account_id) if choice.can]
    return can[0] if len(can) == 1 else None


def assets(found: DiscoveredAssets, kind: str, account_id: str) -> list[Choice]:
    """The assets of one kind in an account, those that can be chosen first."""
    return _sorted(
        Choice(each.asset_id, each.name, each.problem is None, each.problem) for each in found.of_kind(kind, account_id)
    )


def _sorted(choices: Iterable[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda choice: (not choice.can, choice.name))
