"""Status of an access request on a manual platform, from statements of people: total, and never verified. Pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class AttestationFacts:
    """Statements about one access request. `over`: its link has ended."""

    approved: bool = False
    declined: bool = False
    over: bool = False
    #: the client says that the steps are done
    by_client: bool = False
    #: the agency says that the access works
    by_agency: bool = False


@dataclass(frozen=True)
class AttestationStatus:
    """The status with its next actor."""

    status: str
    next_actor: Literal["client", "agency"] | None = None


def status(said: AttestationFacts) -> AttestationStatus:
    """The agency's statement counts, with or without the client's; after the client's alone the agency is next."""
    if said.declined:
        return AttestationStatus("declined")
    if said.by_agency:
        return AttestationStatus("attested")
    if said.over:
        return AttestationStatus("ended")
    if not said.approved:
        return AttestationStatus("waiting", "client")
    if said.by_client:
        return AttestationStatus("awaiting_partner", "agency")
    return AttestationStatus("awaiting_client", "client")
