import math
from collections import defaultdict
from statistics import mean

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.creative_builders import creative_member, scored_creatives
from tests.worlds.data_builders import AS_OF
from transforms.contracts.drift import ScoreDrift
from transforms.scoring.drift import score_drift
from transforms.scoring.rules import RULES


def scores(values, *, project="brand"):
    """Score rows of one version; a score of None is one by rule, of 0."""
    rows = [
        {
            "project_id": project,
            "scoring_pool": "ugc",
            "ads_content_id": f"{project}/{name}",
            "organic_score": 0.0 if value is None else float(value),
            "unscored_reason": "below_min_views" if value is None else None,
        }
        for name, value in values.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"unscored_reason": pl.String}, strict=False).lazy()


def drift(before, after):
    return score_drift(before, after, threshold=4.0).collect()


def drift_of(before, after):
    """The drift between the scores of two lists, content by content."""
    named = [dict(enumerate(values)) for values in (before, after)]
    return drift(*map(scores, named)).row(0, named=True)


def test_nothing_changes_between_a_version_and_itself():
    row = drift_of([1, 5, 9], [1, 5, 9])
    counts = ("scores", "changed", "crossed_up", "crossed_down", "only_before", "only_after")
    assert [row[name] for name in counts] == [3, 0, 0, 0, 0, 0]
    assert (row["mean_change_points"], row["max_change_points"]) == (None, None)
    assert row["rank_correlation"] == 1.0


def test_changes_are_counted_and_measured():
    row = drift_of([1, 5, 9, 3], [1, 6, 6, 3 + 1e-12])
    assert row["changed"] == 2
    assert (row["mean_change_points"], row["max_change_points"]) == (2.0, 3.0)


@pytest.mark.parametrize(
    ("before", "after", "crossed"),
    [
        pytest.param(3.9, 4.0, (1, 0), id="up to the threshold"),
        pytest.param(4.0, 3.9, (0, 1), id="down from the threshold"),
        pytest.param(4.0, 9.0, (0, 0), id="above it all the time"),
        pytest.param(0.0, 3.9, (0, 0), id="below it all the time"),
        pytest.param(None, 5.0, (1, 0), id="scored by the other version only"),
    ],
)
def test_scores_that_cross_the_threshold_are_counted_by_direction(before, after, crossed):
    row = drift_of([before], [after])
    assert (row["crossed_up"], row["crossed_down"]) == crossed


@pytest.mark.parametrize(
    ("before", "after", "correlation"),
    [
        pytest.param([1, 2, 3], [2, 4, 9], 1.0, id="same order"),
        pytest.param([1, 2, 3], [9, 4, 2], -1.0, id="reversed"),
        pytest.param([1, 2, 3, 4], [2, 1, 4, 3], 0.6, id="two neighbours swapped"),
        pytest.param([1, 1, 2, 3], [1, 2, 3, 3], 8 / 9, id="ties share their mean rank"),
        pytest.param([1, 2], [1, 2], None, id="fewer than three"),
        pytest.param([1, 2, None], [1, 2, 3], None, id="fewer than three scored by both"),
        pytest.param([1, 1, 1], [1, 2, 3], None, id="no order in one version"),
    ],
)
def test_ranks_are_compared_by_spearmans_correlation(before, after, correlation):
    found = drift_of(before, after)["rank_correlation"]
    assert found == (correlation if correlation is None else pytest.approx(correlation))


def test_content_that_only_one_version_scores_is_counted_apart():
    row = drift(scores({"a": 5, "b": 5}), scores({"b": 5, "c": 3, "d": 3})).row(0, named=True)
    assert (row["scores"], row["only_before"], row["only_after"]) == (1, 1, 2)
    assert (row["changed"], row["crossed_up"], row["crossed_down"]) == (0, 0, 0)


def test_a_project_is_compared_by_itself():
    both = [pl.concat([scores({"a": 1}), scores({"a": 1 + n}, project="other")]) for n in (0, 4)]
    rows = drift(*both).sort("project_id")
    assert rows.select("project_id", "changed").rows() == [("brand", 0), ("other", 1)]


def test_the_described_version_lifts_old_content_with_spend_over_the_threshold():
    pool = [creative_member(f"c{age}", age_days=age, spend_usd=100) for age in (0, 20, 40, 60)]
    before, after = (scored_creatives(pool, rules=RULES[name]).lazy() for name in "12")
    row = drift(before, after).row(0, named=True)
    names = ("scores", "changed", "crossed_up", "crossed_down", "max_change_points")
    assert [row[name] for name in names] == [4, 2, 2, 0, pytest.approx(3.0)]


PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(["brand", "other"]), st.integers(0, 9)),
    st.tuples(*[st.none() | st.integers(0, 20).map(lambda half: half / 2)] * 2),
    min_size=1,
    max_size=12,
)


def mean_ranks(values):
    return [mean(i for i, one in enumerate(sorted(values)) if one == value) for value in values]


def pearson(one, other):
    off = [[value - mean(values) for value in values] for values in (one, other)]
    size = math.sqrt(sum(v * v for v in off[0]) * sum(v * v for v in off[1]))
    return sum(a * b for a, b in zip(*off, strict=True)) / size if size > 1e-12 else None


def expected(pairs):
    """The drift of each project in plain Python."""
    projects = defaultdict(list)
    for (project, _), pair in pairs.items():
        projects[project].append(pair)
    found = {}
    for project, rows in projects.items():
        changes = [abs((b or 0) - (a or 0)) for a, b in rows if (a or 0) != (b or 0)]
        both = [(a, b) for a, b in rows if a is not None and b is not None]
        ranks = [mean_ranks(values) for values in zip(*both, strict=True)]
        found[project] = {
            "scores": len(rows),
            "changed": len(changes),
            "mean_change_points": mean(changes) if changes else None,
            "max_change_points": max(changes, default=None),
            "crossed_up": sum((a or 0) < 4 <= (b or 0) for a, b in rows),
            "crossed_down": sum((b or 0) < 4 <= (a or 0) for a, b in rows),
            "rank_correlation": pearson(*ranks) if len(both) >= 3 else None,
        }
    return found


def as_scores(pairs, side):
    frames = [
        scores(
            {name: pair[side] for (of, name), pair in pairs.items() if of == project},
            project=project,
        )
        for project in sorted({project for project, _ in pairs})
    ]
    return pl.concat(frames)


@given(pairs=PAIRS)
def test_the_report_agrees_with_plain_python(pairs):
    rows = drift(as_scores(pairs, 0), as_scores(pairs, 1))
    actual = rows.with_columns(
        scored_at=pl.lit(AS_OF), version_before=pl.lit("2"), version_after=pl.lit("1")
    )
    assert ScoreDrift.is_valid(actual.select(ScoreDrift.column_names()))
    report = {row["project_id"]: row for row in rows.iter_rows(named=True)}
    for project, row in expected(pairs).items():
        actual = {name: report[project][name] for name in row}
        assert actual == pytest.approx(row, abs=1e-9)


@given(pairs=PAIRS, seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(pairs, seed):
    before, after = as_scores(pairs, 0), as_scores(pairs, 1)
    shuffled = before.collect().sample(fraction=1, shuffle=True, seed=seed).lazy()
    assert drift(shuffled, after).equals(drift(before, after))
