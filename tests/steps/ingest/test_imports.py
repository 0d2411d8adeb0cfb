import random

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import import_captures
from layers_pipeline.steps.publish.publication import publish
from tests.worlds.data_builders import (
    NOW,
    allow,
    at,
    capture,
    derive,
    followers_at,
    hours,
    import_rows,
    make_stores,
    posts_as_of,
    rows_of,
    score,
    temporary_stores,
    write_file,
)

TICKS = [hours(number) for number in (-7, 0, 36)]
MOMENTS = [hours(number) for number in (-20, -6, 60)]
SCORED = (catalog.UGC_POOL_PERCENTILES, catalog.ORGANIC_SCORES, catalog.AD_ELIGIBILITY)


@pytest.fixture
def stores(tmp_path):
    return make_stores(tmp_path / "home")


def whole(stores, of=catalog.TABLES):
    return {table.name: rows_of(stores, table).to_dicts() for table in of}


def views_of(stores):
    return rows_of(stores, catalog.PLATFORM_POST_METRICS)["views"].to_list()


# Importing twice.

CAPTURES = [
    capture(f"p{post}", at, views=500 + 50 * at + post) for post in range(4) for at in (-9, -5, -1)
]


@pytest.mark.parametrize("name", ["all", "renamed"])
def test_importing_a_file_twice_changes_nothing(stores, name):
    import_rows(stores, stores.settings.home, CAPTURES)
    score(stores, TICKS)
    bring_up_to_date(stores)
    before = whole(stores)
    import_rows(stores, stores.settings.home, CAPTURES, name=name)
    score(stores, TICKS)
    bring_up_to_date(stores)
    assert whole(stores) == before


def test_importing_a_file_twice_says_that_it_was_there(stores):
    import_rows(stores, stores.settings.home, CAPTURES)
    again = import_rows(stores, stores.settings.home, CAPTURES)
    assert [file.already_there for file in again.files] == [True]


def test_a_second_project_takes_part_without_a_second_copy(stores):
    import_rows(stores, stores.settings.home, CAPTURES)
    import_rows(stores, stores.settings.home, CAPTURES, project="other")
    assert rows_of(stores, catalog.STG_IMPORT__CAPTURES).height == len(CAPTURES)
    assert rows_of(stores, catalog.ADS_CONTENT)["project_id"].n_unique() == 2


def test_an_imported_capture_was_known_when_it_was_captured(stores):
    import_rows(stores, stores.settings.home, CAPTURES)
    snapshots = rows_of(stores, catalog.PLATFORM_POST_METRICS)
    assert snapshots["known_at"].equals(snapshots["captured_at"], check_names=False)


# Pieces in any order.


def as_known(stores):
    """Everything that must not depend on the order of arrival."""
    score(stores, TICKS)
    bring_up_to_date(stores)
    path = publish(stores).path
    return {
        "posts": whole(stores, [catalog.PLATFORM_POSTS]),
        "allowlist": whole(stores, [catalog.PROJECT_ALLOWLIST]),
        "followers": [followers_at(stores, moment) for moment in MOMENTS],
        "latest": whole(stores, [catalog.PLATFORM_POST_METRICS_LATEST]),
        "posts_as_of": [posts_as_of(path, moment) for moment in MOMENTS],
        "scored": whole(stores, SCORED),
        "ads_content": rows_of(stores, catalog.ADS_CONTENT).drop("created_at").to_dicts(),
    }


def conflicting_captures(seed):
    """Captures with equal repeats, returns to old values, and moments reported in two ways."""
    dice = random.Random(seed)
    return [
        capture(
            f"p{post}",
            dice.randrange(-30, 30, 3),
            account_key=dice.choice(["ada", "ada", "bob"]),
            published_at=dice.choice([None, hours(-99), hours(-98)]),
            caption=dice.choice([None, "a", "b"]),
            views=dice.choice([None, 60, 60, 700, 49]),
            likes=dice.choice([None, 5, 6]),
            saves=dice.choice([None, None, 1]),
        )
        for post in range(6)
        for _ in range(dice.randrange(3, 10))
    ]


def pieces_of(rows, dice, *, number=3):
    """The rows cut into pieces, in a random order, some of them twice."""
    pieces = [[] for _ in range(number)]
    for row in rows:
        pieces[dice.randrange(number)].append(row)
    named = [(f"piece{place}", piece) for place, piece in enumerate(pieces) if piece]
    repeated = [*named, *dice.sample(named, 1)]
    return dice.sample(repeated, len(repeated))


def known_at_once(rows):
    with temporary_stores() as stores:
        import_rows(stores, stores.settings.home, rows)
        return as_known(stores)


def known_in_pieces(pieces, *, score_between=False):
    with temporary_stores() as stores:
        for name, piece in pieces:
            import_rows(stores, stores.settings.home, piece, name=name)
            score(stores, TICKS[:2] if score_between else [])
        return as_known(stores)


@pytest.mark.parametrize("seed", range(2))
def test_pieces_in_any_order_give_what_one_file_gives(seed):
    rows = conflicting_captures(seed)
    pieces = pieces_of(rows, random.Random(100 + seed))
    assert known_in_pieces(pieces, score_between=seed == 0) == known_at_once(rows)


def three(post, *views, at=(-9, -6, -3)):
    return [capture(post, hour, views=shown) for hour, shown in zip(at, views, strict=True)]


A_B_A = three("p", 60, 70, 60)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([[A_B_A[0], A_B_A[2]], [A_B_A[1]]], id="A, A, then B between them"),
        pytest.param([[A_B_A[2]], [A_B_A[0]], [A_B_A[1]]], id="newest first"),
        pytest.param(
            [[capture("p", -9, views=10), capture("p", -6, views=5)], [capture("p", -6, views=10)]],
            id="a moment is reported again and then repeats the one before",
        ),
        pytest.param(
            [[capture("p", -6, views=5), capture("p", -3, views=5)], [capture("p", -6, views=10)]],
            id="a moment is reported again and no longer repeats",
        ),
        pytest.param(
            [
                [capture("p", -9, followers=10), capture("p", -6, followers=5)],
                [capture("q", -6, followers=10)],
            ],
            id="two posts show other followers at one moment",
        ),
    ],
)
def test_the_order_of_two_files_does_not_matter(pieces):
    named = [(f"piece{place}", piece) for place, piece in enumerate(pieces)]
    assert known_in_pieces(named) == known_at_once([row for piece in pieces for row in piece])


# Bad rows, refused files.


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"platform": "youtube"}, "platform|unsupported_platform", id="platform"),
        pytest.param({"account_key": None}, "account_key|nullability", id="no account"),
        pytest.param({"captured_at": hours(99_999)}, "captured_at|in_the_future", id="future"),
    ],
)
def test_a_bad_row_is_set_aside_and_counted(stores, changes, rule):
    found = import_rows(stores, stores.settings.home, [capture(), capture("bad") | changes])
    assert (found.posts, found.files[0].quarantined, found.files[0].reasons) == (1, 1, {rule: 1})


def test_an_odd_value_is_set_aside_and_its_row_imported(stores):
    found = import_rows(stores, stores.settings.home, [capture(), capture("odd", views=-1)])
    assert (found.posts, found.files[0].quarantined, found.files[0].reasons) == (2, 0, {})
    assert found.files[0].odd_values == {"views|min": 1}


def test_a_bad_row_is_kept_in_the_quarantine_once(stores):
    for name in ("one", "two"):
        rows = [capture(), capture("bad", platform="youtube")]
        import_rows(stores, stores.settings.home, rows, name=name)
    quarantine = rows_of(stores, catalog.QUARANTINE)
    assert quarantine["broken_rules"].to_list() == ["platform|unsupported_platform"]


def test_a_refused_file_leaves_nothing_of_its_neighbours(stores, tmp_path):
    good = write_file(tmp_path / "good.parquet", CAPTURES)
    bad = tmp_path / "bad.csv"
    bad.write_text("platform,account_key\ntiktok,ada\n")
    with pytest.raises(InputRefusedError, match="required columns are missing"):
        import_captures(stores, [good, bad], project_id="brand", time_zone="UTC", run_id="r")
    bring_up_to_date(stores)
    assert not any(whole(stores).values())
    assert stores.operations.projects.all() == []


def test_the_report_counts_distinct_posts_and_accounts(stores):
    found = import_rows(stores, stores.settings.home, [*CAPTURES, capture(account_key="bob")])
    assert (found.posts, found.accounts, found.project_was_made) == (5, 2, True)
    assert (found.first_capture, found.last_capture) == (hours(-9), hours(-1))


def test_history_between_two_equal_captures_leaves_what_was_known_after_it(stores, tmp_path):
    allow(stores, "ada")
    for lands, job in ((-30, "first"), (-20, "repeat")):
        derive(at(stores, hours(lands)), [capture("p", lands - 1, views=10)], job=job)
    import_rows(at(stores, NOW), tmp_path, [capture("p", -25, views=20)])
    snapshots = rows_of(stores, catalog.PLATFORM_POST_METRICS).sort("known_at")
    assert snapshots["views"].to_list() == [10, 20, 10]
    assert snapshots["known_at"].to_list() == [hours(-30), hours(-25), hours(-20)]
