"""Events over HTTP into a HubSpot account that minds its rules."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app.events import catalog
from app.kit.egress.client import Egress
from app.webhooks.destinations.hubspot import HubSpot
from app.webhooks.endpoints.installation import run_sequence
from app.webhooks.policies.response_classifier import AttemptOutcome
from tests.webhooks.destinations.hubspot_account import TOKEN, Account, error
from tests.webhooks.destinations.outbound import event, letter
from tests.webhooks.destinations.receiving import Said, serving

OPTIONS: dict[str, Any] = {
    "token": TOKEN, "lifecycle": {"link.completed": "customer", "link.opened": "lead"}, "notes": ["link.completed"]
}  # fmt: skip
Tell = Callable[..., Awaitable[AttemptOutcome]]


@pytest.fixture
def account() -> Account:
    """An account that was never set up."""
    return Account()


@pytest.fixture
async def tell(egress: Egress, account: Account) -> AsyncIterator[Tell]:
    """Sends one event to the account."""
    async with serving(account.answers) as address:

        async def told(given: dict[str, Any], **options: Any) -> AttemptOutcome:
            outcome, _ = await run_sequence(HubSpot(address)(letter(given, {**OPTIONS, **options})), egress)
            return outcome

        yield told


@pytest.fixture
async def installed(egress: Egress, account: Account) -> Account:
    """The account with our properties."""
    async with serving(account.answers) as address:
        outcome, _ = await run_sequence(HubSpot(address).install(letter(event(), OPTIONS)), egress)
    assert outcome.arrived, outcome
    return account


def only(records: dict[str, dict[str, str]]) -> dict[str, str]:
    [record] = records.values()
    return record


@pytest.mark.parametrize("event_type", sorted(catalog.FOR_CRMS))
async def test_every_type_is_written_or_says_why_not(tell: Tell, installed: Account, event_type: str) -> None:
    told = event(event_type)
    outcome = await tell(told, notes=[event_type])
    assert outcome.arrived, outcome
    if "client_id" not in told["data"]:
        assert (outcome.code, installed.objects["companies"]) == ("nothing_to_tell", {})
    else:
        company = only(installed.objects["companies"])
        assert (company["onboarding_client_id"], company["onboarding_last_event"]) == (
            told["data"]["client_id"], event_type,
        )  # fmt: skip
        assert len(installed.objects["notes"]) == 1


async def test_one_company_and_one_contact_for_a_client_and_a_redelivery_adds_nothing(
    tell: Tell, installed: Account
) -> None:
    for given in (event("link.opened"), event("access.verified"), event("link.completed"), event("link.completed")):
        assert (await tell(given)).arrived
    company, contact = only(installed.objects["companies"]), only(installed.objects["contacts"])
    assert (company["name"], company["onboarding_status"], company["onboarding_assets_total"]) == (
        "Brand SA", "completed", "4",
    )  # fmt: skip
    assert (contact["email"], contact["onboarding_last_event"]) == ("ana@brand.example", "link.completed")
    assert len(installed.pairs) == 1
    note = only(installed.objects["notes"])
    assert note["hs_note_body"].endswith(f"Keyturn {event()['id']}")
    assert {kind for kind, _ in installed.notes_of["0"]} == {"companies", "contacts"}


async def test_an_account_that_was_never_set_up_is_set_up_on_the_way(tell: Tell, account: Account) -> None:
    assert (await tell(event("link.completed"))).arrived
    assert account.custom["companies"]["onboarding_client_id"]["hasUniqueValue"]
    assert only(account.objects["companies"])["onboarding_status"] == "completed"


async def test_a_property_that_somebody_archived_is_made_again(tell: Tell, installed: Account) -> None:
    del installed.custom["companies"]["onboarding_preset"]
    assert (await tell(event())).arrived
    assert "onboarding_preset" in installed.custom["companies"]


async def test_a_key_that_is_not_unique_is_said(tell: Tell, installed: Account) -> None:
    installed.custom["companies"]["onboarding_client_id"]["hasUniqueValue"] = False
    outcome = await tell(event())
    assert (outcome.code, outcome.arrived) == ("property_not_unique", False)
    assert installed.objects["companies"] == {}


async def test_installing_twice_changes_nothing(egress: Egress, installed: Account) -> None:
    before = {kind: dict(made) for kind, made in installed.custom.items()}
    async with serving(installed.answers) as address:
        outcome, said = await run_sequence(HubSpot(address).install(letter(event(), OPTIONS)), egress)
    assert outcome.arrived
    assert {answer.status for _, answer in said} == {409, 200}
    assert installed.custom == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "lead"), ("subscriber", "lead"), ("lead", "lead"), ("opportunity", "opportunity"),
        ("customer", "customer"), ("evangelist", "evangelist"), ("other", "other"), ("12345", "12345"),
    ],
)  # fmt: skip
async def test_a_stage_only_goes_forwards(tell: Tell, installed: Account, before: str, after: str) -> None:
    await tell(event("access.verified"))
    for kind in ("companies", "contacts"):
        only(installed.objects[kind])["lifecyclestage"] = before
    assert (await tell(event("link.opened"))).arrived
    assert {only(installed.objects[kind])["lifecyclestage"] for kind in ("companies", "contacts")} == {after}
    assert installed.backwards == 0, "we asked HubSpot for a step back"


async def test_no_stage_is_set_unless_asked_for(tell: Tell, installed: Account) -> None:
    assert (await tell(event("link.completed"), lifecycle={})).arrived
    assert only(installed.objects["companies"])["lifecyclestage"] == ""


async def test_an_older_event_sent_again_takes_nothing_back(tell: Tell, installed: Account) -> None:
    await tell(event("link.completed", head={"timestamp": "2026-12-04T13:32:10.123Z"}))
    assert (await tell(event("link.opened", head={"timestamp": "2026-12-03T08:00:00.000Z"}))).arrived
    for kind in ("companies", "contacts"):
        record = only(installed.objects[kind])
        assert (record["onboarding_status"], record["onboarding_last_event"]) == ("completed", "link.completed")
    assert installed.backwards == 0


async def test_a_name_that_the_agency_changed_in_hubspot_stays(tell: Tell, installed: Account) -> None:
    await tell(event())
    only(installed.objects["companies"])["name"] = "Brand Société Anonyme"
    await tell(event("link.completed"))
    assert only(installed.objects["companies"])["name"] == "Brand Société Anonyme"


async def test_a_blocker_goes_when_it_is_gone(tell: Tell, installed: Account) -> None:
    await tell(event("access.blocked", head={"timestamp": "2026-12-04T13:00:00.000Z"}))
    assert only(installed.objects["companies"])["onboarding_blocker"] == "not_bc_admin"
    await tell(event("access.verified"))
    assert only(installed.objects["companies"])["onboarding_blocker"] == ""


async def test_without_what_is_personal_there_is_a_company_and_no_contact(tell: Tell, installed: Account) -> None:
    assert (await tell(event("link.completed", client_name=None, contact_email=None))).arrived
    assert "name" not in only(installed.objects["companies"])
    assert installed.objects["contacts"] == {}
    assert installed.notes_of["0"] == [("companies", "9000000")]


async def test_a_test_writes_nothing_invented(tell: Tell, account: Account) -> None:
    outcome = await tell(event("link.completed", head={"test": True}))
    assert outcome.arrived
    assert "onboarding_client_id" in account.custom["companies"], "a test sets the account up as well"
    assert account.objects == {"companies": {}, "contacts": {}, "notes": {}, "deals": {}}


async def test_a_wrong_token_is_said(tell: Tell, installed: Account) -> None:
    outcome = await tell(event(), token="pat-wrong")
    assert (outcome.code, outcome.arrived) == ("http_401", False)
    assert "token" in outcome.explanation
    assert "pat-wrong" not in outcome.explanation


@pytest.mark.parametrize(
    "ending", ["batch/read", "companies/batch/upsert", "contacts/batch/upsert", "default", "notes", "companies/search"]
)
@pytest.mark.parametrize(
    ("trouble", "code", "least"),
    [
        (Said(429, {"policyName": "TEN_SECONDLY_ROLLING"}), "http_429", timedelta(seconds=60)),
        (Said(429, {"policyName": "DAILY"}), "throttled", timedelta(hours=1)),
        (Said(429, "", {"retry-after": "7"}), "throttled", timedelta(seconds=7)),
        (Said(477, "", {"retry-after": "600"}), "throttled", timedelta(seconds=600)),
        (Said(502, "<html>"), "http_502", timedelta(seconds=60)),
        (Said(423, ""), "http_423", timedelta()),
        (Said(410, ""), "http_410", timedelta()),
        (error(403, "MISSING_SCOPES", "needs crm.objects.companies.write"), "http_403", timedelta()),
    ],
)
async def test_trouble_at_any_step_is_told_and_the_next_attempt_makes_it_whole(
    tell: Tell, installed: Account, ending: str, trouble: Said, code: str, least: timedelta
) -> None:
    installed.trouble[ending] = trouble
    outcome = await tell(event("link.completed"))
    assert (outcome.code, outcome.arrived, outcome.wait) == (code, False, least)
    assert (await tell(event("link.completed"))).arrived
    assert [len(installed.objects[kind]) for kind in ("companies", "contacts", "notes")] == [1, 1, 1]
    assert len(installed.pairs) == 1


async def test_a_company_that_is_there_is_found_by_the_id_the_crm_gave(tell: Tell, installed: Account) -> None:
    installed.objects["companies"]["1234"] = {"name": "Brand", "lifecyclestage": ""}
    for what in ("link.created", "link.completed"):
        assert (await tell(event(what, link_external_id=None))).code == "http_200"
    company = only(installed.objects["companies"])
    assert (company["name"], company["onboarding_client_id"], company["onboarding_status"]) == (
        "Brand", event()["data"]["client_id"], "completed",
    )  # fmt: skip


@pytest.mark.parametrize("external_id", [None, "crm-1", "hubspot:", "hubspot:0777", "pipedrive:12"])
async def test_a_company_that_is_there_is_found_by_the_domain_of_the_contact(
    tell: Tell, installed: Account, external_id: str | None
) -> None:
    installed.objects["companies"] |= {
        "71": {"domain": "brand.example", "lifecyclestage": "", "onboarding_client_id": "client_another"},
        "72": {"domain": "brand.example", "lifecyclestage": ""},
        "73": {"domain": "brand.example", "lifecyclestage": ""},
    }
    assert (await tell(event("link.created", external_id=external_id))).arrived
    assert installed.objects["companies"].keys() == {"71", "72", "73"}
    assert installed.objects["companies"]["72"]["onboarding_client_id"] == event()["data"]["client_id"]
    assert installed.objects["companies"]["71"]["onboarding_client_id"] == "client_another"


@pytest.mark.parametrize("address", ["ana@gmail.com", "ana@orange.fr", "ana@qq.com", "ana@web.de", "ANA@Outlook.com"])
async def test_a_free_mail_address_finds_no_company(tell: Tell, installed: Account, address: str) -> None:
    domain = address.rpartition("@")[2].lower()
    installed.objects["companies"]["71"] = {"domain": domain, "name": "Somebody else", "lifecyclestage": ""}
    assert (await tell(event(external_id=None, contact_email=address))).arrived
    assert len(installed.objects["companies"]) == 2
    assert "onboarding_client_id" not in installed.objects["companies"]["71"]
    assert installed.objects["companies"]["9000001"].get("domain") is None


async def test_a_contact_that_is_refused_for_good_is_named_and_the_company_is_written(
    tell: Tell, installed: Account
) -> None:
    outcome = await tell(event("link.completed", contact_email="ana@brand"))
    assert (outcome.code, outcome.arrived) == ("partly_refused", True)
    assert "contact" in outcome.explanation
    assert "INVALID_EMAIL" in outcome.explanation
    assert only(installed.objects["companies"])["onboarding_status"] == "completed"
    assert len(installed.objects["notes"]) == 1


@pytest.mark.parametrize(
    ("ending", "code", "arrived", "ends"),
    [
        ("companies/batch/upsert", "http_400", False, "event"),
        ("contacts/batch/upsert", "partly_refused", True, None),
        ("default", "partly_refused", True, None),
        ("objects/notes", "partly_refused", True, None),
        ("deals/77", "partly_refused", True, None),
    ],
)
async def test_a_refusal_for_good_ends_its_part_alone(
    tell: Tell, installed: Account, ending: str, code: str, arrived: bool, ends: str | None
) -> None:
    installed.trouble[ending] = error(400, "VALIDATION_ERROR", "Property values were not valid")
    outcome = await tell(event("link.completed"))
    assert (outcome.code, outcome.arrived, outcome.ends) == (code, arrived, ends)


async def test_a_company_that_somebody_else_wrote_at_that_moment_is_looked_for_once_more(
    tell: Tell, installed: Account
) -> None:
    installed.trouble["companies/batch/upsert"] = error(409, "CONFLICT", "it exists")
    assert (await tell(event())).arrived
    assert len(installed.objects["companies"]) == 1


async def test_a_deal_that_the_link_names_gets_its_status(tell: Tell, installed: Account) -> None:
    installed.objects["deals"]["77"] = {"dealname": "Spring", "dealstage": "appointmentscheduled"}
    assert (await tell(event("link.completed", link_external_id="deal:77"))).code == "http_200"
    deal = installed.objects["deals"]["77"]
    assert (deal["onboarding_status"], deal["dealstage"]) == ("completed", "appointmentscheduled")


async def test_an_account_set_up_before_there_were_deals_gets_their_properties(tell: Tell, installed: Account) -> None:
    installed.objects["deals"]["77"] = {"dealname": "Spring"}
    installed.custom["deals"].clear()
    assert (await tell(event("link.completed", link_external_id="deal:77"))).code == "http_200"
    assert installed.objects["deals"]["77"]["onboarding_status"] == "completed"


async def test_a_token_that_may_not_reach_deals_still_writes_companies(tell: Tell, account: Account) -> None:
    account.trouble["properties/deals/groups"] = error(403, "MISSING_SCOPES", "needs crm.schemas.deals.write")
    assert (await tell(event("link.completed", link_external_id=None))).arrived
    account.trouble["deals/77"] = error(403, "MISSING_SCOPES", "needs crm.objects.deals.write")
    outcome = await tell(event("link.completed", link_external_id="deal:77"))
    assert (outcome.code, outcome.arrived) == ("partly_refused", True)


async def test_a_batch_taken_without_its_record_is_a_failure(tell: Tell, installed: Account) -> None:
    installed.trouble["companies/batch/upsert"] = Said(207, {"results": [], "errors": [{"message": "conflict"}]})
    outcome = await tell(event())
    assert (outcome.code, outcome.arrived) == ("hubspot_refused", False)
    assert "conflict" in outcome.explanation
