"""Scopes of API keys. Pure."""

SCOPES: dict[str, str] = {
    "agency:read": "Read the agency, its brand and its Business Centers.",
    "agency:write": "Change the agency, its TikTok app and its Business Centers.",
    "keys:read": "List API keys (never their values).",
    "keys:write": "Make and end API keys.",
    "clients:read": "Read clients.",
    "clients:write": "Make and change clients; say which client a partner is.",
    "links:read": "Read links and their access requests.",
    "links:write": "Make, extend and revoke links; verify and attest access requests.",
    "links:address": "See a link's secret address again (each look is recorded).",
    "grants:read": "Read grants and the evidence behind them, imports and partners.",
    "connections:read": "Read connections.",
    "connections:write": "Connect the agency's own side, and import what it has.",
    "events:read": "Read what happened.",
    "webhooks:read": "Read endpoints, deliveries and attempts.",
    "webhooks:write": "Make, change, test and delete endpoints; send again, call off, replay.",
    "webhooks:secrets": "See the signing secrets of an endpoint again (each look is recorded).",
}

ALL = frozenset(SCOPES)


def unknown(scopes: list[str]) -> list[str]:
    """Unknown scopes, in the given order."""
    return [scope for scope in scopes if scope not in SCOPES]
