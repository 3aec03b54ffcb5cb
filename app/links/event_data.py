"""Data of a link and its access requests in events and the API: flat, ids as text, lists comma-joined."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.events.schema import center_data, joined, selected_assets
from app.kit import clock
from app.links.models import AccessRequest, Consent, Intake, IntakeFile, Link, LinkPlatform
from app.links.pasted_ids import CONTACT_ROLES
from app.links.presets.preset import Question
from app.links.status import OVER, PROVED
from app.platforms.port import said
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client


def of_link(
    link: Link,
    client: Client,
    platforms: Sequence[LinkPlatform],
    access_requests: Sequence[AccessRequest],
    intake: Intake,
) -> dict[str, Any]:
    """Data about the link as a whole."""
    counted = [access_request for access_request in access_requests if access_request.status not in OVER]
    given = [each.client_account_id for each in platforms if each.client_account_id]
    codes = [code for each in platforms for code in each.pixel_codes or ()]
    parents = [each.asset_id for each in access_requests if each.asset_kind.has_dependents and each.asset_id]
    return {
        **clients.facts(client),
        "contact_email": _given_address(intake) or client.contact_email,
        "link_id": link.id,
        "link_status": link.status,
        "link_external_id": link.external_id,
        "preset": link.preset,
        "language": link.language,
        "platform": access_requests[0].platform if access_requests else None,
        "assets_total": len(counted),
        "assets_verified": sum(access_request.status in PROVED for access_request in counted),
        "assets_blocked": sum(access_request.status == "blocked" for access_request in counted),
        **center_data(next(iter(given), None)),
        **selected_assets(parents, codes if any(each.pixel_codes is not None for each in platforms) else None),
        "target_markets": joined(intake.markets),
    }


def of_given(
    intake: Intake,
    questions: Sequence[Question],
    answers: Mapping[str, str],
    files: Sequence[IntakeFile],
    consent: Consent | None,
) -> dict[str, Any]:
    """The client's input: contacts by role, answers by question key (file names for files), who agreed and when."""
    contacts = {
        f"{contact['role']}_{field}": contact.get(field) or None
        for contact in intake.contacts or ()
        for field in ("name", "email")
    }
    names = {question.key: joined([file.name for file in files if file.key == question.key]) for question in questions}
    given = {question.key: names[question.key] or answers.get(question.key) or None for question in questions}
    return {
        **contacts,
        "answers": given or None,
        "agreed_by": consent.name if consent else None,
        "agreed_at": clock.iso(consent.given_at) if consent else None,
    }


def _given_address(intake: Intake) -> str | None:
    """E-mail address of the first contact that has one; the approver comes before the others."""
    contacts = {contact["role"]: contact.get("email") for contact in intake.contacts or ()}
    return next((contacts[role] for role in CONTACT_ROLES if contacts.get(role)), None)


def of_access_request(access_request: AccessRequest) -> dict[str, Any]:
    """Data of one access request, in addition to that of its link."""
    return {
        "platform": access_request.platform,
        "access_request_id": access_request.id,
        "asset_kind": access_request.kind,
        "asset_id": access_request.asset_id,
        "asset_name": access_request.asset_name,
        "role_requested": access_request.role,
        "role_granted": access_request.role_seen,
        "status": access_request.status,
        "verified_at": clock.iso(access_request.verified_at),
        "blocker_code": access_request.code,
        "next_actor": access_request.next_actor,
        "reason": _said(access_request),
    }


#: Statuses that the platform's answer explains.
_EXPLAINED = frozenset({"blocked", "drifted", "unverifiable"})


def _said(access_request: AccessRequest) -> str | None:
    """The platform's own message about the blocker."""
    if access_request.status not in _EXPLAINED or not access_request.platform_operation:
        return None
    return said(
        access_request.platform_operation,
        (access_request.platform_message or "")[:500],
        access_request.platform_request_id,
    )
