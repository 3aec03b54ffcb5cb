"""The headers of every page: nothing foreign is loaded, framed, indexed, kept or told where we were."""

from collections.abc import Iterable


def of_page(*, form_to: Iterable[str] = (), secure: bool = False) -> dict[str, str]:
    """Headers for a page or a redirect.

    `form_to` names foreign origins a form's answer may lead to: Chromium applies `form-action` to every
    redirect after a form was sent. `secure`: the installation is reached by https only.
    """
    headers = {
        "Content-Security-Policy": _policy(form_to),
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def _policy(form_to: Iterable[str]) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            " ".join(("form-action 'self'", *form_to)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
