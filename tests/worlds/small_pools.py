"""Histories of small pools: posts come late, are deleted and come back, creators leave.

Belongs here: what happens, and a deployment in which it has happened.
Does not belong here: scoring it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hypothesis import strategies as st

from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import allow, capture, hours, land, land_reading, later, make_stores

END = hours(50)
EVES = ("i0", "i1", "i2")
moments = st.floats(-3, 33).map(lambda hour: hours(round(hour, 2)))


@dataclass(frozen=True)
class Shown:
    """A capture of a post of TikTok lands, perhaps long after it was made."""

    at: datetime
    post: str
    late_h: float
    views: int | None

    def happen(self, stores: Stores, name: str) -> None:
        made = hours(-self.late_h, after=self.at)
        owner = {"p0": "ada", "p1": "ada", "p2": "bob", "p3": "dan", "p4": "dan"}[self.post]
        counts = {"views": self.views, "likes": 7 + int(self.post[1])}
        land(stores, [capture(self.post, captured_at=made, account_key=owner, **counts)], job=name)


@dataclass(frozen=True)
class Listed:
    """Eve's account is read in full; what it does not show may be deleted, or come back."""

    at: datetime
    posts: tuple[str, ...]

    def happen(self, stores: Stores, name: str) -> None:
        counts = {"views": 200, "likes": 20, "shares": None}
        known = {"captured_at": self.at, "platform": "instagram", "account_key": "eve"}
        rows = [
            capture(post) | known | counts | {"views": 90 + int(post[1])} for post in self.posts
        ]
        land_reading(stores, name, rows, account="eve")


@dataclass(frozen=True)
class Reviewed:
    at: datetime
    post: str
    failed: bool

    def happen(self, stores: Stores, name: str) -> None:
        stores.operations.verdicts.review(
            self.post, safety_failed=self.failed, reviewed_by=name, now=self.at
        )


@dataclass(frozen=True)
class Decided:
    at: datetime
    post: str
    word: str | None

    def happen(self, stores: Stores, name: str) -> None:
        stores.operations.verdicts.override(
            f"brand/{self.post}", self.word, note=name, changed_by="c", now=self.at
        )


@dataclass(frozen=True)
class Left:
    """A creator leaves a project's allowlist."""

    at: datetime
    project: str
    account: str

    def happen(self, stores: Stores, name: str) -> None:
        del name
        if any(
            row.account_id == self.account and row.project_id == self.project and not row.allowed_to
            for row in stores.operations.allowlist.all()
        ):
            stores.operations.allowlist.disallow(self.project, [self.account], now=self.at)


BRANDS = st.sampled_from(("tiktok:p0", "tiktok:p1", "instagram:i0", "instagram:i1"))
events = st.one_of(
    st.builds(
        Shown,
        at=moments,
        post=st.sampled_from(("p0", "p1", "p2", "p3", "p4")),
        late_h=st.sampled_from((0.1, 5.0, 30.0)),
        views=st.sampled_from((None, 20, 60, 300, 4000)),
    ),
    st.builds(Listed, at=moments, posts=st.sets(st.sampled_from(EVES)).map(sorted).map(tuple)),
    st.builds(Listed, at=moments, posts=st.just(EVES[:2])),
    st.builds(Reviewed, at=moments, post=BRANDS, failed=st.booleans()),
    st.builds(Decided, at=moments, post=BRANDS, word=st.sampled_from(("include", "exclude", None))),
    st.builds(
        Left,
        at=moments,
        project=st.sampled_from(("brand", "other")),
        account=st.sampled_from(("tiktok:ada", "tiktok:bob")),
    ),
)
histories = st.lists(events, min_size=6, max_size=16).map(
    lambda found: sorted(found, key=lambda event: event.at)
)


def lived_through(
    home: Path, history: Sequence[Shown | Listed | Reviewed | Decided | Left]
) -> None:
    """A deployment in which a history has happened, and nothing was scored."""
    stores = make_stores(home, now=hours(-10))
    allow(stores, "ada")
    allow(stores, "bob", "dan", project="other")
    add_eve(stores)
    for number, event in enumerate(BEGINNING + list(history)):
        event.happen(later(stores, event.at), f"event{number}")
    bring_up_to_date(later(stores, END))
    stores.operations.close()


def add_eve(stores: Stores) -> None:
    """An Instagram account whose posts are in brand's pool."""
    account = NewAccount(platform="instagram", account_key="eve", connection="external")
    stores.operations.accounts.add([account], now=hours(-9999))
    creator = NewCreator(creator_id="eve", display_name="", account_ids=("instagram:eve",))
    stores.operations.allowlist.allow("brand", [creator], allowed_from=hours(-9999))


BEGINNING = [
    Listed(hours(-9), EVES),
    Shown(hours(-8), "p0", 0.1, 500),
    Shown(hours(-7), "p2", 0.1, 80),
    Shown(hours(-7), "p3", 0.1, 90),
    Shown(hours(-6), "p4", 0.1, 30),
]


GONE = EVES[:2]
SHRINKS = [Left(hours(5), "brand", "tiktok:ada"), *(Listed(hours(at), GONE) for at in (6, 7))]
"""Two of brand's four posts are gone from the second tick on: its pool is too small then."""
