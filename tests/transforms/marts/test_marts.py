"""Marts by themselves: rows given, rows expected; and that their records say what they are.

Belongs here: the cases that lie beside each mart, its lineage, its columns.
Does not belong here: publication (``tests.serving``), figures of a whole deployment.
"""

from pathlib import Path

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from tests.transforms.marts.given_rows import columns_of, given, insert, rows_of
from tools.mart_lineage import read_all
from transforms.sql.models import DAY, ORDER, cases_of, lineage, models

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "transforms/sql/marts"
CASES = [
    pytest.param(model, case, id=f"{model.name}: {case['says']}")
    for model in models()
    for case in cases_of(model.name)
]
MODELS = [pytest.param(model, id=model.name) for model in models()]


def text_of(model, case) -> str:
    """The mart's text for a case, whose moments are written into it."""
    text = model.sql
    for name, kind in (("first_day", "date"), ("last_day", "date"), ("as_of", "timestamptz")):
        text = text.replace(f"${name}", f"{kind} '{case.get(name, '2025-05-14')}'")
    return text


@pytest.mark.parametrize(("model", "case"), CASES)
def test_a_mart_gives_the_rows_that_its_case_expects(model, case):
    names = ", ".join(columns_of(case["expect"]))
    connection = given(model, case)
    connection.execute(f"create table actual as select {names} from ({text_of(model, case)})")
    connection.execute("create table expected as from actual limit 0")
    for row in rows_of(case["expect"]):
        insert(connection, "expected", row)
    actual, expected = (
        connection.sql(f"from {name} order by all").pl() for name in ("actual", "expected")
    )
    assert rounded(actual).rows(named=True) == rounded(expected).rows(named=True)


def rounded(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Float64).round(6))


@pytest.mark.parametrize("model", MODELS)
def test_a_mart_has_the_columns_that_its_record_declares(model):
    described = given(model, {}).sql(f"describe ({text_of(model, {})})").pl()
    actual = dict(
        zip(described["column_name"], described["column_type"].str.to_lowercase(), strict=True)
    )
    assert list(actual.items()) == [(column.name, column.type) for column in model.columns]


@pytest.mark.parametrize("model", MODELS)
def test_a_record_is_whole(model):
    names = [column.name for column in model.columns]
    assert set(model.key) <= set(names)
    assert (model.kind == "by_day") == ("$last_day" in model.sql)
    assert DAY in names or model.kind != "by_day"
    assert model.grain.startswith("Grain: one row per ")
    assert [column.name for column in model.columns if len(column.comment) < 5] == []
    assert model.sql.startswith("-- Grain: one row per ")


@pytest.mark.parametrize("model", MODELS)
def test_a_relation_leads_to_a_column_that_is_there(model):
    found = [column.relation.split(".") for column in model.columns if column.relation]
    assert [one for one in found if one[1] not in catalog.BY_NAME[one[0]].columns] == []


def test_every_mart_has_its_files_and_no_other_lies_beside_them():
    kinds = ("sql", "toml", "tests.toml")
    wanted = {f"{name}.{kind}" for name in ORDER for kind in kinds} | {"lineage.json"}
    assert {path.name for path in FOLDER.iterdir()} == wanted


def test_a_mart_stands_after_those_that_it_is_made_of():
    too_early = [
        (name, dep)
        for place, name in enumerate(ORDER)
        for dep in lineage()[name].deps
        if dep in ORDER[place:]
    ]
    assert too_early == []


def test_the_lineage_is_what_the_sql_says():
    assert (FOLDER / "lineage.json").read_text(encoding="utf-8") == read_all(), (
        "lineage.json is out of date. Make it anew: .venv/bin/python -m tools.mart_lineage"
    )
