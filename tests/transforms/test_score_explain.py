import duckdb
import polars as pl
import pytest

from tests import creative_builders as built
from tests.data_builders import AS_OF, capture
from tests.oracle_creatives import Told
from tests.pools_world import World, last
from transforms.scoring_rules import RULES
from transforms.sql import sql_of

WORLD = World(
    captures=[
        capture(f"p{number}", views=views, likes=likes, account_key="ada")
        for number, (views, likes) in enumerate([(100, 1), (400, 90), (50, 0), (7, 1), (90, 2)])
    ],
    told=Told(
        creatives=[
            built.creative("old", created_at=AS_OF.replace(month=3)),
            built.creative("bad", kind="manual"),
        ],
        reviews=[built.review("manual:bad"), built.review("tiktok:p4")],
        ads=[built.ad(content="brand/generated:old")],
        daily=[built.spent(9_990, AS_OF.date())],
    ),
)


@pytest.fixture(scope="module", params=RULES)
def told(request):
    """What the macro says of a content, over the rows of one tick."""
    answer = last(WORLD, [AS_OF], rules=RULES[request.param])
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("organic_scores", answer.scores)
        connection.register("ad_eligibility", answer.eligibility)
        query = sql_of("macros", "score_explain")

        def explain(content: str) -> list[dict]:
            return connection.sql(query, params={"post": content}).pl().to_dicts()

        yield explain


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("p1", ["quality", "reach", "outperformance", "freshness"]),
        ("brand/tiktok:p0", ["quality", "reach", "outperformance", "freshness"]),
        ("tiktok:p2", ["quality", "reach", "outperformance", "freshness"]),
        ("generated:old", ["start", "decay", "boost"]),
        ("brand/generated:old", ["start", "decay", "boost"]),
    ],
)
def test_a_score_is_explained_by_the_parts_of_its_pool(told, content, parts):
    rows = told(content)
    assert [row["part"] for row in rows] == [*parts, "clamp", "organic score"]
    assert sum(row["points"] for row in rows[:-1]) == pytest.approx(rows[-1]["points"], abs=1e-9)
    assert all(row["words"] for row in rows)


def test_a_creative_is_explained_in_words(told):
    words = {row["part"]: row["words"] for row in told("generated:old")}
    assert words["decay"] == "61.0 days old"
    assert words["boost"] == "99.90 USD of ad spend in 30 days"
    assert words["clamp"].endswith("within 2 to 10")


@pytest.mark.parametrize(
    ("content", "reason", "rows"),
    [
        ("manual:bad", "safety_failed", 5),
        ("p4", "safety_failed", 6),
        ("p3", "below_min_views", 6),
    ],
)
def test_what_has_no_score_of_its_own_says_why_in_every_row(told, content, reason, rows):
    found = pl.DataFrame(told(content))
    assert found["words"].to_list() == [f"not scored: {reason}"] * rows
    assert found["points"].to_list() == [None] * (rows - 1) + [0.0]
