"""The names people use for roles, and the official ones."""

import pytest
from pydantic import TypeAdapter, ValidationError

from app.platforms import roles

ON_ACCOUNTS = [
    ("Admin", "ADMIN"), ("Operator", "OPERATOR"), ("Observer", "ANALYST"), (" observer ", "ANALYST"),
    ("ANALYST", "ANALYST"), ("Viewer", "Viewer"),
]  # fmt: skip
OF_MEMBERS = [
    ("Owner", "ADMIN"), ("Admin", "ADMIN"), ("Employee", "STANDARD"), ("STANDARD", "STANDARD"), ("Guest", "Guest"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "official"), ON_ACCOUNTS)
def test_roles_on_ad_accounts(name: str, official: str) -> None:
    assert roles.on_ad_account(name) == official


@pytest.mark.parametrize(("name", "official"), OF_MEMBERS)
def test_roles_in_a_business_center(name: str, official: str) -> None:
    assert roles.of_member(name) == official


@pytest.mark.parametrize(
    ("role", "other", "smaller"),
    [
        ("OPERATOR", "ANALYST", "ANALYST"), ("ANALYST", "ADMIN", "ANALYST"), ("ADMIN", "ADMIN", "ADMIN"),
        ("UNKNOWN", "ADMIN", "ADMIN"),
    ],
)  # fmt: skip
def test_the_smaller_of_two(role: str, other: str, smaller: str) -> None:
    assert roles.lesser(role, other) == smaller


def test_fields_hold_the_official_name_and_refuse_what_is_none() -> None:
    assert TypeAdapter(roles.WorkingRole).validate_python("Observer") == "ANALYST"
    with pytest.raises(ValidationError):
        TypeAdapter(roles.WorkingRole).validate_python("Admin")
    with pytest.raises(ValidationError):
        TypeAdapter(roles.AdAccountRole).validate_python(3)
