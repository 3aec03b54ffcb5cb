"""Request and response schemas of access requests, with their evidence."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, Field, model_validator

from app.access.buyers.models import BuyerAccess
from app.access.buyers.schemas import BuyerAccessView
from app.access.call_recorder import PlatformCall, PlatformCallView
from app.access.requests import people
from app.access.requests.next_steps import hint
from app.kit.i18n.locales import english
from app.kit.input.fields import Asked500, Email, Line200, Moment, RequestShape, Word
from app.links.models import AccessRequest
from app.links.schemas import AccessRequestView
from app.platforms import declarations
from app.platforms.roles import MemberRole, WorkingRole


class AccessRequestDetail(AccessRequestView):
    """An access request with the next step of the agency."""

    hint: str | None = Field(
        description="Next step of your agency; null if there is none.",
        examples=[
            "The person who authorized is no Admin of the client's Business Center: pass the link on to an Admin."
        ],
    )

    @classmethod
    def of(cls, access_request: AccessRequest) -> "AccessRequestDetail":
        """From the row."""
        return cls(
            **dict(AccessRequestView.model_validate(access_request)),
            hint=hint(
                access_request.status, access_request.code, manual=access_request.is_manual, kind=access_request.kind
            ),
        )


class AccessRequestEvidence(AccessRequestDetail):
    """An access request with the last platform calls of its handshake, and the access of your buyers."""

    calls: list[PlatformCallView] = Field(description="The last five, newest first.")
    buyers: list[BuyerAccessView] = Field(description="Access of your buyers.")

    @classmethod
    def with_calls(
        cls, access_request: AccessRequest, calls: Sequence[PlatformCall], buyers: Sequence[BuyerAccess]
    ) -> "AccessRequestEvidence":
        """From the rows."""
        last = [PlatformCallView.model_validate(each) for each in calls]
        shown = dict(AccessRequestDetail.of(access_request))
        if named := next(
            (
                declarations.permissions_named_in(access_request.platform, each.message)
                for each in last
                if each.blocker == access_request.code and each.message
            ),
            (),
        ):
            shown["hint"] = hint(
                access_request.status, access_request.code, kind=access_request.kind, permissions=named
            )
        return cls(**shown, calls=last, buyers=[BuyerAccessView.of(row) for row in buyers])


class NewPerson(RequestShape):
    """A person of your agency, to be invited by the client to its Business Center."""

    email: Email = Field(description="Of your own domain.", examples=["nora@north.example"])
    role: WorkingRole = Field(
        description="On the link's ad accounts; `Observer` counts as `ANALYST`.", examples=["ANALYST"]
    )
    reason: Asked500 = Field(description="Reason; the client reads it.", examples=["To help with the launch."])
    member_role: MemberRole = Field(
        "STANDARD",
        description="In the Business Center. Only `STANDARD` (`Employee`) is possible: an Admin could do everything.",
    )

    @model_validator(mode="after")
    def _standard(self) -> Self:
        if self.member_role != "STANDARD":
            raise ValueError("People are invited as STANDARD members only: an Admin could do everything there.")
        return self


class PersonView(AccessRequestView):
    """A request for a person, with warnings."""

    member_role: MemberRole = Field(description="Role in the client's Business Center.")
    warnings: list[str] = Field(examples=[[]])

    @classmethod
    def of(cls, access_request: AccessRequest) -> "PersonView":
        """From the row."""
        said = people.warning(access_request.person_email or "")
        shown = dict(AccessRequestView.model_validate(access_request))
        return cls(**shown, member_role="STANDARD", warnings=[english(said)] if said else [])


class NewRole(RequestShape):
    """Request for another role."""

    role: Word = Field(examples=["OPERATOR"])
    reason: Asked500 | None = Field(
        None,
        description="Reason; required for a higher role, and read by the client.",
        examples=["To run the campaigns."],
    )


class LinkCalls(BaseModel):
    """Platform calls of one onboarding, which count against the rate limit of your TikTok app."""

    total: int = Field(
        description="Calls since the link was created, including the client's authorization.", examples=[17]
    )
    by_operation: dict[str, int] = Field(examples=[{"bc/partner/asset/get": 6, "bc/partner/add": 1}])


class Attestation(RequestShape):
    """Statement of a person that an access works."""

    by: Line200 = Field(description="Name of the person.", examples=["Ana Agent"])


class Extension(RequestShape):
    """New expiry of a link."""

    expires_at: Moment = Field(description="At most 90 days from now.")
