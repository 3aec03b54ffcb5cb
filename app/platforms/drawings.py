"""Shapes of drawn screens, and their table in content files. Pure."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from app.kit.i18n.content import ContentShape, Same, Words
from app.platforms.port import DrawnScreen

#: Shapes that the client's pages can draw, with the number of their labels. Numbers on a drawing count the acts.
SHAPES: Mapping[str, int] = {
    # an address, and the button on its page
    "page": 2,
    # a menu with an entry and two below it, of which the second is meant
    "menu": 3,
    # a heading with a button beside it; a field, and the button that confirms it
    "form": 4,
    # a list with two tabs: the heading, the entry that is meant
    "list": 2,
    # an asset that is ticked, its role, and the button that confirms it
    "pick": 3,
    # a heading, the tab that is meant, an entry below it, and a button
    "tab": 4,
    # a heading, and buttons one below the other: the last is meant
    "buttons": 2,
    # the menu of the profile at the top right, with the entry that is meant
    "profile": 1,
    # a heading that is meant, and an entry with the button beside it
    "entry": 3,
    # two answers of which the second is meant, and the button that confirms it
    "answers": 3,
    # a switch, an entry below it, and a button
    "switch": 3,
    # the bell at the top right: a message, and its button
    "bell": 2,
}


class DrawnTable(ContentShape):
    """A drawing, as `DrawnScreen` of the port."""

    shape: Annotated[str, Same]
    labels: list[Words] = Field(min_length=1)
    alt: Words

    @model_validator(mode="after")
    def _has_all_labels(self) -> Self:
        if SHAPES.get(self.shape) != len(self.labels):
            raise ValueError(f"there is no shape {self.shape} with {len(self.labels)} labels")
        return self

    def drawn(self) -> DrawnScreen:
        """The drawing as a value."""
        return DrawnScreen(self.shape, tuple(self.labels), self.alt)
