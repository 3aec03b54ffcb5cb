"""Authorization, and the person who authorized (https://business-api.tiktok.com/portal/docs, by the id at
each call).
"""

from collections.abc import Sequence

from app.platforms.port import Access, App, Keep, Priority
from app.platforms.tiktok import responses
from app.platforms.tiktok.client.requests import Wire, get, post_as_app

#: Maximum number of ids per call of `advertiser/info/`.
MOST_ADVERTISERS = 100
_FIELDS = ["advertiser_id", "status", "currency", "timezone", "country"]


async def access_token(wire: Wire, app: App, auth_code: str, keep: Keep) -> responses.AccessToken:
    """`POST /oauth2/access_token/` (portal/docs?id=1739965703387137): a code works once, for an hour."""
    secrets = {"auth_code": auth_code}
    return await post_as_app(
        wire, app, "oauth2/access_token/", secrets, responses.AccessToken, keep, urgency=Priority.LOOKING
    )


async def revoke_token(wire: Wire, app: App, token: str, keep: Keep) -> None:
    """`POST /oauth2/revoke_token/` (portal/docs?id=1739965723304961)."""
    secrets = {"access_token": token}
    await post_as_app(
        wire, app, "oauth2/revoke_token/", secrets, responses.Nothing, keep, urgency=Priority.HANDSHAKE, token=token
    )


async def advertisers(wire: Wire, app: App, access: Access, keep: Keep) -> responses.Advertisers:
    """`GET /oauth2/advertiser/get/` (portal/docs?id=1738455508553729): the accounts that the person ticked."""
    return await get(wire, access, "oauth2/advertiser/get/", {}, responses.Advertisers, keep, app=app)


async def user_info(wire: Wire, access: Access, keep: Keep) -> responses.UserInfo:
    """`GET /user/info/` (portal/docs?id=1739665513181185): the person who authorized."""
    return await get(wire, access, "user/info/", {}, responses.UserInfo, keep)


async def advertiser_info(
    wire: Wire, access: Access, advertiser_ids: Sequence[str], keep: Keep
) -> responses.AdvertiserInfos:
    """`GET /advertiser/info/` (yml_files/advertiser_info.yml of TikTok's SDK): at most 100 ids; the balance is not
    requested.
    """
    query = {"advertiser_ids": list(advertiser_ids), "fields": _FIELDS}
    return await get(wire, access, "advertiser/info/", query, responses.AdvertiserInfos, keep)
