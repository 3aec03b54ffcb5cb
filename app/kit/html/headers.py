"""The headers of every page: nothing foreign is loaded, framed, indexed, kept or told where we were. Pure."""

from collections.abc import Iterable


def everywhere(*, secure: bool, kept: bool = False) -> dict[str, str]:
    """Headers for every answer that does not bring its own: pages, API, redirects, errors, files.

    `kept`: a browser may keep it.
    """
    plain = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "X-Content-Type-Options": "nosniff",
    }
    return plain | ({} if kept else {"Cache-Control": "no-store"}) | _transport(secure)


def _transport(secure: bool) -> dict[str, str]:
    return {"Strict-Transport-Security": "max-age=31536000"} if secure else {}


def of_page(*, form_to: Iterable[str] = (), secure: bool = False) -> dict[str, str]:
    """Headers for a page or a redirect.

    `form_to` names foreign origins a form's answer may lead to: Chromium applies `form-action` to every
    redirect after a form was sent. `secure`: the installation is reached by https only.
    """
    return everywhere(secure=secure) | {
        "Content-Security-Policy": _policy(form_to),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


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
