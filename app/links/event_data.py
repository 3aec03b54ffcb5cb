"""What events and the API say of a link and its asks: flat, ids as text, lists comma-joined."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.events.schema import joined
from app.kit import clock
from app.links.models import Ask, Consent, Intake, Link
from app.links.pasted_ids import CONTACT_ROLES
from app.links.presets.preset import Question
from app.links.questions.models import IntakeFile
from app.links.status import OVER, PROVED
from app.platforms.port import said
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client


def of_link(link: Link, client: Client, asks: Sequence[Ask], intake: Intake | None) -> dict[str, Any]:
    """Data about the link as a whole."""
    counted = [ask for ask in asks if ask.state not in OVER]
    accounts = [ask.asset_id for ask in asks if ask.kind == "ad_account" and ask.asset_id]
    return {
        **clients.facts(client),
        "contact_email": _given_address(intake) or client.contact_email,
        "link_id": link.id,
        "link_status": link.status,
        "link_external_id": link.external_id,
        "preset": link.preset,
        "language": link.language,
        "platform": asks[0].platform if asks else None,
        "assets_total": len(counted),
        "assets_verified": sum(ask.state in PROVED for ask in counted),
        "assets_blocked": sum(ask.state == "blocked" for ask in counted),
        "tiktok_bc_id": intake.bc_id if intake else None,
        "tiktok_ad_account_ids": joined(accounts) if accounts else None,
        "tiktok_pixel_codes": joined(intake.pixel_codes) if intake else None,
        "target_markets": joined(intake.markets) if intake else None,
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


def _given_address(intake: Intake | None) -> str | None:
    """E-mail address of the first contact that has one; the approver comes before the others."""
    contacts = {contact["role"]: contact.get("email") for contact in (intake.contacts if intake else None) or ()}
    return next((contacts[role] for role in CONTACT_ROLES if contacts.get(role)), None)


def of_ask(ask: Ask) -> dict[str, Any]:
    """Data of one ask, in addition to that of its link."""
    return {
        "platform": ask.platform,
        "ask_id": ask.id,
        "ask_kind": ask.kind,
        "asset_id": ask.asset_id,
        "asset_name": ask.asset_name,
        "role_requested": ask.role,
        "role_granted": ask.role_seen,
        "status": ask.state,
        "verified_at": clock.iso(ask.verified_at),
        "blocker_code": ask.code,
        "next_actor": ask.next_actor,
        "reason": _said(ask),
    }


#: States that the platform's answer explains.
_EXPLAINED = frozenset({"blocked", "drifted", "unverifiable"})


def _said(ask: Ask) -> str | None:
    """The platform's own words on what is in the way."""
    if ask.state not in _EXPLAINED or not ask.platform_operation:
        return None
    return said(ask.platform_operation, (ask.platform_message or "")[:500], ask.platform_request_id)
