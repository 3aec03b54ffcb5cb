"""Texts of the activity log; TikTok documents that there is a text, but not its content. Pure."""

from simulator.models import ActivityType, Asset, AssetType, BusinessCenter, BusinessCenterRole, Person, Role

_KINDS: dict[AssetType, str] = {"ADVERTISER": "ad account", "PIXEL": "pixel", "CATALOG": "catalog"}


def asset_words(asset: Asset) -> str:
    """`ad account Maison Lune EU (ID: 7200000000000000101)`"""
    return f"{_KINDS.get(asset.asset_type, asset.asset_type)} {asset.name} (ID: {asset.asset_id})"


def center_words(center: BusinessCenter) -> str:
    return f"partner {center.name} (ID: {center.bc_id})"


def person_words(person: Person) -> str:
    return f"{person.name} ({person.email})"


def role_words(role: Role | BusinessCenterRole) -> str:
    """` as OPERATOR`, or nothing for what has no roles."""
    return f" as {role}" if role else ""


def activity_type(asset: Asset) -> ActivityType:
    """Ad accounts are ACCOUNT, all others ASSET."""
    return "ACCOUNT" if asset.asset_type == "ADVERTISER" else "ASSET"
