"""The words a client agrees to, shown on the review and kept with the consent. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from app.client_portal.copy.access_offer import Offer


@dataclass(frozen=True)
class Agreement:
    """The plan, what the role allows, and the statement that is ticked."""

    plan: tuple[str, ...]
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    statement: str

    @property
    def sentences(self) -> list[str]:
        """Every sentence shown, in order; these are kept."""
        return [*self.plan, *self.can, *self.cannot, self.statement]

    @property
    def mark(self) -> str:
        """Changes with any word: a form that carries another mark was filled in under another text."""
        return hashlib.sha256("\n".join(self.sentences).encode()).hexdigest()


def agreement(plan: Sequence[str], offers: Sequence[Offer], *, agency: str, client: str) -> Agreement:
    """The text for one link as it stands now."""
    can = dict.fromkeys(item for offer in offers for item in offer.can)
    cannot = dict.fromkeys(item for offer in offers for item in offer.cannot)
    return Agreement(
        plan=tuple(plan),
        can=tuple(f"{agency} can {item}." for item in can),
        cannot=tuple(f"{agency} can’t {item}." for item in cannot),
        statement=f"I may decide this for {client}, and I agree to share exactly what is listed here "
        f"with {agency}. "
        "I can take it back at any time.",
    )
