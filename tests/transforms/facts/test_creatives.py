import polars as pl
import pytest

from tests.worlds.creative_builders import ad, ads, creative, creatives, daily, spent
from tests.worlds.data_builders import AS_OF, hours
from transforms.contracts.posts import ContentContainers
from transforms.contracts.scoring import AdsContent, CreativeMembers
from transforms.facts.creatives import (
    ads_content_of_creatives,
    containers_of_creatives,
    creative_members,
)
from transforms.facts.spend import trailing_spend


def members_of(*made, rows=(), shown=()):
    spend = trailing_spend(daily(rows), ads(shown), as_of=AS_OF, days=30)
    return creative_members(creatives(made), spend, as_of=AS_OF).collect()


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        pytest.param({"created_at": hours(0)}, 1, id="made at the tick"),
        pytest.param({"created_at": hours(1)}, 0, id="made later"),
        pytest.param({"known_at": hours(1)}, 0, id="made before, known later"),
    ],
)
def test_creatives_made_and_known_by_the_tick_are_in_a_pool(changes, there):
    assert members_of(creative(**changes)).height == there


@pytest.mark.parametrize("kind", ["generated", "manual"])
def test_a_creative_is_in_the_pool_of_its_kind(kind):
    row = members_of(creative(kind=kind)).row(0, named=True)
    assert (row["scoring_pool"], row["ads_content_id"]) == (kind, f"brand/{kind}:c")


def test_a_creative_has_what_its_ads_spent():
    rows = [spent(143, AS_OF.date())]
    assert members_of(creative(), rows=rows, shown=[ad()])["spend_30d_usd"].to_list() == [1.43]


def test_a_creative_without_known_spend_has_spent_nothing():
    assert members_of(creative())["spend_30d_usd"].to_list() == [0.0]


def test_one_creative_may_be_in_two_projects():
    found = members_of(creative(), creative(project_id="other"))
    ids = found["ads_content_id"].sort().to_list()
    assert ids == ["brand/generated:c", "other/generated:c"]


def test_members_keep_their_contract():
    found = members_of(creative(), creative("m", kind="manual"))
    assert CreativeMembers.is_valid(found.select(CreativeMembers.column_names()))


def test_a_creative_calls_for_a_container_and_for_ads_content_in_each_project():
    made = creatives([creative(), creative(project_id="other")]).with_columns(bucket=pl.lit(1))
    containers = containers_of_creatives(made).collect()
    content = ads_content_of_creatives(made).collect()
    assert (containers.height, content.height) == (1, 2)
    for rows, schema in ((containers, ContentContainers), (content, AdsContent)):
        typed = rows.select(schema.column_names()).with_columns(pl.col("bucket").cast(pl.Int64))
        assert schema.is_valid(typed)
