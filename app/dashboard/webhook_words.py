"""Words about webhooks: statuses with their shapes, reasons, destinations, and what an action led to."""

from collections.abc import Mapping

from app.dashboard.turns import Label, Tone
from app.kit.i18n.message import Message, _
from app.webhooks.deliveries.queries import VisibleDelivery
from app.webhooks.endpoints.stats import EndpointSummary
from app.webhooks.models import Replay

#: Destinations that a member can choose; REST hooks are made by automation tools themselves.
DESTINATIONS: Mapping[str, tuple[Message, Message]] = {
    "http": (_("HTTP"), _("Signed webhooks (Standard Webhooks) to an address of yours.")),
    "slack": (_("Slack"), _("A message in a channel: what happened, for which client, and whose turn it is.")),
    "hubspot": (_("HubSpot"), _("A company for each client and a contact for each e-mail address, kept up to date.")),
    "http_request": (_("Custom request"), _("A request of your own to any HTTP API that takes JSON, signed.")),
}
NAMES: Mapping[str, Message] = {key: name for key, (name, _text) in DESTINATIONS.items()} | {
    "rest_hook": _("REST hook")
}

HUBSPOT_SCOPES = (
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.companies.write",
    "crm.schemas.contacts.write",
)

#: Statuses of deliveries as they are shown.
STATUSES: Mapping[str, Label] = {
    "pending": Label("us", _("Queued"), "info"),
    "in_flight": Label("us", _("Being sent"), "info"),
    "held": Label("client", _("Held"), "wait"),
    "retrying": Label("client", _("Waits for its next attempt"), "wait"),
    "succeeded": Label("verified", _("Delivered"), "good"),
    "exhausted": Label("blocked", _("Failed"), "bad"),
    "cancelled": Label("ended", _("Cancelled"), "off"),
    "skipped": Label("ended", _("Skipped"), "off"),
}
#: Reasons of holds and ends.
REASONS: Mapping[str, Message] = {
    "paused": _("The endpoint is paused or not verified."),
    "circuit": _("The circuit breaker is open; the next attempt is a probe."),
    "retry_after": _("The receiver asked to wait."),
    "rate_limit": _("The rate limit of the endpoint is used up for now."),
    "ordering": _("An earlier event of the same subject comes first."),
    "attempts_used": _("All attempts of the retry policy failed."),
    "age_limit": _("The next attempt would have been after the age limit."),
    "refused": _("The destination will never accept this delivery."),
    "gone": _("The destination no longer exists."),
    "backlog_limit": _("The endpoint had too many open deliveries; the oldest end."),
    "worker_lost": _("Its worker stopped during sending, several times."),
    "user": _("It was cancelled on request."),
    "endpoint_deleted": _("The endpoint was deleted."),
    "replay_cancelled": _("The replay that queued it was cancelled."),
    "expired": _("It was held until it was older than its age limit."),
    "body_expired": _("The stored body was deleted after its retention time."),
    "payload_deleted": _("The payload was deleted on request."),
    "endpoint_disabled": _("The endpoint was disabled."),
}
#: Reasons for which an endpoint is disabled.
DISABLED: Mapping[str, Message] = {
    "user": _("A member or a program of your agency disabled it. Events are listed as skipped."),
    "gone": _("The receiver answered that it no longer wants deliveries. Enable it when it does."),
    "unsafe_url": _("The address leads to a network that must not be called. Change the address, then enable it."),
    "failing": _("Every attempt failed for days. Repair the receiver, enable the endpoint, then replay."),
}
REPLAYS: Mapping[str, Label] = {
    "running": Label("us", _("Running"), "info"),
    "completed": Label("verified", _("All queued"), "good"),
    "cancelled": Label("ended", _("Cancelled"), "off"),
}
SELECTIONS: Mapping[str, Message] = {
    "failed": _("Failed deliveries"),
    "missing": _("Events without a delivery"),
    "skipped": _("Events while it was disabled"),
    "all": _("All of them, delivered ones too"),
}
MODES: Mapping[str, Message] = {
    "full": _("Full: every field"),
    "thin": _("Thin: ids and an address to read the rest"),
    "flat": _("Flat: every field at the first level"),
}
POLICIES: Mapping[str, Message] = {
    "standard": _("Standard: 12 attempts in 3 days"),
    "fast": _("Fast: 5 attempts in 13 minutes"),
    "patient": _("Patient: 16 attempts in 7 days"),
    "none": _("One attempt"),
}

#: What an action led to, by the name in the address.
SAID: Mapping[str, tuple[Tone, Message]] = {
    "created": ("good", _("The endpoint is ready. Store its signing secret at the receiver, then send a test.")),
    "connected": ("good", _("The endpoint is ready. Send a test to see whether it arrives.")),
    "saved": ("good", _("Saved. The next delivery uses these settings.")),
    "deleted": ("good", _("The endpoint was deleted. Its deliveries stay listed in the API.")),
    "pause": ("good", _("Paused. Deliveries wait until you resume.")),
    "resume": ("good", _("Resumed. One delivery is sent first; the others follow when it arrives.")),
    "enable": ("good", _("Enabled. One delivery is sent first; the others follow when it arrives.")),
    "disable": ("good", _("Disabled. Open deliveries are listed as skipped.")),
    "verified": ("good", _("The receiver answered the challenge. Deliveries are sent now.")),
    "installed": ("good", _("HubSpot has all properties.")),
    "not_installed": ("bad", _("HubSpot did not accept the properties. Check the token and its scopes.")),
    "ended": ("good", _("The previous secret was revoked. Only the current one signs.")),
    "retry": ("good", _("The delivery is queued again with the same id.")),
    "cancel": ("good", _("The delivery was cancelled. A request that is already under way may still arrive.")),
    "replay": ("good", _("The replay has started.")),
    "replay_cancel": ("good", _("The replay was cancelled. What was sent stays sent.")),
    "too_many_endpoints": ("bad", _("There are already 50 endpoints. Delete one that is no longer needed.")),
    "too_many_tests": ("wait", _("Ten tests were sent in the last minute. Wait a minute.")),
    "endpoint_disabled": ("bad", _("This endpoint is not enabled, so nothing is sent to it. Enable it first.")),
    "endpoint_not_verified": ("bad", _("The receiver has not answered its challenge. Send the challenge again.")),
    "endpoint_cannot_answer": ("wait", _("This destination needs no verification.")),
    "verification_failed": ("bad", _("The receiver did not return the challenge. Install step 3 shows the answer.")),
    "endpoint_moved": ("wait", _("The address was changed meanwhile. Send the challenge again.")),
    "rotation_under_way": (
        "wait",
        _("The previous secret still signs. Revoke it first, or wait until it expires."),
    ),
    "last_secret": ("bad", _("This is the only secret. Rotate it instead.")),
    "delivery_not_over": ("wait", _("This delivery has not ended, so it cannot be sent again yet.")),
    "delivery_over": ("wait", _("This delivery has already ended.")),
    "endpoint_deleted": ("bad", _("The endpoint of this delivery was deleted.")),
    "payload_deleted": ("bad", _("Its payload was deleted on request, so it cannot be sent again.")),
    "too_many_replays": ("wait", _("Two replays are running. Wait until one has ended, or cancel one.")),
    "replay_too_large": ("bad", _("That is more than a million events. Choose a shorter time or fewer types.")),
    "replay_ended": ("wait", _("This replay has already ended.")),
    "event_type_unknown": ("bad", _("There is no event type of this name.")),
}


def endpoint_label(seen: EndpointSummary) -> Label:
    """The one status of an endpoint that matters most. Green only if something arrived lately."""
    endpoint, health = seen.endpoint, seen.health
    if endpoint.status == "disabled":
        return Label("ended", _("Disabled"), "bad" if endpoint.status_reason != "user" else "off")
    if endpoint.status == "pending_verification":
        return Label("client", _("Waits for the challenge"), "wait")
    if endpoint.paused_at is not None:
        return Label("ended", _("Paused"), "off")
    if health.breaker == "open":
        return Label("blocked", _("Circuit breaker open"), "bad")
    if health.failing_since is not None:
        return Label("blocked", _("Failing"), "bad")
    if seen.hold == "retry_after":
        return Label("client", _("Asked to wait"), "wait")
    if seen.attempts and not seen.arrived:
        return Label("blocked", _("Nothing arrives"), "bad")
    if not seen.arrived:
        return Label("none", _("Nothing sent lately"), "off")
    return Label("verified", _("Healthy"), "good")


def is_troubled(seen: EndpointSummary) -> bool:
    """True if somebody has to repair the receiver."""
    return endpoint_label(seen).tone == "bad"


def delivery_label(seen: VisibleDelivery) -> Label:
    """The status of a delivery."""
    return STATUSES[seen.status]


def reason(code: str | None) -> Message | None:
    """The sentence about a hold or an end."""
    return REASONS.get(code or "")


def replay_label(replay: Replay) -> Label:
    """The status of a replay."""
    return REPLAYS[replay.status]
