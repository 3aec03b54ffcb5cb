"""How a client takes access back without us, by platform. Pure."""

_STEPS = {
    "tiktok": (
        "Sign in to TikTok Business Center (business.tiktok.com) as an Admin.",
        "Open Users, then Partners, and choose {agency}.",
        "Under “You’ve shared”, remove single ad accounts, or remove {agency} as a partner altogether. "
        "It works at once.",
    ),
}
_ANYWHERE = ("Remove {agency} from the list of people and partners with access.",)


def removal_steps(platform: str, *, agency: str) -> list[str]:
    """The steps in order, each a sentence."""
    return [step.format(agency=agency) for step in _STEPS.get(platform, _ANYWHERE)]
