"""Messages: values, nesting, storage, and no way to text without a locale."""

from datetime import UTC, date, datetime

import pytest

from app.kit.i18n.locales import english
from app.kit.i18n.message import ContentDate, _, _n, _p, content, placeholders, sentences


def test_a_message_is_filled_in_later_also_inside_another() -> None:
    message = sentences(_("{agency} got “{role}”."), _("Choose {role}.", role="View only"))
    filled = message.fill(agency="Acme", role="Full control", nothing="x")
    assert english(filled) == "Acme got “Full control”. Choose View only."
    assert "nothing" not in dict(filled.values)


def test_a_value_may_be_a_number_a_day_a_list_or_a_message() -> None:
    day = ContentDate((("en", date(2026, 11, 22)), ("pl", date(2027, 1, 2))))
    message = _(
        "{what}: {number}, {names}, {day}, {at}",
        what=_("Role"), number=12000, names=("A", "B", "C"), day=day, at=datetime(2026, 3, 3, 14, 32, tzinfo=UTC),
    )  # fmt: skip
    assert english(message) == "Role: 12,000, A, B and C, 22 November 2026, 3 March 2026, 14:32 UTC"


def test_braces_in_a_value_are_no_placeholders() -> None:
    assert english(_("Hello {name}", name="{agency} {0}")) == "Hello {agency} {0}"


def test_a_number_chooses_the_form() -> None:
    assert [english(_n("{count} file", "{count} files", count)) for count in (0, 1, 2)] == [
        "0 files", "1 file", "2 files",
    ]  # fmt: skip


@pytest.mark.parametrize("glue", [str, lambda message: f"{message}", lambda message: f"{message!s}."])
def test_a_message_cannot_be_glued_to_text(glue: object) -> None:
    with pytest.raises(TypeError, match="a locale makes text of it"):
        glue(_("Sent"))  # type: ignore[operator]


def test_equal_messages_are_one() -> None:
    assert len({_("Sent"), _("Sent"), _p("mail", "Sent"), _("Sent to {name}", name="A")}) == 3


def test_a_message_is_stored_with_its_ids_and_values() -> None:
    stored = _p("consent", "{who} can: {what}", who="Acme", what=_n("{count} ad", "{count} ads", 2)).to_json()
    assert stored == {
        "id": "{who} can: {what}",
        "context": "consent",
        "values": {
            "who": "Acme",
            "what": {"id": "{count} ad", "plural": "{count} ads", "count": 2, "values": {"count": 2}},
        },
    }


def test_texts_of_content_files_have_placeholders_too() -> None:
    assert placeholders("Choose {agency} in {list}.") == {"agency", "list"}
    assert english(content({"en": "Choose {agency}.", "pl": "Wybierz {agency}."}).fill(agency="A")) == "Choose A."
