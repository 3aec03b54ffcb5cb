"""The link as a whole: its agency, client, access requests and intake, and what follows from them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kit import clock
from app.links import event_data, status
from app.links.models import AccessRequest, Consent, Intake, Link
from app.links.presets.preset import Preset
from app.links.questions.models import IntakeFile
from app.links.status import OVER, PROVED
from app.tenants.agencies.models import Agency
from app.tenants.clients.models import Client


@dataclass(frozen=True)
class LinkAggregate:
    """A link with everything a page or an event says of it."""

    agency: Agency
    client: Client
    link: Link
    access_requests: Sequence[AccessRequest]
    intake: Intake
    preset: Preset
    #: to the preset's own questions, by key
    answers: Mapping[str, str]
    files: Sequence[IntakeFile]

    @property
    def has_answers(self) -> bool:
        """True if every question of the preset was answered or left out."""
        return all(question.key in self.answers for question in self.preset.questions)

    @property
    def is_settled(self) -> bool:
        """True if the link is completed and everything is still as agreed, so that nobody has to act."""
        living = [access_request for access_request in self.access_requests if access_request.status not in OVER]
        return self.link.status == "completed" and all(
            access_request.status in PROVED and access_request.unwanted_at is None for access_request in living
        )

    @property
    def turn(self) -> tuple[str | None, datetime]:
        """Next actor of the link, and since when."""
        return turn(
            self.link,
            [(access_request.next_actor, access_request.status_since) for access_request in self.access_requests],
            clock.now(),
        )

    def facts(self, access_request: AccessRequest | None = None) -> dict[str, Any]:
        """The data of an event about the link, or about one of its access requests."""
        about = event_data.of_link(self.link, self.client, self.access_requests, self.intake)
        return about | event_data.of_access_request(access_request) if access_request else about

    def given(self, consent: Consent | None) -> dict[str, Any]:
        """The client's input, for the events that include all of it."""
        return event_data.of_given(self.intake, self.preset.questions, self.answers, self.files, consent)


def turn(
    link: Link, access_requests: Iterable[tuple[str | None, datetime]], now: datetime
) -> tuple[str | None, datetime]:
    as_of = status.as_of(link.status, link.expires_at, now)
    return status.turn(as_of, link.submitted_at or link.opened_at or link.created_at, access_requests)
