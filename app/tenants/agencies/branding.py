"""Agency branding: the logo, and a colour that is always readable. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_COLOUR = "#0b5cad"
_HEX = re.compile(r"^#[0-9a-fA-F]{6}$")
_WHITE = (255, 255, 255)
#: The lightest surface of the dark page: `--card` of the client's style sheet, with a tint of the brand.
_DARK = (38, 38, 48)
#: WCAG 2.2 AA for text; the colour is the background of white button text, and of link text on white.
ENOUGH = 4.5
#: The same for text on a light tint of the colour.
ENOUGH_ON_TINT = 5.4


@dataclass(frozen=True)
class Brand:
    """Branding that the client's pages show."""

    colour: str = DEFAULT_COLOUR


@dataclass(frozen=True)
class Logo:
    """The agency's logo: the hash of its bytes, which is part of its URL, and its size in pixels."""

    sha256: str
    width: int
    height: int


def logo_of(kept: Mapping[str, Any]) -> Logo | None:
    """The logo named in an agency's `brand`."""
    return Logo(**kept["logo"]) if kept.get("logo") else None


def logo_path(slug: str, logo: Logo) -> str:
    """URL path of the logo; each logo has its own, so it can be cached forever."""
    return f"/logo/{slug}/{logo.sha256}.png"


def is_colour(text: str) -> bool:
    """True if the text is a valid colour: `#` and six hex digits."""
    return bool(_HEX.match(text))


def readable(colour: str, *, enough: float = ENOUGH) -> str:
    """The colour, darkened until white text on it has enough contrast."""
    red, green, blue = _parts(colour)
    while contrast((red, green, blue), _WHITE) < enough:
        red, green, blue = (int(part * 0.94) for part in (red, green, blue))
    return f"#{red:02x}{green:02x}{blue:02x}"


def on_dark(colour: str) -> str:
    """The colour, lightened until it can be read as text on the dark page."""
    parts = _parts(colour)
    while contrast(parts, _DARK) < ENOUGH:
        red, green, blue = (min(255, part + max(4, (255 - part) // 12)) for part in parts)
        parts = red, green, blue
    return "#{:02x}{:02x}{:02x}".format(*parts)


def contrast_with_white(colour: str) -> float:
    """The contrast of white text on a colour."""
    return contrast(_parts(colour), _WHITE)


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The contrast ratio of two colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: tuple[int, int, int]) -> float:
    linear = [part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
