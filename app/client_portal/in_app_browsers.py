"""Built-in browsers of apps, in which a sign-in at a platform often fails. Pure."""

from app.platforms import declarations

#: Markers in the User-Agent of built-in browsers, in which a sign-in often fails, and the name of their app. Platforms
#: declare those of their own apps.
_MARKS = {
    "MicroMessenger": "WeChat",
    "Instagram": "Instagram",
    "FBAN": "Facebook",
    "FBAV": "Facebook",
    "Line/": "LINE",
    "LinkedInApp": "LinkedIn",
    "Zalo": "Zalo",
    "KAKAOTALK": "KakaoTalk",
    "Snapchat": "Snapchat",
    "Pinterest": "Pinterest",
}


def app_around(user_agent: str) -> str | None:
    """The app whose built-in browser shows the page; None in a browser of its own."""
    known = (_MARKS, *(declared.in_app_browsers for declared in declarations.every().values()))
    return next((name for marks in known for mark, name in marks.items() if mark in user_agent), None)
