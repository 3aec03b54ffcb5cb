"""Detection of built-in browsers of other apps, in which a sign-in often fails. Pure."""

from app.platforms import declarations

#: Markers in the User-Agent, and the name of the app; platforms declare those of their own apps.
_MARKS = {
    "MicroMessenger": "WeChat",
    "Instagram": "Instagram",
    "FBAN": "Facebook",
    "FBAV": "Facebook",
    "Line/": "LINE",
    "LinkedInApp": "LinkedIn",
    "Zalo": "Zalo",
}


def app_around(user_agent: str) -> str | None:
    """The app whose built-in browser shows the page; None in a browser of its own."""
    known = (_MARKS, *(declared.in_app_browsers for declared in declarations.every().values()))
    return next((name for marks in known for mark, name in marks.items() if mark in user_agent), None)
