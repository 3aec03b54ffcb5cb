"""Re-encoding of pictures: a small PNG with the pixels and nothing else of the file. Pure."""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from app.kit.errors import InvalidInput

MOST_BYTES = 2 * 1024 * 1024
#: Checked in the header, before decompression; as RGBA it is 64 MB.
MOST_PIXELS = 16_000_000
#: Most pixels of a logo by side.
LOGO = (512, 256)
#: Pillow may use only these decoders.
KINDS = ("PNG", "JPEG", "WEBP", "GIF")


class LogoRefused(InvalidInput):
    """The file is not an acceptable picture."""

    code = "logo_refused"
    detail = "This file is no picture that can be a logo."
    hint = "Give a PNG, JPEG, WebP or GIF of at most 2 MB."


@dataclass(frozen=True)
class Picture:
    """A small PNG, and the SHA-256 of its bytes in hex."""

    png: bytes
    sha256: str
    width: int
    height: int


def picture(content: bytes, *, most: tuple[int, int] = LOGO, kinds: tuple[str, ...] = KINDS) -> Picture:
    """Re-encode a picture with at most this width and height; of an animation, the first frame.

    Slow: not for the event loop. Raises LogoRefused.
    """
    if len(content) > MOST_BYTES:
        raise LogoRefused("The picture has more than 2 MB.")
    if _is_svg(content):
        raise LogoRefused("SVG is not taken, because it can carry scripts.", hint="Save the logo as PNG and give that.")
    try:
        with Image.open(io.BytesIO(content), formats=kinds) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise LogoRefused("The picture has more than 16 million pixels.", hint="Make it smaller first.")
            small = _small(opened, most)
    except LogoRefused:
        raise
    except Exception as problem:  # decoders raise anything on broken content
        raise LogoRefused from problem
    png = _packed(small)
    return Picture(png, hashlib.sha256(png).hexdigest(), small.width, small.height)


def _is_svg(content: bytes) -> bool:
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) or content.startswith(b"\x1f\x8b")


def _small(opened: Image.Image, most: tuple[int, int]) -> Image.Image:
    opened.seek(0)
    turned = ImageOps.exif_transpose(opened).convert("RGBA")
    turned.thumbnail(most, Image.Resampling.LANCZOS)
    return turned


def _packed(small: Image.Image) -> bytes:
    """Copy the pixels only: a new image has no comment, location or profile."""
    new = Image.new("RGBA", small.size)
    new.paste(small)
    out = io.BytesIO()
    is_opaque = small.getchannel("A").getextrema() == (255, 255)
    (new.convert("RGB") if is_opaque else new).save(out, "PNG", optimize=True)
    return out.getvalue()
