"""What is done again and again: a row for each chore, so that one worker at a time does it."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.database import Base
from app.kit.jobs import JobMixin


class PeriodicTask(JobMixin, Base):
    """A chore that is due again a while after it was done. It serves every agency."""

    __tablename__ = "webhook_tasks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: up to when it is done, where it goes through something in order of time
    reached: Mapped[datetime | None]
