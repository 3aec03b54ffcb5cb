"""Contacts by role, as a form shows and sends them: the others may be the same person as the first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.kit.input import email_address
from app.links.pasted_ids import CONTACT_ROLES, contact

FIRST = next(iter(CONTACT_ROLES))


class Fields(Protocol):
    """A sent form."""

    def text(self, name: str, *, most: int = 200) -> str:
        """One field."""
        ...

    def line(self, name: str, *, most: int = 200) -> str:
        """One field of one line."""
        ...

    def ticked(self, name: str) -> bool:
        """True if a box was ticked."""
        ...


class Invited(Protocol):
    """Contact named by the agency in the link."""

    @property
    def contact_name(self) -> str | None: ...

    @property
    def contact_email(self) -> str | None: ...


@dataclass(frozen=True)
class ContactFields:
    """Fields of one role. `same`: it is the first contact."""

    name: str = ""
    email: str = ""
    same: bool = True


def kept(saved: Sequence[Any] | None, invited: Invited) -> dict[str, ContactFields]:
    """Content of the fields: the stored answers, else the contact named by the agency."""
    by_role = {row["role"]: row for row in saved or []}
    first = by_role.get(FIRST, {"name": invited.contact_name or "", "email": invited.contact_email or ""})
    shown = {FIRST: ContactFields(first["name"], first["email"], same=False)}
    for role in list(CONTACT_ROLES)[1:]:
        row = by_role.get(role, first)
        same = (row["name"], row["email"]) == (first["name"], first["email"])
        shown[role] = ContactFields(same=True) if same else ContactFields(row["name"], row["email"], same=False)
    return shown


def read(form: Fields) -> dict[str, ContactFields]:
    """The fields as they were typed; an address without what stands around it."""
    return {
        role: ContactFields(
            form.line(f"{role}-name", most=120),
            email_address.tidied(form.text(f"{role}-email", most=254)),
            same=role != FIRST and form.ticked(f"{role}-same"),
        )
        for role in CONTACT_ROLES
    }


def problems(given: dict[str, ContactFields]) -> dict[str, str]:
    """Sentences by field; `{}` when all can be kept."""
    return {
        f"{role}-{field}": sentence
        for role, each in given.items()
        if not each.same
        for field, sentence in contact(each.name, each.email, needed=True).items()
    }


def rows(given: dict[str, ContactFields]) -> list[Any]:
    """One row for each role, as the intake keeps them."""
    return [
        {
            "role": role,
            "name": (given[FIRST] if each.same else each).name,
            "email": (given[FIRST] if each.same else each).email,
        }
        for role, each in given.items()
    ]
