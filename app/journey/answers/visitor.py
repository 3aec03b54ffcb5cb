"""What somebody says of themselves on an open link. Pure."""

import re
from dataclasses import dataclass

from app.kit.input.fields import EMAIL, LINE

#: A field people do not see: whatever fills it in is a program.
TRAP = "website"


@dataclass(frozen=True)
class Visitor:
    """The fields as they were typed."""

    company: str = ""
    name: str = ""
    email: str = ""


def problems(given: Visitor, *, trapped: bool) -> dict[str, str]:
    """Sentences by field; `{}` when a link can be made."""
    found = {}
    if not re.fullmatch(LINE, given.company):
        found["company"] = "Enter the name of your company."
    if not re.fullmatch(LINE, given.name):
        found["name"] = "Enter your name."
    if not re.fullmatch(EMAIL, given.email):
        found["email"] = "Enter an e-mail address such as ana@brand.com."
    if trapped:
        found["company"] = "A field that people don’t see was filled in, perhaps by your browser. Please send it again."
    return found


def external_id(given: str) -> str | None:
    """The agency's own id out of the address; one that cannot be kept is left out, as the visitor can't mend it."""
    return given if len(given) <= 200 and re.fullmatch(LINE, given) else None
