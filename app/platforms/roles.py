"""Roles by their common names and by the platform's own. Pure."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

from app.kit.input.text import folded

#: Roles on an ad account, from lowest to highest.
ON_AD_ACCOUNTS = ("ANALYST", "OPERATOR", "ADMIN")

#: Common name of a role on an ad account -> official name.
AD_ACCOUNT_NAMES: Mapping[str, str] = {**{role: role for role in ON_AD_ACCOUNTS}, "OBSERVER": "ANALYST"}

#: Common name of a role in a Business Center -> official name.
MEMBER_NAMES: Mapping[str, str] = {"ADMIN": "ADMIN", "STANDARD": "STANDARD", "OWNER": "ADMIN", "EMPLOYEE": "STANDARD"}


def on_ad_account(name: str) -> str:
    """The official name of a role on an ad account; an unknown name is returned unchanged."""
    return AD_ACCOUNT_NAMES.get(plain(name), name)


def of_member(name: str) -> str:
    """The official name of a role in a Business Center; an unknown name is returned unchanged."""
    return MEMBER_NAMES.get(plain(name), name)


def plain(name: str) -> str:
    """A role's name normalized for lookup: `View only` and `view-only` become `VIEW_ONLY`."""
    return re.sub(r"[\s-]+", "_", folded(name)).upper()


def rank(role: str) -> int:
    """Rank of a role on an ad account, from 0; an unknown role counts as the highest."""
    return ON_AD_ACCOUNTS.index(role) if role in ON_AD_ACCOUNTS else len(ON_AD_ACCOUNTS)


def lesser(role: str, other: str) -> str:
    """The lower of two roles on an ad account."""
    return min(role, other, key=rank)


def _named(official: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: official(value) if isinstance(value, str) else value)


#: Fields that accept common names and hold the official one.
AdAccountRole = Annotated[Literal["ANALYST", "OPERATOR", "ADMIN"], _named(on_ad_account)]
_Working = Literal["ANALYST", "OPERATOR"]
WorkingRole = Annotated[_Working, _named(on_ad_account)]
#: Roles with which people of the agency may be requested.
WORKING_ROLES: tuple[str, ...] = get_args(_Working)
MemberRole = Annotated[Literal["STANDARD", "ADMIN"], _named(of_member)]
