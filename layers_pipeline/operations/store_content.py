"""Creatives, what is said of content, and versions of the rules, as the program sees them.

Belongs here: one method per question or change; each is one transaction.
Does not belong here: SQL (``creatives``, ``verdicts``, ``scoring_roles``), posts (the lake).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from layers_pipeline.operations import creatives, scoring_roles, verdicts
from layers_pipeline.operations.content_rows import (
    AdRow,
    ApprovalRow,
    CreativeRow,
    NewAd,
    NewCreative,
    OverrideRow,
    SafetyReviewRow,
    ScoringRoleRow,
)
from layers_pipeline.operations.database import Database
from transforms.vocabulary import Approval, Override


class ContentMethods:
    """Creatives, safety reviews, overrides, approvals, ads, versions of the scoring rules.

    What is said of a thing is added to its history, and the newest row counts. A row is known
    ``now``, but always at least a microsecond after the row before it, so that two changes never
    meet and the one that was stored last counts, whatever the clocks say.
    """

    database: Database

    def add_creatives(self, rows: Iterable[NewCreative], *, now: datetime) -> int:
        """Add the creatives that their projects lack; give their number.

        A creative may be in several projects and is the same in each.

        Raises:
            InputRefusedError: A value cannot be stored, or is not what is known of the creative;
                nothing was written.
            NotFoundError: A project does not exist; nothing was written.
        """
        with self.database.write() as session:
            return creatives.add_creatives(session, rows, now=now)

    def problems_of_creatives(
        self, rows: Sequence[NewCreative], *, now: datetime
    ) -> dict[int, str]:
        """What would keep rows from being added, in words, by position; writes nothing."""
        with self.database.read() as session:
            return creatives.problems(session, rows, now=now)

    def creatives(self) -> list[CreativeRow]:
        """Every creative of every project, by project and container."""
        with self.database.read() as session:
            return creatives.creatives(session)

    def require_creative(self, container_id: str, *, project_id: str | None = None) -> None:
        """Refuse a creative that the project, or without one every project, lacks.

        Raises:
            NotFoundError: It is not there; says where it is.
        """
        with self.database.read() as session:
            creatives.require_creative(session, container_id, project_id=project_id)

    def review_content(
        self,
        container_id: str,
        *,
        safety_failed: bool,
        reviewed_by: str,
        note: str | None = None,
        now: datetime,
    ) -> SafetyReviewRow:
        """Store the outcome of a safety review; it holds in every project."""
        with self.database.write() as session:
            return verdicts.review_content(
                session,
                container_id,
                safety_failed=safety_failed,
                reviewed_by=reviewed_by,
                note=note,
                now=now,
            )

    def safety_reviews(self) -> list[SafetyReviewRow]:
        """Every safety review, by container and time."""
        with self.database.read() as session:
            return verdicts.safety_reviews(session)

    def override_content(
        self,
        ads_content_id: str,
        override: Override | None,
        *,
        note: str,
        changed_by: str,
        now: datetime,
    ) -> OverrideRow:
        """Include or exclude content in one project, whatever its score; null takes that back.

        Raises:
            NotFoundError: The project does not exist.
        """
        with self.database.write() as session:
            return verdicts.override_content(
                session, ads_content_id, override, note=note, changed_by=changed_by, now=now
            )

    def overrides(self) -> list[OverrideRow]:
        """Every change of an override, by ads content and time."""
        with self.database.read() as session:
            return verdicts.overrides(session)

    def approve_content(
        self,
        ads_content_id: str,
        approval: Approval,
        *,
        note: str | None = None,
        changed_by: str,
        now: datetime,
    ) -> ApprovalRow:
        """Store how the approval of content in one project stands.

        Raises:
            NotFoundError: The project does not exist.
        """
        with self.database.write() as session:
            return verdicts.approve_content(
                session, ads_content_id, approval, note=note, changed_by=changed_by, now=now
            )

    def approvals(self) -> list[ApprovalRow]:
        """Every change of an approval, by ads content and time."""
        with self.database.read() as session:
            return verdicts.approvals(session)

    def connect_ads(self, rows: Iterable[NewAd], *, now: datetime) -> int:
        """Store what ads show where that is new or has changed; give the number of rows.

        Raises:
            NotFoundError: The project of a content does not exist; nothing was written.
        """
        with self.database.write() as session:
            return verdicts.connect_ads(session, rows, now=now)

    def ads(self) -> list[AdRow]:
        """Every change of what an ad shows, by ad and time."""
        with self.database.read() as session:
            return verdicts.ads(session)

    def activate_scoring(self, version: str, *, changed_by: str, now: datetime) -> bool:
        """Make a version of the rules the active one, and no shadow; False if it was active.

        Whether there is such a version is the caller's to know.
        """
        with self.database.write() as session:
            return scoring_roles.activate_scoring(session, version, changed_by=changed_by, now=now)

    def shadow_scoring(self, version: str, *, changed_by: str, now: datetime) -> bool:
        """Compute a version of the rules beside the active one; False if it was.

        Raises:
            InputRefusedError: It is the active one.
        """
        with self.database.write() as session:
            return scoring_roles.shadow_scoring(session, version, changed_by=changed_by, now=now)

    def stop_shadow_scoring(self, version: str, *, now: datetime) -> bool:
        """Compute a version beside the active one no more; False if it was not."""
        with self.database.write() as session:
            return scoring_roles.stop_shadow_scoring(session, version, now=now)

    def scoring_roles(self) -> list[ScoringRoleRow]:
        """Every period in which a version had a role, in the order in which they began."""
        with self.database.read() as session:
            return scoring_roles.scoring_roles(session)

    def active_scoring(self) -> str | None:
        """The active version of the rules; null if nobody ever chose one."""
        with self.database.read() as session:
            return scoring_roles.active_scoring(session)
