"""Datasets: the generated world's laws, and the recorded captures as they were recorded."""

import hashlib
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError
from sandbox import (
    AccountRef,
    default_dataset,
    generated_captures,
    recorded_captures,
    replayed_captures,
)

WORLD = generated_captures(7)
POSTS = [post for account in WORLD.accounts for post in WORLD.every_item(account)]
NAIVE = datetime(2025, 5, 14)  # noqa: DTZ001 - to be refused
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
RECORDED = recorded_captures()
needs_recording = pytest.mark.skipif(
    not RECORDED.is_file(), reason=f"recorded captures are not here: {RECORDED}"
)


def fingerprint(dataset):
    items = [item for account in dataset.accounts for item in dataset.every_item(account)]
    seen = [
        (
            *item.account,
            item.item_id,
            item.published_at,
            item.media_type,
            item.caption,
            item.captures,
        )
        for item in items
    ]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def test_a_seed_makes_this_world_on_every_machine():
    assert fingerprint(generated_captures(7, accounts=4, days=2)) == "9d50b639d2fbc175"


def test_another_seed_makes_another_world():
    assert fingerprint(generated_captures(1, accounts=4, days=1)) != fingerprint(
        generated_captures(2, accounts=4, days=1)
    )


def test_the_world_is_watched_from_14_to_29_may_2025_about_every_six_hours():
    first, last = WORLD.span
    gaps = [
        later.captured_at - earlier.captured_at
        for post in POSTS
        for earlier, later in zip(post.captures, post.captures[1:], strict=False)
    ]
    assert datetime(2025, 5, 14, tzinfo=UTC) < first < datetime(2025, 5, 15, tzinfo=UTC)
    assert datetime(2025, 5, 28, tzinfo=UTC) < last < datetime(2025, 5, 29, 0, 5, tzinfo=UTC)
    assert timedelta(hours=5) < min(gaps) < max(gaps) < timedelta(hours=7)


def test_tiktok_ids_carry_the_second_of_publication():
    tiktok = [post for post in POSTS if post.account.platform == "tiktok"]
    assert tiktok
    assert all(int(post.item_id) >> 32 == post.published_at.timestamp() for post in tiktok)


def test_instagram_ids_carry_a_time_just_before_publication():
    instagram = [post for post in POSTS if post.account.platform == "instagram"]
    made_ms = [(int(post.item_id) >> 23) + 1_314_220_021_721 for post in instagram]
    before_ms = [
        post.published_at.timestamp() * 1000 - made
        for post, made in zip(instagram, made_ms, strict=True)
    ]
    assert 200 <= min(before_ms) <= max(before_ms) <= 1500


def test_instagram_permalinks_end_in_the_id_as_shortcode():
    for post in POSTS:
        if post.account.platform == "instagram":
            ig_id = 0
            for letter in post.permalink.rstrip("/").rsplit("/", 1)[1]:
                ig_id = ig_id * 64 + DIGITS.index(letter)
            assert str(ig_id) == post.item_id


def test_ids_are_unique():
    assert len({(post.account.platform, post.item_id) for post in POSTS}) == len(POSTS)


def test_captures_are_in_order_and_after_publication():
    for post in POSTS:
        times = [capture.captured_at for capture in post.captures]
        assert times == sorted(set(times))
        assert post.published_at < times[0]


def test_two_accounts_are_small_and_some_have_more_than_fifty_posts():
    sizes = sorted(len(WORLD.every_item(account)) for account in WORLD.accounts)
    assert sizes[:3] == [1, 2, sizes[2]]
    assert sizes[2] > 3
    assert sizes[-1] > 50


def test_views_are_heavy_tailed_and_some_posts_stay_below_fifty():
    last = [post.captures[-1].metrics for post in POSTS]
    views = sorted(metrics["views"] for metrics in last if "views" in metrics)
    assert sum(count < 50 for count in views) >= 5
    assert sum(views) / len(views) > 2 * views[len(views) // 2]


def test_growth_slows_down():
    watched = [p.captures for p in POSTS if p.published_at > WORLD.span[0] and len(p.captures) > 40]
    views = [[c.metrics["views"] for c in captures if "views" in c.metrics] for captures in watched]
    grown = [counts for counts in views if len(counts) > 35 and counts[-1] > 1000]
    assert len(grown) > 20
    assert all(counts[15] - counts[0] > counts[-1] - counts[-16] for counts in grown)


@pytest.mark.parametrize("metric", ["likes", "comments", "shares", "saves", "followers"])
def test_a_count_sometimes_falls(metric):
    pairs = [
        (a.metrics[metric], b.metrics[metric])
        for post in POSTS
        for a, b in zip(post.captures, post.captures[1:], strict=False)
        if metric in a.metrics and metric in b.metrics
    ]
    share = sum(later < earlier for earlier, later in pairs) / len(pairs)
    assert 0.005 < share < 0.5


def test_some_metrics_are_not_shown_and_images_show_no_views():
    images = [post for post in POSTS if post.media_type in ("feed_image", "feed_carousel")]
    videos = [post for post in POSTS if post.media_type == "tiktok_video"]
    assert all("views" not in capture.metrics for post in images for capture in post.captures)
    assert any("views" not in capture.metrics for post in videos for capture in post.captures)
    assert all(count >= 0 for post in POSTS for c in post.captures for count in c.metrics.values())


@pytest.mark.parametrize(
    "part", ["=cmd", "<script>", "\u200f", "👩‍👩‍👧‍👦", "drop table", "\r\n", "😂"]
)
def test_some_captions_are_hard_on_careless_code(part):
    assert any(part in (post.caption or "") for post in POSTS)


def test_an_empty_caption_is_absent():
    assert any(post.caption is None for post in POSTS)
    assert all(post.caption != "" for post in POSTS)


@pytest.mark.parametrize(
    "arguments",
    [{"accounts": 3}, {"days": 0}, {"start": NAIVE}],
    ids=str,
)
def test_a_world_that_cannot_be_made_is_refused(arguments):
    with pytest.raises(InputRefusedError):
        generated_captures(1, **arguments)


@given(
    account=st.sampled_from(WORLD.accounts),
    hours=st.floats(-900, 400),
    limit=st.integers(1, 60) | st.none(),
)
def test_what_is_seen_was_captured_by_then_and_is_the_newest_of_it(account, hours, limit):
    as_of = WORLD.span[0] + timedelta(hours=hours)
    seen = WORLD.recent(account, as_of=as_of, limit=limit)
    published = [post.published_at for post, _ in seen]
    assert published == sorted(published, reverse=True)
    for post, capture in seen:
        known = [c.captured_at for c in post.captures if c.captured_at <= as_of]
        assert capture.captured_at == max(known)


def recording(tmp_path, **columns):
    """A Parquet file with one TikTok post captured once, but for these columns."""
    row = {
        "platform": "tiktok",
        "account_key": "a_1",
        "post_key": "p_1",
        "published_at": datetime(2025, 5, 1),  # noqa: DTZ001 - naive as recorded
        "captured_at": datetime(2025, 5, 14, 9),  # noqa: DTZ001 - naive as recorded
    }
    counts = dict.fromkeys(("views", "likes", "comments", "shares", "saves", "followers"), 0)
    path = tmp_path / "captures.parquet"
    pl.DataFrame([row | counts | columns]).write_parquet(path)
    return path


def test_naive_times_are_utc_zero_stays_zero_and_null_is_absent(tmp_path):
    dataset = replayed_captures(recording(tmp_path, views=None))
    [[_, capture]] = dataset.recent(AccountRef("tiktok", "a_1"), as_of=dataset.span[1])
    assert capture.captured_at == datetime(2025, 5, 14, 9, tzinfo=UTC)
    assert capture.metrics == dict.fromkeys(
        ("likes", "comments", "shares", "saves", "followers"), 0
    )


def test_a_row_without_an_account_is_left_out(tmp_path):
    assert replayed_captures(recording(tmp_path, account_key=None)).accounts == ()


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "captures.parquet"
    path.write_text("post_key,views\n7.50E+18,3\n")
    with pytest.raises(InputRefusedError, match=r"captures\.parquet"):
        replayed_captures(path)


def test_without_recorded_captures_a_generated_world_is_taken(tmp_path):
    assert default_dataset(tmp_path).name == "generated-0"


@needs_recording
def test_the_recorded_captures_are_all_there_but_those_without_an_account():
    dataset = default_dataset()
    posts = [post for account in dataset.accounts for post in dataset.every_item(account)]
    assert sum(len(post.captures) for post in posts) == 26_215 - 112
    assert len(dataset.accounts) == 7_769
    assert dataset.span == (
        datetime(2025, 5, 14, 8, 55, 13, tzinfo=UTC),
        datetime(2025, 6, 7, 2, 21, 52, tzinfo=UTC),
    )
