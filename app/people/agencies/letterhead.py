"""The agency as e-mails in its name show it."""

from app.mail.letter import Letterhead, Person
from app.people.agencies import brand
from app.people.agencies.model import Agency


def of_agency(agency: Agency) -> Letterhead:
    """Its name, its contact, and its colour so dark that white text can be read on it."""
    colour = brand.readable(agency.brand.get("colour", brand.DEFAULT_COLOUR))
    return Letterhead(agency.name, Person(agency.contact_email, agency.contact_name), colour)
