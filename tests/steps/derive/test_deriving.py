import polars as pl
import pytest
from hypothesis import Phase, example, given
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.aliases import FACTS
from layers_pipeline.steps.derive.comparing import facts_of
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.posts import derive_facts
from layers_pipeline.steps.derive.staging import captures as captures_of
from layers_pipeline.steps.derive.staging import captures_since, stage
from layers_pipeline.steps.platforms import INSTAGRAM, SIFT, STAGED_SOURCES
from layers_pipeline.steps.publish.upkeep import maintain
from tests.hypothesis_profiles import examples
from tests.oracles import scores as oracle
from tests.worlds.data_builders import (
    COUNTS,
    capture,
    captures,
    followers_at,
    hours,
    land,
    land_reading,
    later,
    lost,
    make_stores,
    rows_of,
    some_captures,
    temporary_stores,
)
from transforms.contracts.posts import (
    PlatformAccountMetrics,
    PlatformPostMetrics,
    PlatformPostMetricsLatest,
    PlatformPosts,
)
from transforms.facts.snapshots import POST, followers_of, latest_metrics

SLOW_LAW = examples(0.2, phases=(Phase.explicit, Phase.generate))
"""For laws over real stores: failing examples are shown as found, not shrunk for minutes."""
PERMANENT = "https://sift/7.mp4"
SIGNED = "https://cdn/7.jpg?sig=a"
SIGNED_AGAIN = "https://cdn/7.jpg?sig=b"
OTHER = "https://cdn/8.jpg?sig=c"


@pytest.fixture
def stores(tmp_path):
    return make_stores(tmp_path / "home")


def at(stores, hour):
    return later(stores, hours(hour))


# Captures of Instagram posts, as each source lands them.


def sift(post, hour, **changes):
    return shown(post, hour, source="sift", **changes)


def graph(post, hour, **changes):
    return shown(post, hour, source="instagram_graph", **changes)


def imported(post, hour, **changes):
    return shown(post, hour, source="import", **changes)


def shown(post, hour, **changes):
    return capture(post, hour, platform="instagram", media_type="feed_image", **changes)


def arrive(stores, hour, rows, *, name):
    """Captures land at an hour, each the way that its source has."""
    of = {source: [row for row in rows if row["source"] == source] for source in LAND_BY_SOURCE}
    for source, way in LAND_BY_SOURCE.items():
        if of[source]:
            way(at(stores, hour), of[source], f"{name}-{source}")


def land_sift(stores, rows, name):
    land(stores, rows, job=name)


def land_graph(stores, rows, name):
    """One quick reading per account."""
    for account in sorted({row["account_key"] for row in rows}):
        own = [row for row in rows if row["account_key"] == account]
        begun = min(row["captured_at"] for row in own)
        about = {"account": account, "depth": "quick", "started_at": begun}
        land_reading(stores, f"{name}-{account}", own, **about)


def land_import(stores, rows, name):
    """A file's captures, known when they were captured."""
    table = catalog.STG_IMPORT__CAPTURES
    numbered = pl.DataFrame(rows, schema=dict(captures([]).collect().schema)).with_row_index(
        "line_number", offset=1
    )
    frame = table.shape(numbered.with_columns(file_id=pl.lit(name), known_at=pl.col("captured_at")))
    with stores.lake.write_lock():
        stores.lake.replace(table, frame, where={"file_id": [name]})


LAND_BY_SOURCE = {"sift": land_sift, "instagram_graph": land_graph, "import": land_import}


# What must not depend on when it was derived.


def derived(stores):
    """Everything that follows from captures, and what was known as of every moment.

    Snapshots and followers may differ by equal repeats, as rows are never taken back.
    """
    seen = captures_of(stores).collect()
    moments = seen["known_at"].unique().sort()
    snapshots = rows_of(stores, catalog.PLATFORM_POST_METRICS)
    return {
        "posts": rows_of(stores, catalog.PLATFORM_POSTS).to_dicts(),
        "latest": rows_of(stores, catalog.PLATFORM_POST_METRICS_LATEST).to_dicts(),
        "containers": rows_of(stores, catalog.CONTENT_CONTAINERS)["container_id"].to_list(),
        "followers": {moment: followers_at(stores, moment) for moment in moments},
        "as_of": {moment: known_by(snapshots, moment) for moment in moments},
        "unlike the oracle": unlike_oracle(stores, seen.to_dicts()),
    }


def known_by(snapshots, moment):
    known = snapshots.lazy().filter(pl.col("known_at") <= moment)
    rows = latest_metrics(known, metrics=COUNTS).drop("last_checked_at")
    return rows.sort(POST).collect().to_dicts()


def unlike_oracle(stores, seen):
    latest = rows_of(stores, catalog.PLATFORM_POST_METRICS_LATEST).to_dicts()
    known = oracle.known_posts(oracle.one_per_moment(seen), stores.clock.now())
    return oracle.unlike_known(known, latest)


@st.composite
def arrivals(draw):
    """Captures by every source that land early, late, twice, or disputed; and what is done then.

    What is done after rows landed: nothing, a whole derivation, or one that crashes after so many
    of its four writes.
    """
    by_hour = {}
    for number in range(draw(st.integers(2, 9))):
        captured = draw(st.integers(0, 4))
        source = draw(st.sampled_from(["sift", "sift", "instagram_graph", "import"]))
        counted = draw(st.sampled_from([None, 10, 11]))
        row = shown(
            f"p{draw(st.integers(0, 1))}",
            captured,
            source=source,
            views=draw(st.sampled_from([None, 5, 6])),
            likes=draw(st.sampled_from([None, 1, 1, 2])),
            caption=draw(st.sampled_from([None, "a", "b"])),
            media_url=draw(st.sampled_from([None, SIGNED, SIGNED_AGAIN, OTHER, PERMANENT])),
            followers=counted,
            # An account that was renamed: its followers are reported of its first name only.
            account_key=draw(st.sampled_from(["ada", "bob"])) if counted is None else "ada",
            published_at=draw(st.sampled_from([None, hours(-9), hours(-8)])),
        )
        for late in draw(st.lists(st.sampled_from([0, 0, 2, 5]), min_size=1, max_size=2)):
            by_hour.setdefault(captured + late, []).append((number, row))
    return [
        (hour, [row for _, row in by_hour[hour]], draw(st.sampled_from(AFTERWARDS)))
        for hour in sorted(by_hour)
    ]


AFTERWARDS = (None, "derive", "derive", 0, 1, 2, 3)


def settle(stores, history):
    for number, (hour, rows, then) in enumerate(history):
        arrive(stores, hour, rows, name=f"landing{number}")
        now = at(stores, hour)
        if then == "derive":
            bring_up_to_date(now)
        elif then is not None:
            for source in STAGED_SOURCES:
                stage(now, source)
            with lost(now, *FACTS[then:]):
                derive_facts(now)
    bring_up_to_date(at(stores, 99))
    return derived(stores)


def without_ticks(history):
    with temporary_stores(now=hours(99)) as stores:
        return settle(stores, history)


def at_once(history):
    return without_ticks([(hour, rows, None) for hour, rows, _ in history])


def no_difference(history):
    many, one = without_ticks(history), at_once(history) | {"unlike the oracle": []}
    return {name: (many[name], one[name]) for name in one if many[name] != one[name]}


# Any pieces, any crashes.


CRASHED_BEFORE_A_CAPTURE_OF_THE_SAME_MOMENT = [
    (2, [shown("p0", 2, source="sift", published_at=hours(-9))], None),
    (4, [shown("p1", 4, source="sift")], 3),
    (7, [shown("p0", 2, source="import", published_at=hours(-8))], 2),
]
MANY_POSTS = [
    (2, [graph(f"p{number}", 2, views=number, followers=10) for number in range(6)], "derive"),
    (5, [graph(f"p{number}", 5, views=7, followers=11) for number in range(1, 6)], 2),
    (6, [capture(f"p{number}", 6, account="bob", views=9) for number in range(6)], None),
]


@SLOW_LAW
@example(history=CRASHED_BEFORE_A_CAPTURE_OF_THE_SAME_MOMENT)
@given(history=arrivals())
def test_deriving_in_pieces_with_crashes_gives_what_deriving_at_once_gives(history):
    assert no_difference(history) == {}


def history(*arrivals):
    """Landings at full hours, each derived at once."""
    return [(hour, rows, "derive") for hour, rows in enumerate(arrivals, start=10)]


NAMED = {
    "a moment is reported again with more": history(
        [sift("p", 1, views=5)], [sift("p", 1, views=9)]
    ),
    "a moment is reported again with less": history(
        [sift("p", 1, views=9)], [sift("p", 1, views=5)]
    ),
    "a moment is reported again and no longer repeats": history(
        [sift("p", 1, views=5), sift("p", 2, views=5)], [sift("p", 1, views=9)]
    ),
    "an earlier capture comes late": history(
        [sift("p", 1, views=5), sift("p", 3, views=5)], [sift("p", 2, views=9)]
    ),
    "a file brings what lies between": history(
        [sift("p", 1, views=5), sift("p", 3, views=5)], [imported("p", 2, views=9)]
    ),
    "a file brings the beginning": history(
        [sift("p", 3, views=5, caption="a")], [imported("p", 1, views=5, account_key="bob")]
    ),
    "a passing address returns beside a permanent one": history(
        [graph("p", 1, media_url=SIGNED)],
        [sift("p", 2, media_url=PERMANENT)],
        [graph("p", 3, media_url=SIGNED_AGAIN)],
    ),
    "followers repeat, and then change in between": history(
        [sift("p", 1, followers=9), sift("p", 3, followers=9)], [sift("q", 2, followers=8)]
    ),
    "followers repeat before a crash that came after they were written": [
        (10, [sift("p", 1, followers=9)], "derive"),
        (11, [sift("p", 2, followers=9), sift("p", 3, followers=8)], 3),
    ],
    "a crash before an earlier capture comes late": [
        (10, [sift("p", 1, views=5, caption="a")], "derive"),
        (11, [sift("p", 3, views=5, caption="b")], 3),
        (12, [sift("p", 2, views=6, caption="a")], "derive"),
    ],
    "a crash with two captures of a moment under way": [
        (10, [graph("p", 2, views=5, caption="a"), sift("p", 2, media_url=PERMANENT)], 2),
        (11, [sift("p", 3, account_key="bob")], "derive"),
    ],
}


@pytest.mark.parametrize("name", NAMED)
def test_pieces_give_what_all_at_once_gives_though(name):
    assert no_difference(NAMED[name]) == {}


def test_a_row_that_is_staged_after_one_that_landed_later_is_known_as_early_as_it_landed(stores):
    stage(at(stores, 10), INSTAGRAM)
    arrive(stores, 11, [graph("p", 9, views=5)], name="first")
    arrive(stores, 12, [sift("p", 8, views=5)], name="second")
    stage(at(stores, 13), SIFT)
    bring_up_to_date(at(stores, 13))
    bring_up_to_date(at(stores, 14))
    as_of = derived(stores)["as_of"][hours(11)]
    assert [(row["views"], row["views_at"]) for row in as_of] == [(5, hours(9))]


# One moment of one post.


def facts(*rows):
    return facts_of(captures(rows).collect())


def test_the_counts_of_a_post_are_the_last_known_ones():
    row = facts(capture(at=1, views=5), capture(at=2, views=None)).posts.row(0, named=True)
    assert row["views"] == 5


@examples(0.75)
@given(rows=some_captures(distinct=False))
def test_facts_keep_their_contracts(rows):
    found = facts(*rows)
    contracts = {
        PlatformPosts: found.posts,
        PlatformPostMetrics: found.snapshots,
        PlatformPostMetricsLatest: found.latest,
        PlatformAccountMetrics: followers_of(captures(rows)).collect(),
    }
    assert all(
        contract.is_valid(made.select(contract.column_names()))
        for contract, made in contracts.items()
    )


# Addresses of media (R8), in the lake.


def media_of(stores):
    return rows_of(stores, catalog.PLATFORM_POSTS).row(0, named=True)["media_url"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([sift("p", 1, media_url=PERMANENT), graph("p", 2, media_url=SIGNED)], id="1"),
        pytest.param([graph("p", 1, media_url=SIGNED), sift("p", 2, media_url=PERMANENT)], id="2"),
    ],
)
def test_the_permanent_address_of_sift_wins_whichever_comes_first(stores, rows):
    for hour, row in enumerate(rows, start=10):
        arrive(stores, hour, [row], name=f"landing{hour}")
        bring_up_to_date(at(stores, hour))
    assert media_of(stores) == PERMANENT


def test_an_address_that_differs_in_its_signature_only_changes_no_post(stores):
    arrive(stores, 10, [graph("p", 1, media_url=SIGNED, views=5)], name="first")
    bring_up_to_date(at(stores, 10))
    arrive(stores, 11, [graph("p", 2, media_url=SIGNED_AGAIN, views=5)], name="second")
    written = bring_up_to_date(at(stores, 11))
    assert (written["platform_posts"].updated, media_of(stores)) == (0, SIGNED)


# Containers.


def test_a_container_is_made_once_though_its_post_changes(stores):
    for hour in (10, 11, 12):
        arrive(stores, hour, [sift("p", hour - 9, views=hour)], name=f"landing{hour}")
        bring_up_to_date(at(stores, hour))
    made = rows_of(stores, catalog.CONTENT_CONTAINERS)
    assert made["created_at"].to_list() == [hours(10)]


def test_a_crash_before_containers_were_made_leaves_none_out_and_doubles_none(stores):
    arrive(stores, 10, [sift("p", 1)], name="first")
    with lost(stores, catalog.CONTENT_CONTAINERS):
        bring_up_to_date(at(stores, 10))
    arrive(stores, 11, [sift("p", 2, views=3), sift("q", 2)], name="second")
    bring_up_to_date(at(stores, 11))
    bring_up_to_date(at(stores, 12))
    made = rows_of(stores, catalog.CONTENT_CONTAINERS).select("platform_post_id", "created_at")
    assert made.rows() == [("p", hours(10)), ("q", hours(11))]


# Upkeep.


READ = (
    catalog.RAW_SIFT__POSTS,
    catalog.RAW_INSTAGRAM__RESPONSES,
    *catalog.STAGED_TABLES,
    catalog.PLATFORM_POSTS,
)


def test_files_that_were_joined_are_derived_once_more_without_any_change(stores):
    for hour in (10, 11):
        rows = [sift("p", hour - 9, views=hour), graph("q", hour - 9, views=hour)]
        arrive(stores, hour, rows, name=f"landing{hour}")
        bring_up_to_date(at(stores, hour))
    before = derived(stores)
    for table in READ:
        stores.lake.compact(table)
    bring_up_to_date(at(stores, 12))
    assert derived(stores) == before


def many_small_files(stores):
    """A hundred and one captures of one post, staged a file each."""
    raw, staged = catalog.RAW_SIFT__POSTS, catalog.STG_SIFT__POSTS
    land(at(stores, 10), [sift("p", number / 60, views=number) for number in range(101)], job="job")
    for row in stores.lake.read(raw).collect().iter_slices(1):
        typed = staged.shape(SIFT.stage(row, stores.settings))
        stores.lake.append(staged, typed, restamp=lambda rows: rows)
    bring_up_to_date(at(stores, 10))


def test_upkeep_joins_small_files_and_leaves_nothing_to_derive_again(stores):
    many_small_files(stores)
    lake, staged = stores.lake, catalog.STG_SIFT__POSTS
    files = len(lake.files(staged))
    maintain(at(stores, 11))
    read = {
        table.name: min(lake.watermark(fact, table.name) for fact in FACTS)
        for table in catalog.STAGED_TABLES
    }
    assert (files, len(lake.files(staged))) == (101, 1)
    assert captures_since(stores, read).collect().is_empty()


@SLOW_LAW
@example(history=MANY_POSTS, rows=2)
@example(history=CRASHED_BEFORE_A_CAPTURE_OF_THE_SAME_MOMENT, rows=1)
@given(history=arrivals(), rows=st.integers(1, 4))
def test_how_many_rows_are_held_at_a_time_changes_nothing(history, rows):
    in_one_piece = without_ticks(history)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAYERS_DERIVE_ROWS", str(rows))
        assert without_ticks(history) == in_one_piece


def test_twelve_posts_in_parts_are_twelve_posts(stores, monkeypatch):
    monkeypatch.setenv("LAYERS_DERIVE_ROWS", "2")
    assert len(settle(stores, MANY_POSTS)["posts"]) == 12
