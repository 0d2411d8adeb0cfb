"""The catalogue: what its records say must fit together, for every list is made from them."""

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import IN_ORDER, bring_up_to_date
from tests.worlds.data_builders import make_stores

TABLES = pytest.mark.parametrize("table", catalog.ALL, ids=lambda table: table.name)
OUTSIDE = {"scrape_jobs"}
"""Assets that are no table of the lake."""
NOT_DERIVED = {"raw", "scoring", "selection", "audit", "creators", "payouts"}
"""Raw landings, and what steps of their own make, each after the door."""
BY_IMPORTS = {"stg_import__captures", "stg_import__ad_metrics"}


@TABLES
def test_what_a_table_is_made_from_is_there(table):
    assert set(table.deps) <= set(catalog.BY_NAME) | OUTSIDE
    assert set(table.remembers) <= {stored.name for stored in catalog.TABLES}


@TABLES
def test_a_parent_has_the_columns_that_name_it(table):
    for parent in table.parents:
        assert set(parent.key) <= set(table.columns) & set(catalog.BY_NAME[parent.table].columns)


@TABLES
def test_a_partition_by_which_a_merge_prunes_divides_the_table(table):
    assert set(table.prune_by) <= set(table.partition_by) <= set(table.columns)


@TABLES
def test_rows_are_shown_in_a_query_of_the_file_or_under_their_own_name(table):
    assert not table.shown_in or catalog.BY_NAME[table.shown_in] in catalog.QUERIES
    assert table.is_stored or table.published == "no"


def test_every_name_is_given_once():
    assert len(catalog.BY_NAME) == len(catalog.ALL)


def test_tables_stand_after_those_that_they_are_made_from_but_for_scores():
    names = [table.name for table in catalog.ALL]
    late = {
        (table.name, name)
        for table in catalog.ALL
        for name in table.deps
        if name in names and names.index(name) > names.index(table.name)
    }
    assert late == {
        ("ads_content", "organic_scores"),
        ("platform_accounts", "raw_sift__posts"),
        ("platform_accounts", "account_listings"),
    }


def test_the_door_names_every_table_that_is_derived(tmp_path):
    stores = make_stores(tmp_path / "home")
    written = bring_up_to_date(stores)
    stores.operations.close()
    derived = {
        table.name
        for table in catalog.TABLES
        if table.group not in NOT_DERIVED and not table.per_tick
    }
    assert set(written) == derived - BY_IMPORTS
    assert len(IN_ORDER) == len(set(IN_ORDER))
