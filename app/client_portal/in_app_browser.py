"""Detection of built-in browsers of other apps, in which a sign-in often fails. Pure."""

#: Markers in the User-Agent, and the name of the app.
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
