"""What the agency can do about an import, or a partner in it, that could not be read. Pure."""

_CONNECT = "with POST /api/v1/connections/invitations"
_HINTS = {
    "connection_dead": f"TikTok has ended your own authorization: connect your Business Center again {_CONNECT}. The "
    "import then starts by itself.",
    "not_connected": f"Your own side is not connected any more: connect it {_CONNECT}.",
    "not_bc_admin": "TikTok refused the read: whoever connected must be Admin of your Business Center, and your app "
    "needs Business Center Partner Management.",
    "partner_refused": "TikTok refused to show what this partner shares; everything else was read. Open Partners in "
    "your Business Center; it is tried again with the next import.",
    "app_problem": "TikTok refuses your app: check app id, secret and permissions in My Apps, then import again.",
    "answer_changed": "TikTok answered in another form than documented: tell the makers of Keyturn the request id.",
    "platform_unavailable": "TikTok did not answer for a long time: what was read is kept; import again later.",
}

CODES = frozenset(_HINTS)


def hint(code: str | None) -> str | None:
    """One sentence; None where nothing is wrong."""
    return None if code is None else _HINTS.get(code, "See what TikTok answered, and import again.")
