"""Installation of a destination in the account of the agency, during the request; no transaction is open."""

from collections.abc import Mapping

from pydantic import BaseModel, Field

from app.kit import clock
from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.egress.result import HttpResult
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.webhooks.destinations.hubspot import HubSpot
from app.webhooks.endpoints import queries
from app.webhooks.message import Destination, HttpRequest, OutboundRequest, RequestSequence
from app.webhooks.models import Endpoint
from app.webhooks.policies.response_classifier import AttemptOutcome

#: Deadline of each request.
SECONDS = 10.0


class NothingToInstall(AppError):
    """Only HubSpot needs an installation."""

    status = 409
    code = "nothing_to_install"
    detail = "This destination needs nothing to be installed."


class StepView(BaseModel):
    """One request of an installation."""

    part: str | None = Field(examples=["companies.onboarding_client_id"])
    status: int | None = Field(description="409: it was there.", examples=[201])


class InstallationView(BaseModel):
    """Result of an installation."""

    done: bool
    code: str = Field(examples=["http_200"])
    explanation: str = Field(examples=["HubSpot has all properties."])
    steps: list[StepView]


async def install(
    sessions: Sessions,
    agency_id: str,
    endpoint_id: str,
    *,
    destinations: Mapping[str, Destination],
    keyring: Keyring,
    egress: Egress,
) -> InstallationView:
    """Create what the account of a destination needs; may be repeated. Raises NotFound and NothingToInstall."""
    async with sessions() as session:
        endpoint = await queries.find(session, agency_id, endpoint_id)
    destination = destinations.get(endpoint.destination)
    if not isinstance(destination, HubSpot):
        raise NothingToInstall
    outcome, answers = await run_sequence(destination.install(without_event(endpoint, keyring)), egress)
    steps = [StepView(part=asked.part, status=answer.status) for asked, answer in answers]
    return InstallationView(done=outcome.arrived, code=outcome.code, explanation=outcome.explanation, steps=steps)


async def run_sequence(
    sequence: RequestSequence, egress: Egress
) -> tuple[AttemptOutcome, list[tuple[HttpRequest, HttpResult]]]:
    """Send each request of a sequence once. Returns its outcome, and the requests with their responses."""
    answers: list[tuple[HttpRequest, HttpResult]] = []
    try:
        request = next(sequence)
        while True:
            answer = await egress.call(
                request.method, request.url, headers=request.headers, body=request.body or None, seconds=SECONDS
            )
            answers.append((request, answer))
            request = sequence.send(answer)
    except StopIteration as ended:
        return ended.value, answers


def without_event(endpoint: Endpoint, keyring: Keyring) -> OutboundRequest:
    """The endpoint as its destination sees it, without an event."""
    return OutboundRequest(
        url=endpoint.url, event_id="", event_type="", delivery_id="", endpoint_id=endpoint.id, attempt=1, replay=False,
        content=b"", keys=(), headers={}, options=queries.open_options(keyring, endpoint), now=clock.now(),
    )  # fmt: skip
