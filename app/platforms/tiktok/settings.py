"""Settings of TikTok: the installation's app, the addresses of the API, and the rate budget. Pure."""

from typing import Annotated, Self

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, model_validator

from app.kit.input.text import digits
from app.kit.web import web_address
from app.platforms.port import App
from app.platforms.tiktok.findings import CALLBACK


def _app_id(text: str) -> str:
    app_id = digits(text)
    if not (app_id.isascii() and app_id.isdigit()):
        raise ValueError(
            "it must have digits only; a client key with letters is from TikTok for Developers and does not "
            "work with TikTok API for Business"
        )
    return app_id


_Address = Annotated[str, AfterValidator(web_address.read)]


class TikTokSettings(BaseModel):
    """TikTok's part of the settings of an installation."""

    tiktok_app_id: Annotated[str, AfterValidator(_app_id)] | None = Field(
        None,
        validation_alias=AliasChoices("TIKTOK_APP_ID", "TIKTOK_CLIENT_KEY"),
        description="TikTok app id.",
    )
    tiktok_app_secret: str | None = Field(
        None,
        validation_alias=AliasChoices("TIKTOK_APP_SECRET", "TIKTOK_CLIENT_SECRET"),
        description="TikTok app secret.",
    )
    tiktok_redirect_uri: _Address | None = Field(
        None, validation_alias="TIKTOK_REDIRECT_URI", description="Redirect address registered in My Apps."
    )
    tiktok_auth_url: _Address = Field(
        "https://business-api.tiktok.com/portal/auth",
        validation_alias="TIKTOK_AUTH_URL",
        description="Advertiser authorization URL of the app.",
    )
    tiktok_api_base: _Address = Field(
        "https://business-api.tiktok.com/open_api/v1.3",
        validation_alias="TIKTOK_API_BASE",
        description="TikTok API for Business.",
    )
    tiktok_qps: int = Field(
        8, gt=0, validation_alias="TIKTOK_QPS",
        description="Calls a second that each TikTok app may make, all processes together; TikTok's first level is 10.",
    )  # fmt: skip
    tiktok_qpm: int = Field(
        480, gt=0, validation_alias="TIKTOK_QPM",
        description="The same for a minute; TikTok's first level is 600.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _whole_tiktok_app(self) -> Self:
        if (self.tiktok_app_id is None) != (self.tiktok_app_secret is None):
            raise ValueError("TIKTOK_APP_ID and TIKTOK_APP_SECRET go together: set both, or neither.")
        return self

    @property
    def tiktok_app(self) -> App | None:
        """The installation's own TikTok app, for agencies that bring none."""
        if self.tiktok_app_id is None or self.tiktok_app_secret is None:
            return None
        return App(self.tiktok_app_id, self.tiktok_app_secret)

    def tiktok_redirect(self, public_url: str) -> str:
        """The redirect address registered for TikTok apps."""
        return self.tiktok_redirect_uri or public_url + CALLBACK
