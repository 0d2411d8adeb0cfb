"""How jobs run: how often, how long, with how much memory.

Belongs here: the table ``job_runs``, counted up as runs end.
Does not belong here: what a run did (Dagster keeps it), what is made of the figures.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent


class JobRun(Base):
    """Grain: one row per job that ever ended a run."""

    __tablename__ = "job_runs"
    __table_args__ = ({"comment": "How jobs run. Grain: one row per job."},)

    job: Mapped[str] = mapped_column(primary_key=True, comment="The job's name.")
    succeeded: Mapped[int] = mapped_column(BigInteger, comment="Runs that ended well, ever.")
    failed: Mapped[int] = mapped_column(BigInteger, comment="Runs of which a step failed, ever.")
    seconds: Mapped[float] = mapped_column(comment="Seconds that all of them took together.")
    last_ended_at: Mapped[datetime] = mapped_column(comment="When the newest run ended (UTC).")
    last_succeeded_at: Mapped[datetime | None] = mapped_column(
        comment="When the newest that went well ended (UTC)."
    )
    last_seconds: Mapped[float] = mapped_column(comment="Seconds that the newest run took.")
    last_memory_bytes: Mapped[int] = mapped_column(
        BigInteger, comment="Most memory that its process had by then, in bytes."
    )


@dataclass(frozen=True, kw_only=True)
class EndedRun:
    """A run that has ended."""

    job: str
    succeeded: bool
    seconds: float
    memory_bytes: int


class JobRuns(Repository):
    """How jobs run."""

    def all(self) -> list[JobRun]:
        """Every job that ever ended a run, by name."""
        return self._rows(select(JobRun).order_by(JobRun.job))

    def add(self, run: EndedRun, *, now: datetime) -> None:
        """Count a run that has just ended."""
        new = {
            "job": run.job,
            "succeeded": 0,
            "failed": 0,
            "seconds": 0.0,
            "last_ended_at": now,
            "last_succeeded_at": None,
            "last_seconds": run.seconds,
            "last_memory_bytes": run.memory_bytes,
        }
        with self._database.write() as session:
            insert_if_absent(session, JobRun, [new], returning=JobRun.job)
            row = session.get_one(JobRun, run.job, with_for_update=True)
            row.succeeded += run.succeeded
            row.failed += not run.succeeded
            row.seconds += run.seconds
            row.last_ended_at = now
            row.last_seconds, row.last_memory_bytes = run.seconds, run.memory_bytes
            if run.succeeded:
                row.last_succeeded_at = now
