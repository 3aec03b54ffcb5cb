"""Statements of clients about access requests of manual platforms.

Nothing is written here: whoever calls saves the link.
"""

from app.access.requests.manual_status import AttestationFacts, status
from app.events.recorder import CLIENT
from app.kit.errors import NotFound
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest


def refresh_statuses(aggregate: LinkAggregate, *, actor: str = CLIENT) -> None:
    """Give every access request of a manual platform the status that follows from what was said.

    Repeating it changes nothing.
    """
    for access_request in aggregate.access_requests:
        if access_request.is_custom:
            _write(aggregate, access_request, actor)


def say_done(aggregate: LinkAggregate, access_request_id: str) -> None:
    """Note that the client did the steps, in the name of the person who agreed. Raises NotFound."""
    access_request = _manual(aggregate, access_request_id)
    if access_request.status in ("approved", "awaiting_client"):
        access_request.client_attested_at = aggregate.now
        access_request.client_attested_by = aggregate.consent.name if aggregate.consent else None
        _write(aggregate, access_request, CLIENT)


def withdraw_statement(aggregate: LinkAggregate, access_request_id: str) -> None:
    """Withdraw the client's statement, unless the agency has confirmed it. Raises NotFound."""
    access_request = _manual(aggregate, access_request_id)
    if access_request.status == "awaiting_partner":
        access_request.client_attested_at = access_request.client_attested_by = None
        _write(aggregate, access_request, CLIENT)


def _manual(aggregate: LinkAggregate, access_request_id: str) -> AccessRequest:
    access_request = aggregate.find(access_request_id)
    if access_request is None or not access_request.is_custom:
        raise NotFound
    return access_request


def _write(aggregate: LinkAggregate, access_request: AccessRequest, actor: str) -> None:
    said = AttestationFacts(
        approved=access_request.approved_at is not None,
        declined=access_request.declined_at is not None,
        over=aggregate.is_dead,
        by_client=access_request.client_attested_at is not None,
        by_agency=access_request.attested_at is not None,
    )
    now = status(said)
    aggregate.set_status(access_request, status=now.status, code=None, next_actor=now.next_actor, actor=actor)
