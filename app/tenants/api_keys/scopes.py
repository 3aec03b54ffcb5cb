"""Scopes of API keys, with what each allows. Pure."""

from app.kit.i18n.message import Message, _

#: Scopes, and what each allows.
SCOPES: dict[str, Message] = {
    "agency:read": _("Read the agency, its brand and its accounts at platforms."),
    "agency:write": _("Change the agency, its app and its accounts at platforms."),
    "keys:read": _("List API keys, never their values."),
    "keys:write": _("Create and revoke API keys."),
    "clients:read": _("Read clients."),
    "clients:write": _("Create and change clients, and link partners to them."),
    "clients:erase": _("Erase the personal data of clients. It cannot be undone."),
    "members:read": _("Read members, their sessions and invitations."),
    "members:write": _("Invite members, change their roles below owner, and remove them."),
    "members:owners": _("Do the same with owners. Only an owner can give it."),
    "links:read": _("Read links and their access requests."),
    "links:write": _("Create, extend and revoke links, and verify and attest access requests."),
    "links:address": _("Read a link’s secret address again. Each time is recorded."),
    "grants:read": _("Read existing access, its evidence, imports and partners."),
    "connections:read": _("Read connections."),
    "connections:write": _("Connect the agency, and import its existing access."),
    "events:read": _("Read events."),
    "audit:read": _("Read the audit log, with names, e-mail addresses and network addresses."),
    "webhooks:read": _("Read endpoints, deliveries and attempts."),
    "webhooks:write": _("Create, change, test and delete endpoints, and retry, cancel and replay deliveries."),
    "webhooks:secrets": _("Read the signing secrets of an endpoint again. Each time is recorded."),
}
ALL_SCOPES = frozenset(SCOPES)
#: Lets a key act as an owner; only an owner makes such a key.
AS_OWNER = "members:owners"
