"""People asked for, as the API and the command line take and show them."""

from typing import Self

from pydantic import Field, model_validator

from app.kit.input.fields import Asked500, Email, RequestShape
from app.kit.input.freemail_domains import domain_of, is_free
from app.links.models import AccessRequest
from app.links.schemas import AccessRequestView
from app.platforms.roles import MemberRole, WorkingRole


class NewPerson(RequestShape):
    """Somebody of your agency whom the client is to invite to its own Business Center."""

    email: Email = Field(description="Of your own domain.", examples=["nora@north.example"])
    role: WorkingRole = Field(
        description="On the link's ad accounts; `Observer` is taken for `ANALYST`.", examples=["ANALYST"]
    )
    reason: Asked500 = Field(description="Why, in words the client reads.", examples=["To help with the launch."])
    member_role: MemberRole = Field(
        "STANDARD",
        description="In the Business Center. Only `STANDARD` (`Employee`) is asked for: an Admin could do everything.",
    )

    @model_validator(mode="after")
    def _standard(self) -> Self:
        if self.member_role != "STANDARD":
            raise ValueError("People are invited as STANDARD members only: an Admin could do everything there.")
        return self


class PersonView(AccessRequestView):
    """A person asked for, with what to think of."""

    member_role: MemberRole = Field(description="What they become in the client's Business Center.")
    warnings: list[str] = Field(examples=[[]])

    @classmethod
    def of(cls, access_request: AccessRequest) -> "PersonView":
        """From the row."""
        said = _warning(access_request.person_email or "")
        shown = dict(AccessRequestView.model_validate(access_request))
        return cls(**shown, member_role="STANDARD", warnings=[said] if said else [])


def _warning(email: str) -> str | None:
    """What to think of before a client invites this address; None where nothing is to be said."""
    if not is_free(email):
        return None
    return (
        f"{domain_of(email)} is a free mail service: whoever leaves your agency keeps this inbox, and the access with "
        "it. Use an address of your own domain."
    )
