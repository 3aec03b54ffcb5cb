"""Texts about the result of the agency's authorization. Pure."""

#: By outcome: a title, and a sentence with the next step.
OUTCOMES: dict[str, tuple[str, str]] = {
    "connected": ("Connected", "Keyturn now reads back by itself what clients share with you."),
    "cancelled": (
        "Nothing was connected",
        "You came back without authorizing. Open the address again to try once more.",
    ),
    "too_late": (
        "That took too long",
        "TikTok’s answer was too old to use. Open the address again; one more tap.",
    ),
    "other_browser": (
        "Another browser set out",
        "Nothing was connected. Open the address again and stay in one browser until you are back.",
    ),
    "scope_missing": (
        "A permission is missing",
        "Nothing was connected. Switch it on in My Apps (Scope of permission), then open the address again.",
    ),
    "app_problem": (
        "TikTok did not accept the app",
        "Check app id and secret in My Apps and here (`keyturn doctor` compares them), then open the address again.",
    ),
    "platform_changed": (
        "TikTok answered in a way that Keyturn can’t read",
        "Nothing was connected. Look for a newer version of Keyturn, or report the answer: field and request id stand "
        "in "
        "the event connection.failed.",
    ),
    "busy": ("TikTok is busy", "Nothing was connected. Wait a minute and open the address again."),
    "unknown": (
        "This way back is not known",
        "Nothing was connected. Open the address again and start from there.",
    ),
}
