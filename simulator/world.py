"""The simulated world: everything that exists, who holds what, and the life of codes and tokens. Pure."""

import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.models import (
    Activity,
    AdAccount,
    App,
    Asset,
    AuthCode,
    BusinessCenter,
    Consent,
    Person,
    Pixel,
    RelationStatus,
    RelationType,
    Role,
    Token,
    roles_on,
)
from simulator.pixels import PixelLinks
from simulator.sharing import Sharing

AUTH_CODE_LIFETIME = 3600
"""Seconds: API.md 2.2, "1 hour, single use"."""


class Holding(NamedTuple):
    """An asset as one Business Center, or one person, holds it."""

    asset: Asset
    role: Role
    relation_type: RelationType
    relation_status: RelationStatus = "BOUND"


@dataclass
class World:
    """All there is, by id."""

    apps: dict[str, App]
    persons: dict[str, Person]
    business_centers: dict[str, BusinessCenter]
    assets: dict[str, Asset]
    sharing: Sharing = field(default_factory=Sharing)
    links: PixelLinks = field(default_factory=PixelLinks)
    activities: dict[str, list[Activity]] = field(default_factory=dict)
    codes: dict[str, AuthCode] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    made: int = 0

    def new_number(self) -> int:
        """A number for what is made after the start, never the same twice."""
        self.made += 1
        return self.made

    def new_id(self) -> str:
        """An id nobody has, of the shape of TikTok's."""
        return str(7290000000000000000 + self.new_number())

    def ad_account(self, advertiser_id: str) -> AdAccount | None:
        asset = self.assets.get(advertiser_id)
        return asset if isinstance(asset, AdAccount) else None

    def person_with(self, email: str) -> Person | None:
        wanted = email.lower()
        return next((person for person in self.persons.values() if person.email.lower() == wanted), None)

    def pixel_of_code(self, pixel_code: str) -> Pixel | None:
        for asset in self.assets.values():
            if isinstance(asset, Pixel) and asset.pixel_code == pixel_code:
                return asset
        return None

    def pixels_of(self, advertiser_id: str, moment: float = math.inf) -> list[Pixel]:
        """The pixels an ad account can use: made in it, or linked to it."""
        return [
            asset
            for asset in self.assets.values()
            if isinstance(asset, Pixel)
            and (asset.owner_advertiser_id == advertiser_id or self.links.linked(asset.asset_id, advertiser_id, moment))
        ]

    def owned(self, bc_id: str) -> list[Asset]:
        return [asset for asset in self.assets.values() if asset.owner_bc_id == bc_id]

    def holdings(self, bc_id: str, moment: float = math.inf) -> list[Holding]:
        """All assets of a Business Center: its own, those shared with it, those it asked a person for."""
        held = [Holding(asset, roles_on(asset.asset_type)[-1], "OWNER_BC") for asset in self.owned(bc_id)]
        for partner_id in self.sharing.partner_ids(bc_id, moment):
            for share in self.sharing.received(bc_id, partner_id, moment):
                held.append(Holding(self.assets[share.asset_id], share.role, "OWNER_PARTNER"))
        for asset in self.assets.values():
            if bc_id in asset.requested_by:
                held.append(_requested(bc_id, asset))
        return held

    def holding(self, bc_id: str, asset_id: str, moment: float = math.inf) -> Holding | None:
        """One asset as a Business Center holds it, if it does."""
        asset = self.assets.get(asset_id)
        if asset is None:
            return None
        if asset.owner_bc_id == bc_id:
            return Holding(asset, roles_on(asset.asset_type)[-1], "OWNER_BC")
        if bc_id in asset.requested_by:
            return _requested(bc_id, asset)
        share = asset.owner_bc_id and self.sharing.share_with(bc_id, asset.owner_bc_id, asset_id, moment)
        return Holding(asset, share.role, "OWNER_PARTNER") if share else None

    def usable(self, person_id: str, bc_id: str, moment: float = math.inf) -> list[Holding]:
        """Assets that a member can use in a Business Center: an admin all, others those assigned to them."""
        center = self.business_centers[bc_id]
        if person_id not in center.members:
            return []
        bound = [holding for holding in self.holdings(bc_id, moment) if holding.relation_status == "BOUND"]
        if center.is_admin(person_id):
            return bound
        return [
            Holding(holding.asset, holding.asset.assigned[bc_id][person_id], holding.relation_type)
            for holding in bound
            if person_id in holding.asset.assigned.get(bc_id, {})
        ]

    def reachable_ad_accounts(self, person_id: str) -> dict[str, AdAccount]:
        """The ad accounts this person can tick at consent: of their Business Centers, and their own."""
        found = [asset for asset in self.assets.values() if asset.owner_person_id == person_id]
        for bc_id in self.business_centers:
            found += [holding.asset for holding in self.usable(person_id, bc_id)]
        return {asset.asset_id: asset for asset in found if isinstance(asset, AdAccount)}

    def can_reach(self, person_id: str, advertiser_id: str) -> bool:
        """True if this person could tick this ad account now."""
        account = self.ad_account(advertiser_id)
        if account is None:
            return False
        if account.owner_person_id == person_id:
            return True
        for bc_id, center in self.business_centers.items():
            if person_id not in center.members:
                continue
            held = self.holding(bc_id, advertiser_id)
            given = center.is_admin(person_id) or person_id in account.assigned.get(bc_id, {})
            if held is not None and held.relation_status == "BOUND" and given:
                return True
        return False

    def issue_code(self, consent: Consent, now: float) -> str:
        code = secrets.token_hex(20)
        self.codes[code] = AuthCode(consent, now + AUTH_CODE_LIFETIME)
        return code

    def exchange_code(self, app_id: str, code: str, now: float) -> Token | None:
        """Turn a code into a token once, in time, and for the app it was made for; otherwise None."""
        known = self.codes.get(code)
        if known is None or known.consent.app_id != app_id:
            return None
        del self.codes[code]
        return self.issue_token(known.consent) if now < known.expires_at else None

    def issue_token(self, consent: Consent, access_token: str | None = None) -> Token:
        token = Token(access_token or secrets.token_hex(20), consent, self.apps[consent.app_id].permissions)
        self.tokens[token.access_token] = token
        return token

    def cancel_consent(self, person_id: str) -> list[Token]:
        """The person cancels every authorization at TikTok: tokens die, codes not yet exchanged too."""
        dead = [token for token in self.tokens.values() if token.consent.person_id == person_id]
        self.tokens = {key: token for key, token in self.tokens.items() if token not in dead}
        self.codes = {key: code for key, code in self.codes.items() if code.consent.person_id != person_id}
        return dead

    def consent(self, app_id: str, person_id: str, advertiser_ids: Iterable[str] | None = None) -> Consent:
        """A person's consent at this moment; without `advertiser_ids`, everything offered stays ticked."""
        offered = frozenset(self.reachable_ad_accounts(person_id))
        ticked = offered if advertiser_ids is None else frozenset(advertiser_ids)
        return Consent(app_id, person_id, ticked, offered)

    def reached(self, consent: Consent, *, only_ticked: bool) -> dict[str, AdAccount]:
        """The ad accounts a token reaches of those that are still the person's to reach.

        What was ticked; and, unless `only_ticked`, what the person was not offered at consent because it came later.
        """
        reachable = self.reachable_ad_accounts(consent.person_id)
        return {key: account for key, account in reachable.items() if _covers(consent, key, only_ticked)}

    def reaches(self, consent: Consent, advertiser_id: str, *, only_ticked: bool) -> bool:
        """The same for one ad account."""
        return _covers(consent, advertiser_id, only_ticked) and self.can_reach(consent.person_id, advertiser_id)


def _requested(bc_id: str, asset: Asset) -> Holding:
    return Holding(asset, roles_on(asset.asset_type)[0], "OWNER_INDIVIDUAL", asset.requested_by[bc_id])


def _covers(consent: Consent, advertiser_id: str, only_ticked: bool) -> bool:
    return advertiser_id in consent.advertiser_ids or not (only_ticked or advertiser_id in consent.offered)
