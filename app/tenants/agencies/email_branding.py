"""Branding of e-mails in an agency's name."""

from app.mail.rendered_email import EmailBranding, Recipient
from app.tenants.agencies import branding
from app.tenants.agencies.models import Agency


def of_agency(agency: Agency) -> EmailBranding:
    """Name, contact, and the colour, dark enough for white text."""
    colour = branding.readable(agency.brand.get("colour", branding.DEFAULT_COLOUR))
    return EmailBranding(agency.name, Recipient(agency.contact_email, agency.contact_name), colour)
