"""E-mail addresses that a device code may be sent to, and their masked form for unverified browsers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

INVITED = "invited"


@dataclass(frozen=True)
class Address:
    """An e-mail address of the client; `key` names it in a form."""

    key: str
    email: str
    name: str | None = None

    @property
    def masked(self) -> str:
        """The address as its owner recognizes it: `a•••@m•••.example`."""
        return masked(self.email)


def of_client(email: str | None, name: str | None, contacts: Iterable[Mapping[str, str]]) -> tuple[Address, ...]:
    """The invited address and those of the contacts that the client named, each once.

    Never those that the agency added: it could open the client's link with an address that it wrote itself.
    """
    invited = [Address(INVITED, email, name)] if email else []
    given = [Address(each["role"], each["email"], each["name"]) for each in contacts if each.get("email")]
    once: dict[str, Address] = {}
    for address in (*invited, *given):
        once.setdefault(address.email.casefold(), address)
    return tuple(once.values())


def masked(email: str) -> str:
    """The first letter of mailbox and host, and the last part of the host."""
    local, _, host = email.rpartition("@")
    name, dot, last = host.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••{dot}{last}" if dot else f"{local[:1]}•••@{host[:1]}•••"
