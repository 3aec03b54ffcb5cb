"""HubSpot records of an event: properties of company and contact, and a note. All values are text. Pure."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from app.events import catalog
from app.kit.input import email_address
from app.webhooks.destinations import event_values

#: The unique property by which a company is found again; `email` is HubSpot's own for contacts.
COMPANY_KEY = "onboarding_client_id"
CONTACT_KEY = "email"
#: Time of the newest event that was written, so that an older one that is sent again changes nothing.
WRITTEN_AT = "onboarding_event_at"
GROUP = "keyturn"
LONGEST_NOTE = 65_536

_COMPANY = {
    "onboarding_status": "link_status",
    "onboarding_preset": "preset",
    "onboarding_platforms": "platforms",
    "onboarding_external_id": "external_id",
    "onboarding_dashboard_url": "dashboard_url",
    "onboarding_assets_total": "assets_total",
    "onboarding_assets_verified": "assets_verified",
    "onboarding_assets_blocked": "assets_blocked",
    "onboarding_ad_account_ids": "ad_account_ids",
    "onboarding_pixel_codes": "pixel_codes",
    "onboarding_target_markets": "target_markets",
}
_COMPANY_ID = re.compile(r"hubspot:(\d{1,20})")
_DEAL_ID = re.compile(r"(?:hubspot:)?deal:(\d{1,20})")
_CONTACT = ("onboarding_status", "onboarding_last_event", "onboarding_dashboard_url", WRITTEN_AT)
#: Not written by events about one asset, which have its platform and account.
_OF_LINK = {"onboarding_platform": "platform", "onboarding_platform_account_id": "platform_account_id"}
#: Written by each event of an access request, empty if it has no value.
_OF_NOW = {"onboarding_next_actor": "next_actor", "onboarding_blocker": "blocker_code"}


@dataclass(frozen=True)
class Record:
    """Desired state of one record: found by `key` = `value`; `first` is set only where it has no such value yet."""

    part: str
    path: str
    key: str
    value: str
    told: Mapping[str, str]
    first: Mapping[str, str] = field(default_factory=dict)


def property_set() -> dict[str, Any]:
    """The group and the properties to be created in an account, by object type."""
    read: dict[str, Any] = json.loads(
        resources.files(__package__).joinpath("hubspot_properties.json").read_text("utf-8")
    )
    return read


def company(event: Mapping[str, Any]) -> Record:
    """The client's company. Its name is written once, because the agency may change it in HubSpot."""
    data = event["data"]
    first = {"name": data.get("client_name"), "domain": domain(event)}
    return Record(
        "company", "/crm/v3/objects/companies/batch", COMPANY_KEY, str(data["client_id"]), _told(event),
        {name: str(value) for name, value in first.items() if value},
    )  # fmt: skip


def company_id(event: Mapping[str, Any]) -> str | None:
    """The company's own id in HubSpot, if the client's `external_id` is `hubspot:1234`."""
    found = _COMPANY_ID.fullmatch(str(event["data"].get("external_id")))
    return found[1] if found else None


def deal_id(event: Mapping[str, Any]) -> str | None:
    """The deal that a link belongs to, if the link's `external_id` is `deal:77`."""
    found = _DEAL_ID.fullmatch(str(event["data"].get("link_external_id")))
    return found[1] if found else None


def domain(event: Mapping[str, Any]) -> str | None:
    """The company's domain by the address of its contact; None for an address that anybody can have."""
    email = str(event["data"].get("contact_email") or "")
    return None if not email or email_address.is_freemail(email) else email_address.domain_of(email)


def deal(event: Mapping[str, Any]) -> dict[str, str]:
    """Properties of a deal that describe its link."""
    return {name: text for name, text in _told(event).items() if name in (*_CONTACT, *_OF_NOW)}


def contact(event: Mapping[str, Any]) -> Record | None:
    """The client's contact; None where the event has no address, or the endpoint gets none."""
    email = event["data"].get("contact_email")
    if not email:
        return None
    told = {name: text for name, text in _told(event).items() if name in _CONTACT}
    return Record("contact", "/crm/v3/objects/contacts/batch", CONTACT_KEY, str(email), told)


def is_newer(event: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    """True if the event is not older than the time in a record. Both are our ISO text."""
    return str(event["timestamp"]) >= str(written.get(WRITTEN_AT) or "")


def note(event: Mapping[str, Any]) -> str:
    """A note's HTML; it ends with the event's id, by which the same note is known again."""
    data, kind = event["data"], catalog.TYPES.get(str(event["type"]))
    lines = [kind.sentence.replace("`", "") if kind else str(event["type"])]
    lines += [f"Asset: {data[key]}" for key in ("asset_name", "asset_id") if data.get(key)][:1]
    lines += [f"In the way: {event_values.blocker_text(data['blocker_code'])}"] if data.get("blocker_code") else []
    lines += [f"Next: {event_values.actor_text(data['next_actor'])}"] if data.get("next_actor") else []
    address = data.get("dashboard_url")
    shown = [html.escape(line) for line in lines]
    if address:
        shown.append(f'<a href="{html.escape(address)}">Open in Keyturn</a>')
    return "<br>".join([*shown, mark(event)])[:LONGEST_NOTE]


def mark(event: Mapping[str, Any]) -> str:
    """Text by which a note names its event."""
    return f"Keyturn {event['id']}"


def _told(event: Mapping[str, Any]) -> dict[str, str]:
    data = event["data"]
    keys = _COMPANY if "asset_kind" in data else _COMPANY | _OF_LINK
    told = {name: _text(data.get(key)) for name, key in keys.items() if data.get(key) is not None}
    if str(event["type"]).startswith("access."):
        told |= {name: _text(data.get(key)) for name, key in _OF_NOW.items()}
    return {**told, "onboarding_last_event": str(event["type"]), WRITTEN_AT: str(event["timestamp"])}


def _text(value: object) -> str:
    return "" if value is None else str(value)
