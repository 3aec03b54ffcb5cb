"""Data of a link and its access requests in events: flat, ids as text, lists comma-joined."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.events.schema import joined
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
    counted = [each for each in access_requests if each.status not in OVER]
    chosen = [each.asset_id for each in access_requests if each.asset_kind.has_dependents and each.asset_id]
    codes = [each.pixel_codes for each in platforms if each.pixel_codes is not None]
    connected = [each.platform for each in platforms if not each.is_manual]
    named = [each.platform for each in platforms]
    return {
        **clients.facts(client),
        "contact_email": _given_address(intake) or client.contact_email,
        "link_id": link.id,
        "link_status": link.status,
        "link_external_id": link.external_id,
        "preset": link.preset,
        "language": link.language,
        **platform_account(platforms, next(iter(connected + named), None)),
        "platforms": joined(named) or None,
        "assets_total": len(counted),
        "assets_verified": sum(each.status in PROVED for each in counted),
        "assets_blocked": sum(each.status == "blocked" for each in counted),
        "ad_account_ids": joined(chosen) or None,
        "pixel_codes": joined([code for each in codes for code in each]) if codes else None,
        "target_markets": joined(intake.markets),
    }


def platform_account(platforms: Sequence[LinkPlatform], platform: str | None) -> dict[str, str | None]:
    """A platform of a link, and the client's account there; None as long as the client has not given one."""
    accounts = {each.platform: each.client_account_id for each in platforms}
    return {"platform": platform, "platform_account_id": accounts.get(platform) if platform else None}


def of_given(
    intake: Intake,
    questions: Sequence[Question],
    answers: Mapping[str, str],
    files: Sequence[IntakeFile],
    consent: Consent | None,
) -> dict[str, Any]:
    """The client's input: contacts by role, answers by question key (file names for files), who agreed and when."""
    by_role: dict[str, Any] = {contact["role"]: contact for contact in intake.contacts or ()}
    contacts = {
        f"{role}_{field}": by_role.get(role, {}).get(field) or None
        for role in CONTACT_ROLES
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


def of_access_request(access_request: AccessRequest, platforms: Sequence[LinkPlatform]) -> dict[str, Any]:
    """Data of one access request, in addition to that of its link. Its previous status and grant are not known here."""
    return {
        **platform_account(platforms, access_request.platform),
        "access_request_id": access_request.id,
        "asset_kind": access_request.kind,
        "asset_id": access_request.asset_id,
        "asset_name": access_request.asset_name,
        "role_requested": access_request.role,
        "role_granted": access_request.role_seen,
        "status": access_request.status,
        "status_previous": None,
        "grant_id": None,
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
