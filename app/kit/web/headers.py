"""Response headers: of pages (no foreign resources, framing, indexing, caching or referrers), and ETag. Pure."""

from collections.abc import Iterable


def everywhere(*, secure: bool, kept: bool = False) -> dict[str, str]:
    """Headers of every response without its own: pages, API, redirects, errors, files.

    `kept`: a browser may cache it.
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
    """Headers of a page or a redirect.

    `form_to` names foreign origins that a form's response may lead to: Chromium applies `form-action` to every redirect
    after a form. `secure`: the installation is reached by https only.
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


def download(name: str) -> dict[str, str]:
    """Headers of a file that the browser saves under an ASCII name."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}


def etag(version: int) -> str:
    """Value of the header `ETag`."""
    return f'"{version}"'


def etag_matches(if_match: str | None, version: int) -> bool:
    """True if `If-Match` (several ETags, or `*`) allows to change this version; so does its absence.

    A weak ETag (`W/"3"`, from a proxy) counts as a strong one: bodies are not compared byte by byte.
    """
    if if_match is None:
        return True
    given = [mark.strip().removeprefix("W/") for mark in if_match.split(",")]
    return "*" in given or etag(version) in given
