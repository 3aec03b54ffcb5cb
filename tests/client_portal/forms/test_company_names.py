"""Names of companies: a doubt only where nothing is in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.client_portal.forms.company_names import may_be_one

ONE = [
    (["Maison Lune"], ["Maison Lune SAS"]),
    (["Maison Lune"], ["MAISONLUNE Official"]),
    (["Atelier Rive"], ["Groupe Rive International"]),
    (["Café Zoë"], ["CAFE ZOE GmbH & Co. KG"]),
    (["Brand France"], ["Brand DE"]),
    (["International Business Machines"], ["IBM"]),
    (["Nordstern"], ["Nordstjern"]),
    (["Le Petit Bateau", "petitbateau"], ["PB Holding", "Petit-Bateau Ads"]),
    (["美宝莲"], ["美宝莲中国"]),
    (["Group Holding GmbH"], ["Maison Lune"]),  # a name that tells nothing is no reason to doubt
    (["42"], ["Maison Lune"]),
    (["TikTok Ads"], ["Maison Lune"]),
]
OTHERS = [
    (["Atelier Rive"], ["Maison Lune", "Maison Lune SAS"]),
    (["Brand SA"], ["Comptoir Mixte", "Comptoir Mixte SARL"]),
    (["Acme Ltd"], ["Umbrella Ltd"]),
    (["Zoë Group"], ["Nord Group Holding"]),
]


@pytest.mark.parametrize(("known", "seen"), ONE)
def test_what_has_something_in_common_is_not_doubted(known: list[str], seen: list[str]) -> None:
    assert may_be_one(known, seen)
    assert may_be_one(seen, known)


@pytest.mark.parametrize(("known", "seen"), OTHERS)
def test_what_has_nothing_in_common_is_asked_about(known: list[str], seen: list[str]) -> None:
    assert not may_be_one(known, seen)


@given(some.text(min_size=1), some.sampled_from(["", " SAS", " GmbH", " Official", " (FR)", " – Ads"]))
def test_no_client_is_asked_about_its_own_name(name: str, more: str) -> None:
    assert may_be_one([name], [f"{name}{more}"])
