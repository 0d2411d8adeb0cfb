"""Checks of marts: each finds the rows that break it, and only those.

Belongs here: every rule, on rows that hold it and rows that do not.
Does not belong here: what the marts say (``test_true_marts``), what Dagster makes of a finding.
"""

from datetime import date

import duckdb
import pytest

from layers_pipeline.serving import mart_checks
from transforms.sql.models import Column, Model

COLUMNS = (
    Column(name="place", type="varchar", comment="Where.", not_null=True),
    Column(name="day_on", type="date", comment="When.", not_null=True),
    Column(name="word", type="varchar", comment="Which.", words=("yes", "no")),
    Column(name="project_id", type="varchar", comment="Whose.", relation="projects.project_id"),
)
GOOD = [("a", "2025-05-01", "yes", "brand"), ("a", "2025-05-02", None, None)]


def model(kind="table", checked="true") -> Model:
    return Model(
        name="told",
        kind=kind,
        grain="Grain: one row per place and day.",
        key=("place", "day_on"),
        columns=COLUMNS,
        checked=checked,
    )


@pytest.fixture
def file(tmp_path):
    """A file with a mart of these rows."""

    def made(*rows):
        path = tmp_path / "layers.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("create table projects as select 'brand' as project_id")
            columns = ", ".join(f"{column.name} {column.type}" for column in COLUMNS)
            connection.execute(f"create table told ({columns})")
            connection.executemany("insert into told values (?, ?, ?, ?)", [*GOOD, *rows])
        return path

    return made


def broken(path, of: Model, *, days=()) -> dict[str, dict[str, int]]:
    findings = mart_checks.findings(path, [(of, days)], {})[of.name]
    found = {finding.rule: finding.breaches for finding in findings}
    assert list(found) == ["unique", "not_null", "accepted_values", "relations"]
    return {rule: breaches for rule, breaches in found.items() if breaches}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(("b", "2025-05-01", "no", "brand"), {}, id="all holds"),
        pytest.param(GOOD[0], {"unique": {"place, day_on": 1}}, id="the key again"),
        pytest.param((None, "2025-05-01", "no", "brand"), {"not_null": {"place": 1}}, id="null"),
        pytest.param(
            ("b", "2025-05-01", "perhaps", "brand"), {"accepted_values": {"word": 1}}, id="a word"
        ),
        pytest.param(
            ("b", "2025-05-01", "no", "nobody"), {"relations": {"project_id": 1}}, id="no parent"
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_counted(file, row, expected):
    assert broken(file(row), model()) == expected


def test_of_a_mart_divided_by_days_only_those_made_anew_are_looked_at(file):
    path = file((None, "2025-05-03", "no", "brand"))
    made = {day: broken(path, model("by_day"), days=[date(2025, 5, day)]) for day in (2, 3)}
    assert made == {2: {}, 3: {"not_null": {"place": 1}}}
    assert broken(path, model("by_day")) == {}


def test_a_mart_may_leave_rows_out_of_its_checks(file):
    path = file((None, "2025-05-03", "no", "brand"))
    assert broken(path, model(checked="day_on < date '2025-05-03'")) == {}
