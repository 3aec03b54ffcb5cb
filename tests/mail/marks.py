"""What a person reads of an e-mail."""

from app.mail.rendered_email import RenderedEmail
from bench.literals import texts


def shown_in(written: RenderedEmail) -> list[str]:
    """Everything that a person reads of an e-mail: its sender, its subject, its lines, and the texts of its HTML."""
    return [written.sender, written.subject, *written.text.splitlines(), *texts(written.html)]
