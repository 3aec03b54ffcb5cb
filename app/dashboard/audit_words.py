"""Changes of the audit log in words: what happened, and which values are different."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.audit.entries import AuditRecord
from app.dashboard.desk import ROLE_NAMES
from app.kit.i18n import locales
from app.kit.i18n.message import Message, Value, _
from app.platforms import declarations

#: Words of a change of a field: once it has a value, and once it has none. The first field of an entry counts.
_HAPPENED: Mapping[tuple[str, str], tuple[Message, Message]] = {
    ("access_request", "attested_at"): (_("Access attested"), _("Attestation withdrawn")),
    ("access_request", "unwanted_at"): (_("Access no longer requested"), _("Access requested again")),
    ("agency", "brand"): (_("Brand changed"), _("Brand removed")),
    ("agency", "reminders"): (_("Reminders changed"), _("Reminders switched off")),
    ("agency_domain", "verified_at"): (_("Domain verified"), _("Domain no longer verified")),
    ("api_key", "revoked_at"): (_("API key revoked"), _("API key in use again")),
    ("endpoint", "deleted_at"): (_("Webhook endpoint deleted"), _("Webhook endpoint restored")),
    ("endpoint", "paused_at"): (_("Webhook endpoint paused"), _("Webhook endpoint resumed")),
    ("kickoff", "share_expires_at"): (_("Kickoff result shared"), _("Kickoff result no longer shared")),
    ("link", "revoked_at"): (_("Link revoked"), _("Link in use again")),
    ("link", "owner_member_id"): (_("Link given to a member"), _("Link has no owner any more")),
    ("link", "expires_at"): (_("End of the link moved"), _("Link does not expire any more")),
    ("member", "removed_at"): (_("Member removed"), _("Member back")),
    ("member", "totp_enabled_at"): (_("Second factor switched on"), _("Second factor switched off")),
    ("member_invitation", "used_at"): (_("Invitation used"), _("Invitation open again")),
    ("member_invitation", "withdrawn_at"): (_("Invitation withdrawn"), _("Invitation open again")),
    ("member_passkey", "blocked_at"): (_("Passkey blocked"), _("Passkey in use again")),
    ("platform_app", "replaced_at"): (_("App at a platform replaced"), _("App at a platform in use again")),
    ("preset", "archived_at"): (_("Preset archived"), _("Preset in use again")),
    ("public_link", "revoked_at"): (_("Public link ended"), _("Public link open again")),
    ("step_link", "opened_at"): (_("Step link opened"), _("Step link not opened")),
    ("step_link", "revoked_at"): (_("Step link taken back"), _("Step link open again")),
}
#: Changes of secrets, whose values no entry has.
_SECRETS: Mapping[tuple[str, str], Message] = {
    ("member", "password"): _("Password changed"),
    ("member", "recovery_codes"): _("Recovery codes changed"),
}
_ACTIONS: Mapping[str, Message] = {
    "created": _("{thing}: created"), "changed": _("{thing}: changed"), "deleted": _("{thing}: deleted"),
}  # fmt: skip
FIELDS: Mapping[str, Message] = {
    "account_id": _("Account ID"),
    "agency_account_id": _("Your account"),
    "agency_account_ids": _("Your accounts"),
    "api_version": _("Version of the bodies"),
    "app_id": _("App ID"),
    "attested_by": _("Attested by"),
    "body": _("Content"),
    "checks": _("Checks"),
    "client_account_id": _("Client’s account"),
    "client_account_name": _("Name of the client’s account"),
    "client_id": _("Client"),
    "colour": _("Colour"),
    "concurrency": _("Requests at once"),
    "contact_email": _("Contact’s e-mail"),
    "contact_name": _("Contact"),
    "definition": _("Content"),
    "description": _("Name"),
    "destination": _("Destination"),
    "email": _("E-mail"),
    "event_types": _("Event types"),
    "expires_at": _("Ends"),
    "external_id": _("ID in your CRM"),
    "filter": _("Only events of"),
    "headers": _("Own headers"),
    "host": _("Host name"),
    "identifiers": _("Your IDs"),
    "issuer": _("Provider"),
    "lane": _("Way of sharing"),
    "language": _("Language"),
    "launch_ready": _("Launch-ready"),
    "logo": _("Logo"),
    "metadata": _("Notes for programs"),
    "most_per_hour": _("New clients an hour, at most"),
    "most_uses": _("New clients in all, at most"),
    "name": _("Name"),
    "opened_at": _("Opened"),
    "options": _("Options of the destination"),
    "ordering": _("Order"),
    "owner_member_id": _("Owner"),
    "payload_mode": _("Body"),
    "people": _("Buyers"),
    "person": _("Person"),
    "person_email": _("For the person"),
    "personal": _("Sends personal data"),
    "platform": _("Platform"),
    "preset": _("Preset"),
    "preset_version": _("Version of the preset"),
    "public_link_id": _("Public link"),
    "ran_by": _("Run by"),
    "rate_limit": _("Rate limit"),
    "reason": _("Reason"),
    "requested_by": _("Requested by"),
    "required": _("Required"),
    "retry_policy": _("Retries"),
    "return_url": _("Link back to your site"),
    "role": _("Role"),
    "role_reason": _("Reason for the role"),
    "scopes": _("May do"),
    "secret": _("Secret"),
    "sender_name": _("Sender of e-mails"),
    "share_expires_at": _("Shared until"),
    "sign_in_failed_with": _("Refused"),
    "slug": _("Name in addresses"),
    "status": _("Status"),
    "status_reason": _("Reason of the status"),
    "timeout_ms": _("Time limit in milliseconds"),
    "url": _("Address"),
    "verification": _("Challenge"),
    "version": _("Version"),
    "words": _("Your own words"),
}
#: Fields of which the words of the entry say enough, or that only a program reads: their values are in the details.
UNSAID = frozenset({
    "account_row_id", "archived_at", "attested_at", "awaits_code", "blocked_at", "brand", "credential_id", "deleted_at",
    "endpoint_id", "key", "kind", "link_id", "member_id", "origin", "password", "paused_at", "proof", "public_key",
    "recovery_codes", "reminders", "removed_at", "replaced_at", "revoked_at", "share_token", "sign_in_failed_at",
    "subject", "token", "took_ms", "totp_enabled_at", "totp_secret", "unused_at", "unwanted_at", "used_at",
    "verified_at", "withdrawn_at",
})  # fmt: skip
_ROLES: Mapping[str, Message] = ROLE_NAMES
_FLAGS = {True: _("Yes"), False: _("No")}
_SEVERAL = _("see the details")


@dataclass(frozen=True)
class ChangedValue:
    """A field in words, before and after. Both are the same if they cannot be told: of secrets, and of structures."""

    words: Message
    before: Value | None
    after: Value | None


def headline(record: AuditRecord, thing: Message) -> Message:
    """The words of the whole entry; without better ones, the thing and the action."""
    entry, after = record.entry, record.after
    if (said := _of_sign_in(record)) is not None:
        return said
    for field in record.changed if entry.action == "changed" else ():
        if secret := _SECRETS.get((entry.subject_type, field)):
            return secret
    for (subject, field), (given, taken) in _HAPPENED.items() if entry.action == "changed" else ():
        if subject == entry.subject_type and field in record.changed:
            return given if after.get(field) else taken
    return _ACTIONS[entry.action].fill(thing=thing)


def changes(record: AuditRecord, names: Mapping[str, str]) -> Iterator[ChangedValue]:
    """The values that a reader wants: those of a new thing, and both of a changed one. `names`: of ids."""
    before, after = _opened(record.before), _opened(record.after)
    for field in dict.fromkeys((*before, *after, *record.changed)):
        if field not in FIELDS or before.get(field) == after.get(field) is not None:
            continue
        was, now = (_worded(field, values.get(field), names) for values in (before, after))
        is_unknown = field not in before and field not in after and record.entry.action == "changed"
        if was != now or now is _SEVERAL or is_unknown:
            yield ChangedValue(FIELDS[field], was, now)


def _of_sign_in(record: AuditRecord) -> Message | None:
    """The words of an entry about a sign-in; None for other entries."""
    entry = record.entry
    if entry.subject_type == "member" and entry.after.get("sign_in_failed_at"):
        return _("Sign-in refused")
    if entry.subject_type != "member_session":
        return None
    if entry.action == "deleted":
        return _("Sign-in given up before its code") if entry.before["awaits_code"] else _("Session ended")
    if entry.after.get("awaits_code"):
        return _("First step of a sign-in")
    return _("Signed in") if "awaits_code" in entry.changed else None


def _opened(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with those of the brand one by one."""
    return {**values, **(values.get("brand") or {})}


def _worded(field: str, value: Any, names: Mapping[str, str]) -> Value | None:
    match value:
        case _ if value in (None, "", [], {}):
            return None
        case bool():
            return _FLAGS[value]
        case int():
            return value
        case str() if field.endswith("_at"):
            return datetime.fromisoformat(value).replace(second=0, microsecond=0)
        case str():
            return _name(field, value, names)
        case [*several] if all(isinstance(each, str) for each in several):
            return tuple(_name(field, each, names) for each in several)
        case [*several] if field == "people":
            return tuple(str(each.get("email")) for each in several)
        case _:
            return _SEVERAL


def _name(field: str, value: str, names: Mapping[str, str]) -> Value:
    """A stored text in words: of roles, platforms, languages, and of ids with a name."""
    if field == "role":  # platforms write theirs in capitals
        return _ROLES.get(value, value.capitalize())
    if field == "platform":
        return declarations.name(value)
    if field == "language":
        return locales.find(value).name
    return names.get(value, value)
