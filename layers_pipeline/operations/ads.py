"""What ads show, as people state it.

Belongs here: the table ``ads``, a history that is only added to.
Does not belong here: what ads cost (the lake).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base, one_of
from layers_pipeline.operations.statements import chunks, one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, require_word
from layers_pipeline.operations.verdicts import KNOWN_AT, known_after, require_ads_content
from transforms.vocabulary import AD_PLATFORMS, AdPlatform


class Ad(Base):
    """Grain: one row per ad and change of what it shows. The newest one counts."""

    __tablename__ = "ads"
    __table_args__ = (
        one_of("ad_platform", AD_PLATFORMS),
        {"comment": "What ads show. Grain: ad and change of what it shows."},
    )

    ad_platform: Mapped[AdPlatform] = mapped_column(
        String, primary_key=True, comment="meta or tiktok."
    )
    ad_id: Mapped[str] = mapped_column(primary_key=True, comment="The platform's id of the ad.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    ads_content_id: Mapped[str] = mapped_column(comment="What it shows: project/container.")


@dataclass(frozen=True, kw_only=True)
class NewAd:
    """What an ad shows, as stated. Grain: one per ad."""

    ad_platform: AdPlatform
    ad_id: str
    ads_content_id: str


class Ads(Repository):
    """Which content each ad shows."""

    def connect(self, rows: Iterable[NewAd], *, now: datetime) -> int:
        """Store what ads show where that is new or has changed; give the number of changes.

        Raises:
            NotFoundError: The project of a content does not exist; nothing was written.
        """
        given, at = list(rows), require_aware(now, what="now")
        for row in given:
            require_word(row.ad_platform, AD_PLATFORMS, what="ad platform")
            require_key(row.ad_id, what=f"{row.ad_platform} ad")
        with self._database.write() as session:
            require_ads_content(session, [row.ads_content_id for row in given])
            one_writer(session, Ad)
            changes = _changes(_shown_by_ads(session, given), given, at=at)
            session.add_all(changes)
            return len(changes)

    def all(self) -> list[Ad]:
        """Every change of what an ad shows, by ad and time."""
        return self._rows(select(Ad).order_by(Ad.ad_platform, Ad.ad_id, Ad.known_at))


def _changes(shown: dict[tuple[str, str], Ad], rows: Iterable[NewAd], *, at: datetime) -> list[Ad]:
    """The rows that say something new, each known after what it replaces."""
    changes = []
    for row in rows:
        before = shown.get((row.ad_platform, row.ad_id))
        if before is None or before.ads_content_id != row.ads_content_id:
            change = Ad(
                ad_platform=row.ad_platform,
                ad_id=row.ad_id,
                known_at=known_after(before and before.known_at, at),
                ads_content_id=row.ads_content_id,
            )
            shown[row.ad_platform, row.ad_id] = change
            changes.append(change)
    return changes


def _shown_by_ads(session: Session, rows: Iterable[NewAd]) -> dict[tuple[str, str], Ad]:
    """What each of the ads showed last."""
    found: dict[tuple[str, str], Ad] = {}
    for chunk in chunks(sorted({(str(row.ad_platform), row.ad_id) for row in rows})):
        of_ads = select(Ad).where(tuple_(Ad.ad_platform, Ad.ad_id).in_(chunk))
        for ad in session.scalars(of_ads.order_by(Ad.known_at)):
            found[ad.ad_platform, ad.ad_id] = ad
    return found
