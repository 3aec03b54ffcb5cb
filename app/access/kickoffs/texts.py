"""Texts of a kickoff: the title of each check, and the reason for its result. Pure."""

from collections.abc import Mapping

from app.access.kickoffs.checks import AFTER_ACCESS, Key
from app.kit.i18n.message import Message, Text, _
from app.platforms.blockers import BLOCKERS

TITLES: Mapping[Key, Message] = {
    "payment": _("Payment method"),
    "verification": _("Company verification"),
    "billing": _("Billing status can be seen"),
    "country": _("Country of the payment method"),
    "access": _("Access is as agreed"),
    "campaign": _("A draft campaign can be created"),
    "people": _("The agency’s people can open it"),
    "events": _("Events arrive"),
}
#: What a member states about a check.
STATEMENTS: Mapping[Key, Message] = {
    "payment": _("The client showed that a payment method is set, or said who pays and how."),
    "verification": _("The client showed that its company is verified."),
    "billing": _("I opened the billing page of this account with my own login and saw its status. I changed nothing."),
    "country": _("The client told me the country of the payment method of this account."),
    "access": _("I opened it with my own login, and the access is as agreed."),
    "campaign": _("I created a draft campaign in it with my own login, and deleted it again."),
    "people": _("The people who work for this client can open it."),
    "events": _("I saw that events arrive."),
}
#: Reasons by code; those of blockers are the blockers' own.
_REASONS: Mapping[str, Message] = {
    AFTER_ACCESS: _("Checked once the access is there."),
    "payment_unknown": _("No platform shows it. Ask on the call, then attest it."),
    "payment_later": _("The client said that it will be set later."),
    "verification_unknown": _("Nothing was read. Ask on the call, then attest it."),
    "verification_in_review": _("The platform is reviewing the company’s documents."),
    "not_verified": _("The company is not verified. Payments can fail until it is."),
    "billing_unseen": _("Keyturn does not read billing. Open the billing page, then attest it."),
    "country_unknown": _("No platform shows it. Ask on the call, then attest it."),
    "country_differs": _("The payment method is from another country than the account. Payments can fail."),
    "nobody_can_open": _("Nobody at the agency can open it with this role."),
    "agency_not_connected": _("Your agency is not connected, so nothing can be read."),
    "not_read": _("It could not be read. Try it yourself, then attest it."),
    "waiting": _("The client has not agreed to it yet."),
    "approved": _("It is being shared."),
    "awaiting_client": _("The client has to share it by hand."),
    "awaiting_partner": _("It waits for your agency or the platform to accept it."),
}


#: Codes whose sentence the client may read, about what the client has to do.
_FOR_CLIENT = frozenset({"payment_later", "not_verified", "country_differs"})


def for_client(code: str | None) -> Message | None:
    """The sentence of a code for readers outside the agency; None for what only the agency is told."""
    return _REASONS[code] if code in _FOR_CLIENT else None


def reason(code: str | None) -> Text | None:
    """The reason for the result of a check; None without a code."""
    if code is None:
        return None
    blocker = BLOCKERS.get(code)
    return _REASONS.get(code) or (blocker.summary if blocker else code)
