"""QR codes as SVG."""

import segno
from markupsafe import Markup


def qr(text: str, *, border: int = 0) -> Markup:
    """The QR code of a text: an SVG without style attributes, so that the page's policy allows it."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(omitsize=True, border=border, svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - numbers only
