"""Versions of the rules: which one decides, shadows, drift, another cadence."""

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError, SettingsError, StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.versions import known_rules, rules_in_force
from layers_pipeline.steps.maintain.drift import derive_drift, drift_at, newest_tick
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.score.scoring import copy_current_eligibility
from layers_pipeline.steps.stores import Stores, open_stores
from tests.worlds.creative_builders import daily, spent
from tests.worlds.data_builders import (
    allow,
    capture,
    derive,
    hours,
    later,
    make_stores,
    remove,
    rows_of,
    score,
)
from tests.worlds.homes import copied

OLD = hours(-24 * 90)
"""Long enough ago that only the boost of ad spend distinguishes the two versions."""
TICK, NEXT = hours(4), hours(8)
CREATIVE = "brand/generated:g"


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    """Three posts, and a creative of 90 days on which 100 dollars were spent."""
    opened = make_stores(tmp_path_factory.mktemp("derived"), now=hours(0))
    allow(opened, "ada")
    derive(opened, [capture(f"p{number}", views=100 + number) for number in range(3)])
    made = NewCreative(
        project_id="brand", container_id="generated:g", kind="generated", created_at=OLD
    )
    opened.operations.creatives.add([made], now=OLD)
    spend(opened, cents=10_000)
    yield later(opened, hours(12))
    opened.operations.close()


@pytest.fixture
def stores(derived, tmp_path):
    with copied(derived, tmp_path / "home") as opened:
        yield opened


def spend(stores: Stores, *, cents: int) -> None:
    """Let an ad of the creative have spent so much on the day before."""
    ad = NewAd(ad_platform="meta", ad_id="ad", ads_content_id=CREATIVE)
    stores.operations.ads.connect([ad], now=OLD)
    day = hours(-24).date()
    rows = daily([spent(cents, day, ad_id="ad", known_at=hours(-12))]).collect()
    stores.lake.insert_absent(
        catalog.AD_DAILY_METRICS, rows.select(catalog.AD_DAILY_METRICS.columns)
    )


def creative_scores(stores: Stores) -> dict[str, float]:
    """The creative's score by version."""
    rows = rows_of(stores, catalog.ORGANIC_SCORES).filter(ads_content_id=CREATIVE)
    return dict(rows.select("scoring_version", "organic_score").iter_rows())


def judged(stores: Stores) -> dict:
    return rows_of(stores, catalog.AD_ELIGIBILITY).filter(ads_content_id=CREATIVE).to_dicts()[-1]


def activate(stores: Stores, version: str) -> None:
    stores.operations.scoring_roles.activate(version, changed_by="ann", now=stores.clock.now())


def shadow(stores: Stores, version: str) -> None:
    stores.operations.scoring_roles.shadow(version, changed_by="ann", now=stores.clock.now())


def test_the_newest_version_decides_until_somebody_chooses(stores):
    assert rules_in_force(stores).versions == ("2",)


def test_who_chooses_a_version_gets_it(stores):
    activate(stores, "1")
    shadow(stores, "2")
    assert rules_in_force(stores).versions == ("1", "2")


def test_a_chosen_version_that_this_package_lacks_is_named(stores):
    activate(stores, "9")
    with pytest.raises(StoreError, match=r"version '9' of the rules was chosen.*only 1, 2"):
        score(stores, [TICK])


def test_an_unknown_version_is_refused_with_those_there_are():
    with pytest.raises(InputRefusedError, match=r"no version '7'.*1, 2"):
        known_rules("7")


def test_each_version_floors_where_it_says(stores):
    score(stores, [TICK])
    activate(stores, "1")
    score(stores, [TICK])
    assert creative_scores(stores) == {"1": 2.0, "2": pytest.approx(5.0)}


def test_another_active_version_scores_everything_on_the_next_tick(stores):
    score(stores, [TICK])
    activate(stores, "1")
    score(stores, [NEXT])
    scores = rows_of(stores, catalog.ORGANIC_SCORES)
    assert set(scores.filter(scored_at=TICK)["scoring_version"]) == {"2"}
    assert set(scores.filter(scored_at=NEXT)["scoring_version"]) == {"1"}
    found = judged(stores)
    assert (found["scoring_version"], found["reason"]) == ("1", "below_threshold")


def test_scoring_a_tick_under_another_version_keeps_the_rows_of_the_first(stores):
    score(stores, [TICK])
    before = rows_of(stores, catalog.ORGANIC_SCORES)
    activate(stores, "1")
    score(stores, [TICK])
    after = rows_of(stores, catalog.ORGANIC_SCORES)
    assert after.filter(scoring_version="2").equals(before)
    assert after.height == 2 * before.height


def test_content_shows_the_newest_score_of_the_active_version(stores):
    bring_up_to_date(stores)
    shadow(stores, "1")
    score(stores, [TICK])
    bring_up_to_date(stores)
    versions = rows_of(stores, catalog.ADS_CONTENT)["scoring_version"]
    assert set(versions) == {"2"}
    activate(stores, "1")
    score(stores, [NEXT])
    bring_up_to_date(stores)
    content = rows_of(stores, catalog.ADS_CONTENT)
    assert set(content["scoring_version"]) == {"1"}
    assert set(content["scored_at"]) == {NEXT}


def test_a_shadow_decides_nothing(stores):
    score(stores, [TICK])
    alone = rows_of(stores, catalog.AD_ELIGIBILITY)
    shadow(stores, "1")
    score(stores, [TICK])
    assert creative_scores(stores) == {"1": 2.0, "2": pytest.approx(5.0)}
    assert rows_of(stores, catalog.AD_ELIGIBILITY).equals(alone)


def test_the_current_eligibility_is_that_of_the_newest_tick(stores):
    score(stores, [TICK, NEXT])
    copy_current_eligibility(stores)
    current = rows_of(stores, catalog.AD_ELIGIBILITY_CURRENT)
    assert current.height == 4
    assert set(current["score_of"]) == {NEXT}


def test_publishing_finds_nothing_half_written_beside_a_shadow(stores):
    shadow(stores, "1")
    score(stores, [TICK])
    version = stores.lake.version(catalog.ORGANIC_SCORES)
    publish(stores)
    assert stores.lake.version(catalog.ORGANIC_SCORES) == version


def test_a_shadow_is_compared_at_every_tick(stores):
    shadow(stores, "1")
    score(stores, [TICK, NEXT])
    assert derive_drift(stores).inserted == 2
    row = rows_of(stores, catalog.SCORE_DRIFT).filter(scored_at=NEXT).to_dicts()[0]
    assert (row["version_before"], row["version_after"], row["project_id"]) == ("2", "1", "brand")
    assert (row["scores"], row["changed"], row["crossed_down"], row["crossed_up"]) == (4, 1, 1, 0)
    assert row["max_change_points"] == pytest.approx(3.0)


def test_comparing_again_adds_nothing(stores):
    shadow(stores, "1")
    score(stores, [TICK])
    derive_drift(stores)
    version = stores.lake.version(catalog.SCORE_DRIFT)
    derive_drift(stores)
    assert stores.lake.version(catalog.SCORE_DRIFT) == version
    score(stores, [NEXT])
    assert derive_drift(stores).inserted == 1


def test_without_a_shadow_there_is_nothing_to_compare(stores):
    score(stores, [TICK])
    assert derive_drift(stores).inserted == 0


def test_a_version_that_never_ran_is_compared_without_a_trace(stores):
    score(stores, [TICK])
    rows = rows_of(stores, catalog.ORGANIC_SCORES)
    found = drift_at(stores, TICK, other=known_rules("1"))
    assert rows_of(stores, catalog.ORGANIC_SCORES).equals(rows)
    shadow(stores, "1")
    score(stores, [TICK])
    derive_drift(stores)
    assert found.equals(rows_of(stores, catalog.SCORE_DRIFT))


def test_the_newest_tick_is_the_last_one_with_scores(stores):
    score(stores, [TICK, NEXT])
    assert newest_tick(stores) == NEXT


def test_without_scores_there_is_no_newest_tick(stores):
    with pytest.raises(NotFoundError, match="nothing was scored yet"):
        newest_tick(stores)


def test_ticks_of_another_cadence_are_refused(stores):
    score(stores, [TICK])
    other = open_stores(
        Settings(home=stores.settings.home, tick_cron="0 */6 * * *", tick_grace_s=0),
        clock=stores.clock,
    )
    with pytest.raises(SettingsError, match=r"LAYERS_TICK_CRON.*'0 \*/4.*'0 \*/6"):
        score(other, [NEXT])
    other.operations.close()
    score(stores, [NEXT])


def test_scoring_begins_with_the_scores_that_counted(tmp_path):
    """A pool that has become too small keeps the scores it had, however they are found."""
    opened = make_stores(tmp_path / "home", now=hours(0))
    allow(opened, "ada", "bob")
    posts = {"p0": "ada", "p1": "ada", "p2": "bob"}
    derive(opened, [capture(post, views=60, account_key=key) for post, key in posts.items()])
    stores = later(opened, hours(12))
    score(stores, [TICK])
    bring_up_to_date(stores)
    stores.operations.allowlist.disallow("brand", ["tiktok:bob"], now=hours(5))
    copy_operations(stores)
    score(stores, [NEXT])
    first = rows_of(stores, catalog.AD_ELIGIBILITY)
    assert set(first.filter(scored_at=NEXT)["score_of"]) == {TICK}
    remove(stores, catalog.ADS_CONTENT)
    score(stores, [NEXT])
    assert rows_of(stores, catalog.AD_ELIGIBILITY).equals(first)
    stores.operations.close()
