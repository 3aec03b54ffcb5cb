"""Platforms with an API are declared, have settings of their own, and are built from them."""

import httpx2

from app.kit.database import Sessions
from app.platforms import declarations, installed
from app.platforms.installed import PlatformSettings
from app.settings import Settings
from tests.second_platform import adapter as plaza


async def test_what_is_declared_is_built_under_its_name_and_key(settings: Settings, sessions: Sessions) -> None:
    async with httpx2.AsyncClient() as http:
        built = installed.build(settings, settings.public_url, http, sessions)
    declared = {key: each for key, each in declarations.every().items() if key != plaza.KEY}
    assert {each.key: each.name for each in built.with_api} == {key: each.name for key, each in declared.items()}
    assert {each.key: each.redirect_uri for each in built.with_api} == settings.redirect_uris
    assert {each.key: each.kinds for each in built.with_api} == {key: each.kinds for key, each in declared.items()}
    assert built.default.key == declarations.DEFAULT_PLATFORM


async def test_webhooks_are_not_sent_to_a_redirect_address(settings: Settings) -> None:
    chosen = settings.model_copy(update={"tiktok_redirect_uri": "https://back.agency.com/callbacks/tiktok"})
    assert chosen.own_hosts == {"go.keyturn.example", "back.agency.com"}


def test_a_setting_or_validator_of_a_platform_has_its_key_in_its_name() -> None:
    """A validator of one platform would replace that of another with the same name, without a word."""
    keys = tuple(declarations.every())
    validators = PlatformSettings.__pydantic_decorators__
    named = {*PlatformSettings.model_fields, *validators.field_validators, *validators.model_validators}
    assert [name for name in named if not any(key in name for key in keys)] == []
