"""Declarations of each platform: its kinds of assets and its words, which the rest of the application asks. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.kit.i18n.message import ContentDate, Message, _
from app.platforms.client_texts import ClientTexts
from app.platforms.port import AssetKind
from app.platforms.tiktok import linking
from app.platforms.tiktok import problems as tiktok
from app.platforms.tiktok.client_texts import TEXTS as TIKTOK_TEXTS
from app.platforms.tiktok.kinds import KINDS as TIKTOK

_CONSOLE = _("the developer console")
_NEUTRAL = ClientTexts()


def _none(_message: str) -> tuple[str, ...]:
    return ()


def _no_dates() -> Sequence[ContentDate]:
    return ()


def _no_problem(_app_id: str) -> str | None:
    return None


@dataclass(frozen=True)
class Declaration:
    """A platform with an API: its kinds of assets, and its words for clients.

    `permissions_named_in`: the permissions that the message of a refusal names. `problem_of_app_id`: the sentence about
    an id that no app of the platform has. `app_console`: where its developers register an app. `in_app_browsers`:
    markers in the User-Agent of its own mobile apps, with the name of each app. `support`: where its developers and its
    customers get help, by name and address. `guidance_dates`: the days of its content files.
    """

    name: str
    kinds: Mapping[str, AssetKind]
    texts: ClientTexts = ClientTexts()
    permissions_named_in: Callable[[str], tuple[str, ...]] = _none
    problem_of_app_id: Callable[[str], str | None] = _no_problem
    app_console: Message = _CONSOLE
    in_app_browsers: Mapping[str, str] = field(default_factory=dict)
    support: tuple[tuple[Message, str], ...] = ()
    guidance_dates: Callable[[], Sequence[ContentDate]] = _no_dates


_BY_PLATFORM: dict[str, Declaration] = {
    "tiktok": Declaration(
        "TikTok",
        TIKTOK,
        TIKTOK_TEXTS,
        tiktok.permissions_named_in,
        tiktok.of_app_id,
        app_console=_("My Apps"),
        support=(
            (_("API documentation"), "https://business-api.tiktok.com/portal/docs"),
            (_("Developer portal and forum"), "https://business-api.tiktok.com/portal"),
            (_("Help center"), "https://ads.tiktok.com/help/"),
            (_("Ads Manager"), "https://ads.tiktok.com"),
            (_("Business Center"), "https://business.tiktok.com"),
        ),
        guidance_dates=linking.dates,
        in_app_browsers={"musical_ly": "TikTok", "BytedanceWebview": "TikTok"},
    ),
}
#: Platform of access requests that name none.
DEFAULT_PLATFORM = next(iter(_BY_PLATFORM))


def register(platform: str, declaration: Declaration) -> None:
    """Add a platform before its first use."""
    _BY_PLATFORM[platform] = declaration


def every() -> Mapping[str, Declaration]:
    """The declarations of all platforms with an API, by key."""
    return _BY_PLATFORM


def find(platform: str, key: str) -> AssetKind:
    """A kind of a platform; without properties if it is not declared, such as that of manual platforms."""
    declared = _BY_PLATFORM.get(platform)
    return (declared.kinds.get(key) if declared else None) or AssetKind(key, key, key, ())


def keys(is_meant: Callable[[AssetKind], bool], platform: str | None = None) -> tuple[str, ...]:
    """Keys of the kinds with a property, of one platform or of all."""
    return tuple(
        dict.fromkeys(
            kind.key
            for name, declared in _BY_PLATFORM.items()
            if platform in (None, name)
            for kind in declared.kinds.values()
            if is_meant(kind)
        )
    )


def invite_operations() -> frozenset[str]:
    """Operations of the calls that invite people, of all platforms."""
    every = (kind.invite_operation for declared in _BY_PLATFORM.values() for kind in declared.kinds.values())
    return frozenset(operation for operation in every if operation)


def of(platform: str) -> Declaration:
    """The declaration of a platform with an API. Raises KeyError."""
    return _BY_PLATFORM[platform]


def name(platform: str) -> str:
    """The display name of a platform with an API; the key of another."""
    return _BY_PLATFORM[platform].name if platform in _BY_PLATFORM else platform


def texts(platform: str) -> ClientTexts:
    """The texts of a platform for clients; the neutral ones for one without an API."""
    return _BY_PLATFORM[platform].texts if platform in _BY_PLATFORM else _NEUTRAL


def permissions_named_in(platform: str, message: str) -> tuple[str, ...]:
    """The permissions that a platform's refusal names."""
    return _BY_PLATFORM[platform].permissions_named_in(message) if platform in _BY_PLATFORM else ()


def problem_of_app_id(platform: str, app_id: str) -> str | None:
    """The sentence about an id that no app of the platform has."""
    return _BY_PLATFORM[platform].problem_of_app_id(app_id) if platform in _BY_PLATFORM else None
