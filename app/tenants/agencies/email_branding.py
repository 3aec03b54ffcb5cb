"""The agency as e-mails in its name show it."""

from app.mail.rendered_email import EmailBranding, Recipient
from app.tenants.agencies import branding
from app.tenants.agencies.models import Agency


def of_agency(agency: Agency) -> EmailBranding:
    """Its name, its contact, and its colour so dark that white text can be read on it."""
    colour = branding.readable(agency.brand.get("colour", branding.DEFAULT_COLOUR))
    return EmailBranding(agency.name, Recipient(agency.contact_email, agency.contact_name), colour)
