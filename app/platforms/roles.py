"""Roles by the names people use for them, and by the platform's own. Pure."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from app.kit.input.text import folded

#: Roles on an ad account, from the smallest to the largest.
ON_AD_ACCOUNTS = ("ANALYST", "OPERATOR", "ADMIN")

#: What people call a role on an ad account -> its official name.
AD_ACCOUNT_NAMES: Mapping[str, str] = {**{role: role for role in ON_AD_ACCOUNTS}, "OBSERVER": "ANALYST"}

#: What people call a role in a Business Center -> its official name.
MEMBER_NAMES: Mapping[str, str] = {"ADMIN": "ADMIN", "STANDARD": "STANDARD", "OWNER": "ADMIN", "EMPLOYEE": "STANDARD"}


def on_ad_account(name: str) -> str:
    """The official name of a role on an ad account; what is no name of one comes back as it was."""
    return AD_ACCOUNT_NAMES.get(plain(name), name)


def of_member(name: str) -> str:
    """The official name of a role in a Business Center; what is no name of one comes back as it was."""
    return MEMBER_NAMES.get(plain(name), name)


def plain(name: str) -> str:
    """A role's name as it is looked up: `View only` and `view-only` are `VIEW_ONLY`."""
    return re.sub(r"[\s-]+", "_", folded(name)).upper()


def lesser(role: str, other: str) -> str:
    """The smaller of two roles on an ad account; one that is not known counts as the larger."""
    ranks = {known: rank for rank, known in enumerate(ON_AD_ACCOUNTS)}
    return min(role, other, key=lambda each: ranks.get(each, len(ranks)))


def _named(official: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: official(value) if isinstance(value, str) else value)


#: Fields that take the names people use and hold the official one.
AdAccountRole = Annotated[Literal["ANALYST", "OPERATOR", "ADMIN"], _named(on_ad_account)]
WorkingRole = Annotated[Literal["ANALYST", "OPERATOR"], _named(on_ad_account)]
MemberRole = Annotated[Literal["STANDARD", "ADMIN"], _named(of_member)]
