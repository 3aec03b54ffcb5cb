"""Detection of pages opened inside another app, whose built-in browser often cannot finish a sign-in. Pure."""

#: Marks that apps set in their User-Agent, and the app's name.
_MARKS = {
    "MicroMessenger": "WeChat",
    "Instagram": "Instagram",
    "FBAN": "Facebook",
    "FBAV": "Facebook",
    "musical_ly": "TikTok",
    "BytedanceWebview": "TikTok",
    "Line/": "LINE",
    "LinkedInApp": "LinkedIn",
    "Zalo": "Zalo",
}


def app_around(user_agent: str) -> str | None:
    """The app whose built-in browser shows the page; None in a browser of its own."""
    return next((name for mark, name in _MARKS.items() if mark in user_agent), None)
