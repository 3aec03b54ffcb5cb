"""Details that a visitor enters on a public link. Pure."""

from dataclasses import dataclass

from app.kit.input import email_address
from app.kit.input.text import TextWrong, identifier, is_blank, looks_like_password

#: Name of a field that people do not see; only programs fill it in.
TRAP = "website"


@dataclass(frozen=True)
class Visitor:
    """The fields as typed."""

    company: str = ""
    name: str = ""
    email: str = ""


def problems(given: Visitor, *, trapped: bool) -> dict[str, str]:
    """Problems by field; `{}` if a link can be created."""
    found = {}
    if is_blank(given.company):
        found["company"] = "Enter the name of your company."
    if is_blank(given.name):
        found["name"] = "Enter your name."
    try:
        email_address.read(given.email)
    except TextWrong as problem:
        found["email"] = str(problem)
    if trapped:
        found["company"] = "A field that people don’t see was filled in, perhaps by your browser. Please send it again."
    return found


def external_id(given: str) -> str | None:
    """The CRM id in the address; an invalid one is ignored, because the visitor cannot correct it."""
    try:
        kept = identifier(given)
    except TextWrong:
        return None
    return kept if len(kept) <= 200 and not looks_like_password(kept) else None
