"""The redirect address as TikTok wants it registered: letter by letter, with https. Pure."""

from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.access.diagnostics.findings import DiagnosticFinding
from app.kit.html.dates import day

CALLBACK = "/callbacks/tiktok"
_SET = "Set TIKTOK_REDIRECT_URI, or KEYTURN_PUBLIC_URL."


def finding(address: str, came_back: datetime | None) -> DiagnosticFinding:
    """Check of the address. `came_back`: when somebody last returned through it with this app, if ever.

    Whether it is registered only TikTok knows: no call tells.
    """
    what, parts = "redirect address", urlsplit(address)
    if parts.path.endswith(f"{CALLBACK}/"):
        return DiagnosticFinding(
            what, "fail", f"{address} ends in a slash, where Keyturn has none.", f"Take it away. {_SET}"
        )
    if not parts.path.endswith(CALLBACK) or parts.query or parts.fragment:
        return DiagnosticFinding(
            what, "fail", f"{address} is not one of Keyturn's.", f"It has to end in {CALLBACK}. {_SET}"
        )
    register = (
        f"In My Apps, register exactly {address} as advertiser redirect address: letter by letter, no slash behind."
    )
    if _is_here(parts.hostname or ""):
        return DiagnosticFinding(
            what, "cannot_tell", f"{address} is on this machine alone, which TikTok often refuses.",
            f"Use a tunnel with an https address, set it as KEYTURN_PUBLIC_URL, and register its {CALLBACK}.",
        )  # fmt: skip
    if parts.scheme != "https":
        return DiagnosticFinding(what, "fail", f"{address} is not https; TikTok sends nobody there.", _SET)
    if came_back is not None:
        return DiagnosticFinding(what, "pass", f"{address}; somebody came back through it on {day(came_back)}.", None)
    return DiagnosticFinding(
        what, "cannot_tell", f"{address}; nobody came back through it yet.",
        f"{register} “Invalid redirect URI” at TikTok? A change takes some minutes: wait, compare, try again.",
    )  # fmt: skip


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
