"""Additions to the demo's first records, made over HTTP as by an agency's program and people at TikTok."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from demo.world import AGENCY_BC, FOUND_PARTNERS, TRACKING_ADMIN, Demo

PRESET = Path(__file__).with_name("full-service.toml")
#: Its events arrive, so that what asks for a pixel with events can be proved.
EVENTS = {"PAGE_VIEW": {"browser": 1820, "attributed": 51}, "ON_WEB_ORDER": {"browser": 30, "server": 11}}
#: Buyer in the agency's own Business Center, who gets access to assets that clients share.
BUYER = {"email": "bo@northagency.example", "role": "OPERATOR"}


def furnish(demo: Demo) -> Demo:
    """The demo with a world for its import, a preset of the agency's own, a buyer, and the links that need these."""
    _world(demo.addresses.tiktok)
    agency = _Agency(demo)
    _identify(agency)
    agency.send("POST", "/presets", tomllib.loads(PRESET.read_text(encoding="utf-8")))
    made = {
        "tracking": agency.link("tracking-fix", "Atelier Rive", "crm-1003", "Rosa Rive", "rosa@atelierrive.example"),
        "written": agency.link("full-service", "Café Nord", "crm-1004", "Nils Nord", "nils@cafenord.example"),
    }
    opened = agency.send("POST", "/public-links", {"preset": "prospect"})
    return replace(demo, links={**demo.links, **made}, public_link=opened["address"])


class _Agency:
    """The agency's program, with its key."""

    def __init__(self, demo: Demo) -> None:
        self.api = f"{demo.addresses.web}/api/v1"
        self.headers = {"Authorization": f"Bearer {demo.api_key}"}

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = httpx2.request(
            method, f"{self.api}{path}", json=body, headers=self.headers, timeout=30, trust_env=False
        )
        answer.raise_for_status()
        return answer.json()

    def link(self, preset: str, name: str, external_id: str, contact: str, email: str) -> str:
        client = {"name": name, "external_id": external_id, "contact_name": contact, "contact_email": email}
        address: str = self.send("POST", "/links", {"preset": preset, "client": client})["address"]
        return address


def _identify(agency: _Agency) -> None:
    agency.send("PUT", "/agency/platforms/meta", {"identifiers": {"portfolio_id": "1234567890123456"}})
    center = agency.send("GET", "/agency/accounts")["data"][0]
    agency.send("PUT", f"/agency/accounts/{center['id']}/buyers", {"buyers": [BUYER]})


def _world(tiktok: str) -> None:
    """Partners who share with the agency already, and Atelier Rive: a Business Center, an ad account and a pixel."""
    with httpx2.Client(base_url=f"{tiktok}/simulator", timeout=30, trust_env=False) as control:

        def make(path: str, body: dict[str, Any]) -> Any:
            return control.post(path, json=body).raise_for_status().json()

        make("/crowds", {"bc_id": AGENCY_BC, "partners": FOUND_PARTNERS, "accounts_each": 2})
        person = make("/persons", {"name": TRACKING_ADMIN, "email": "rosa@atelierrive.example"})["person_id"]
        center = make("/business-centers", {"name": "Atelier Rive", "members": {person: "ADMIN"}})["bc_id"]
        make("/assets", {"asset_type": "ADVERTISER", "name": "Atelier Rive", "owner_bc_id": center})
        pixel = make("/assets", {"asset_type": "PIXEL", "name": "atelierrive.example", "owner_bc_id": center})
        control.put(f"/pixels/{pixel['asset_id']}/events", json=EVENTS).raise_for_status()
