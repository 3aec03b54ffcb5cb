"""The simulated world: everything that exists, who holds what, and the life of codes and tokens."""

import math
import secrets
from dataclasses import dataclass, field

from app.demo.tiktok_simulator.model import (
    AdAccount,
    AdvertiserRole,
    App,
    Asset,
    AuthCode,
    BusinessCenter,
    Consent,
    Person,
    RelationStatus,
    RelationType,
    Token,
)
from app.demo.tiktok_simulator.sharing import Sharing

AUTH_CODE_LIFETIME = 3600
"""Seconds: API.md 2.2, "1 hour, single use"."""


@dataclass(frozen=True)
class Holding:
    """An asset as one Business Center, or one person, holds it."""

    asset: Asset
    role: AdvertiserRole
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
    codes: dict[str, AuthCode] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)

    def ad_account(self, advertiser_id: str) -> AdAccount | None:
        asset = self.assets.get(advertiser_id)
        return asset if isinstance(asset, AdAccount) else None

    def owned(self, bc_id: str) -> list[Asset]:
        return [asset for asset in self.assets.values() if asset.owner_bc_id == bc_id]

    def holdings(self, bc_id: str, moment: float = math.inf) -> list[Holding]:
        """All assets of a Business Center: its own, those shared with it, those it asked a person for."""
        held = [Holding(asset, "ADMIN", "OWNER_BC") for asset in self.owned(bc_id)]
        for partner_id in self.sharing.partner_ids(bc_id, moment):
            for share in self.sharing.received(bc_id, partner_id, moment):
                held.append(Holding(self.assets[share.asset_id], share.role, "OWNER_PARTNER"))
        for asset in self.assets.values():
            if bc_id in asset.requested_by:
                held.append(Holding(asset, "ANALYST", "OWNER_INDIVIDUAL", asset.requested_by[bc_id]))
        return held

    def usable(self, person_id: str, bc_id: str, moment: float = math.inf) -> list[Holding]:
        """What a member can use there: an admin everything, anybody else what is assigned to them."""
        center = self.business_centers[bc_id]
        if person_id not in center.members:
            return []
        bound = [holding for holding in self.holdings(bc_id, moment) if holding.relation_status == "BOUND"]
        if center.is_admin(person_id):
            return bound
        return [
            Holding(holding.asset, holding.asset.assigned[person_id], holding.relation_type)
            for holding in bound
            if person_id in holding.asset.assigned
        ]

    def reachable_ad_accounts(self, person_id: str) -> dict[str, AdAccount]:
        """The ad accounts this person can tick at consent: of their Business Centers, and their own."""
        found = [asset for asset in self.assets.values() if asset.owner_person_id == person_id]
        for bc_id in self.business_centers:
            found += [holding.asset for holding in self.usable(person_id, bc_id)]
        return {asset.asset_id: asset for asset in found if isinstance(asset, AdAccount)}

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
        """The person cancels every authorisation at TikTok: tokens die, codes not yet exchanged too."""
        dead = [token for token in self.tokens.values() if token.consent.person_id == person_id]
        self.tokens = {key: token for key, token in self.tokens.items() if token not in dead}
        self.codes = {key: code for key, code in self.codes.items() if code.consent.person_id != person_id}
        return dead

    def ticked(self, consent: Consent) -> dict[str, AdAccount]:
        """The ad accounts a token reaches: ticked at consent, and still the person's to reach."""
        reachable = self.reachable_ad_accounts(consent.person_id)
        return {key: account for key, account in reachable.items() if key in consent.advertiser_ids}
