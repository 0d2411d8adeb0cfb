"""Column lineage: every table and column that it names is there, and none is left out."""

import pytest

from layers_pipeline.lake import catalog
from transforms.contracts.lineage import LINEAGE

COLUMNS = {table.name: set(table.schema.column_names()) for table in catalog.TABLES}
GIVEN = {
    name
    for name in COLUMNS
    if name.startswith(("raw_", "stg_import__"))
    or name in {"quarantine", "import_files", "account_listings", "ads_readings"}
}
"""What platforms and files give."""
OF_OPERATIONS = {
    "projects",
    "platform_accounts",
    "sync_health",
    "project_allowlist",
    "creatives",
    "safety_reviews",
    "content_overrides",
    "project_ads_content",
    "ad_content",
    "sync_problems",
    "content_approvals",
    "content_rights",
    "ad_sets",
    "layers",
    "ad_accounts",
    "payout_configs",
    "payout_periods",
    "payout_payments",
}
"""What the operational database gives."""


def test_every_table_that_is_derived_has_its_lineage():
    assert set(LINEAGE) == set(COLUMNS) - GIVEN - OF_OPERATIONS


@pytest.mark.parametrize("table", LINEAGE)
def test_every_column_of_a_derived_table_has_its_lineage(table):
    assert set(LINEAGE[table]) == COLUMNS[table]


@pytest.mark.parametrize("table", LINEAGE)
def test_what_a_column_is_made_of_is_there(table):
    upstream = {pair for pairs in LINEAGE[table].values() for pair in pairs}
    assert [pair for pair in upstream if pair[1] not in COLUMNS[pair[0]]] == []


@pytest.mark.parametrize("table", LINEAGE)
def test_a_column_names_its_upstream_once(table):
    assert [pairs for pairs in LINEAGE[table].values() if len(set(pairs)) < len(pairs)] == []


@pytest.mark.parametrize("table", LINEAGE)
def test_a_table_is_not_made_of_itself(table):
    assert table not in {name for pairs in LINEAGE[table].values() for name, _ in pairs}
