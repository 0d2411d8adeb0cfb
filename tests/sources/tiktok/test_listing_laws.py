"""Laws of listings in parts: whatever happens between the parts, no living post is missed.

A simulated account is read by the client in parts of a few calls, while posts are published and
deleted before any page and between any two parts, pages fail, and quick readings make new posts
known. What the listings lacked is judged by the rule of deletions itself.
"""

from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.steps.platforms import TIKTOK
from tests.hypothesis_profiles import examples
from tests.sources.tiktok.parts import Account, Reader
from tests.sources.tiktok.world import NOW, envelope
from transforms.contracts.captures import AccountListings
from transforms.contracts.posts import PostAbsences
from transforms.facts.deletions import deleted_posts, next_absences, parts_of

EVENTS = ("nothing", "nothing", "nothing", "publish", "delete oldest", "delete newest", "delete")
FAILURES = ("none", "none", "none", "none", "throttle", "system", "partial")
PAGE = 4
POSTS = {
    "platform": pl.String,
    "platform_post_id": pl.String,
    "account_key": pl.String,
    "published_at": pl.Datetime("us", "UTC"),
    "first_seen_at": pl.Datetime("us", "UTC"),
    "media_type": pl.String,
    "bucket": pl.Int64,
}
LISTED = {"sync_id": pl.String, "platform": pl.String, "platform_post_id": pl.String}


class Watched:
    """An account, its readings as they land, and what the rule makes of them."""

    def __init__(self, gaps, events, failures, calls_per_min):
        seconds = [int(NOW.timestamp()) - 86_400 - sum(gaps[: n + 1]) for n in range(len(gaps))]
        self.account = Account(
            {str(n): second for n, second in enumerate(seconds)}, page_length=PAGE
        )
        self.account.before_page = self._before_page
        self.reader = Reader(self.account, calls_per_min=calls_per_min)
        self.events, self.failures = iter(events), iter(failures)
        self.born, self.gone = dict(self.account.posts), set()
        self.landed, self.shown, self.seen = [], {}, {}
        self.absences = PostAbsences.create_empty()

    def _before_page(self):
        self._happen(next(self.events, "nothing"))
        match next(self.failures, "none"):
            case "throttle":
                return envelope(code=40100, message="QPM limit.")
            case "system":
                return envelope(code=40050, message="Duplicated request.")
            case "partial":
                return envelope({"videos": [], "has_more": False, "cursor": 0}, code=20001)
            case _:
                return None

    def _happen(self, event):
        living = sorted(self.account.posts, key=lambda name: self.account.posts[name])
        if event == "publish":
            name, at = str(len(self.born)), int(self.reader.clock.now().timestamp())
            self.account.posts[name] = self.born[name] = at + len(self.born)
        elif event != "nothing" and living:
            place = {"delete oldest": 0, "delete newest": -1}.get(event, len(living) // 2)
            self.gone.add(living[place])
            del self.account.posts[living[place]]

    def read(self, depth="full"):
        """One reading, landed and judged; gives whether it ended a listing well."""
        began_at = self.reader.clock.now()
        reading = self.reader.read(depth)
        known_at, sync_id = self.reader.clock.now(), f"sync {len(self.landed):03d}"
        self.shown[sync_id] = {row.subject for row in reading.rows if row.entity == "video"}
        is_whole = reading.is_complete and reading.error is None
        row = dict.fromkeys(AccountListings.column_names())
        row |= {"sync_id": sync_id, "platform": "tiktok", "account_key": "me", "depth": depth}
        row |= {"started_at": began_at, "finished_at": known_at, "known_at": known_at}
        row |= {"items": reading.items, "is_complete": is_whole, "outcome": "ok"}
        if listing := reading.listing:
            row |= {"listing_id": listing.listing_id, "listing_began_at": listing.began_at}
            row["listing_items"] = listing.items
        self.landed.append(row)
        self._judge(row)
        for name in self.shown[sync_id]:
            self.seen.setdefault(name, known_at)
        return is_whole and depth == "full"

    def _judge(self, row):
        every = self._frame(self.landed)
        this = self._frame([row])
        listed = [
            (row["sync_id"], "tiktok", name)
            for (part,) in parts_of(this, every).select("part_id").collect().iter_rows()
            for name in self.shown[part]
        ]
        found = next_absences(
            self.absences.lazy().filter(pl.col("returned_at").is_null()),
            readings=this.with_columns(reaches_back_to=pl.lit(None, pl.Datetime("us", "UTC"))),
            listed=pl.DataFrame(listed, schema=LISTED, orient="row").lazy(),
            posts=self._posts(),
            share_limit=1.0,
            reaches={"tiktok": TIKTOK.reach},
        ).collect()
        key = ["platform", "platform_post_id", "missed_at"]
        old = self.absences.join(found, on=key, how="anti")
        self.absences = pl.concat([old, found.select(old.columns)])

    def _posts(self):
        rows = [
            ("tiktok", name, "me", self._published(name), first_seen_at, "tiktok_video", 0)
            for name, first_seen_at in self.seen.items()
        ]
        return pl.DataFrame(rows, schema=POSTS, orient="row").lazy()

    def _published(self, name):
        return datetime.fromtimestamp(self.born[name], UTC)

    @staticmethod
    def _frame(rows):
        schema = dict(AccountListings.create_empty().schema)
        return pl.DataFrame(rows, schema=schema).lazy()

    def missed(self):
        """Posts that any whole listing lacked."""
        return set(self.absences["platform_post_id"])

    def deleted(self):
        """Posts that count as deleted now."""
        return set(deleted_posts(self.absences.lazy()).collect()["platform_post_id"])


@given(
    gaps=st.lists(st.sampled_from([0, 1, 7, 3600]), min_size=1, max_size=18),
    events=st.lists(st.sampled_from(EVENTS), max_size=24),
    failures=st.lists(st.sampled_from(FAILURES), max_size=24),
    depths=st.lists(st.sampled_from(["full", "full", "quick"]), min_size=3, max_size=8),
    calls_per_min=st.integers(1, 4),
)
@examples(2)
def test_only_deleted_posts_are_deleted_and_each_of_them_after_two_more_listings(
    gaps, events, failures, depths, calls_per_min
):
    watched = Watched(gaps, events, failures, calls_per_min)
    for depth in depths:
        watched.read(depth)
        assert watched.missed() <= watched.gone
    watched.events, watched.failures = iter(()), iter(())
    # The first one may have begun before the last deletion.
    for _ in range(3):
        ended = (watched.read() for _ in range(40))
        if not any(ended):
            return  # a second that fills a page makes no listing a witness
        assert watched.missed() <= watched.gone
    assert watched.deleted() == watched.gone & watched.seen.keys() or not watched.account.posts
